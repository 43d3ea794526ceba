"""
Augment pictures at random, in batches on the device (JAX).

The changes, their order and their distributions are those of `training.data.augmentation`, which
changes one picture at a time with NumPy and OpenCV.  The same seed gives different pictures.
Values are float32.  After each change, the values are whole numbers from 0 to 255, as in uint8
pictures.
"""

from __future__ import annotations

from functools import lru_cache
import math
from typing import Any

import jax
from jax import numpy as jnp
import numpy as np

from training.data.augmentation import Augmentation
from training.data.augmentation import DARKEST
from training.data.augmentation import ERASE_ASPECT
from training.data.augmentation import GLASSES
from training.data.augmentation import HAND
from training.data.augmentation import MASK
from training.data.augmentation import NOISIEST
from training.data.augmentation import QUALITIES
from training.data.augmentation import SMALLEST
from training.learning.on_device.jpeg import compressed

# Small matrix products use float32, because TensorFloat-32 has errors of a gray level.
_EXACT = jax.lax.Precision.HIGHEST

# Number of entries of the quantile table for the mixup shares.
_QUANTILES = 4097


def change(images: Any, augmentation: Augmentation, side: int, key: Any) -> Any:
    """
    Augment pictures at random, and resize them.

    :param images: (N, H, W) uint8 gray pictures.
    :param augmentation: ranges of the augmentation.
    :param side: side of the result, in pixels.
    :param key: JAX key of the random numbers.
    :return: (N, side, side) float32, whole numbers from 0 to 255.
    """
    numbers_key, noise_key, erase_key = jax.random.split(key, 3)
    drawn = Drawn(numbers_key, len(images))
    x = warped(images, placements(images.shape[1:], augmentation, side, drawn), side)
    x = _lit(x, augmentation, drawn)
    if augmentation.shading:
        x = _shaded(x, augmentation.shading, drawn)
    if augmentation.occlusion_probability:
        x = _occluded(x, augmentation.occlusion_probability, drawn)
    if augmentation.degrade_probability:
        x = _degraded(x, augmentation.degrade_probability, drawn, noise_key)
    if augmentation.erase_probability:
        x = _erased(x, augmentation, drawn, erase_key)
    return x


class Drawn:
    """
    Uniform random numbers for all pictures of a batch, drawn at once.

    Separate draws would each take XLA a second to compile, and each run a GPU kernel of its own.
    """

    # Upper bound of the random numbers that all changes together need per picture.
    _COLUMNS = 40

    def __init__(self, key: Any, count: int) -> None:
        """
        Draw the random numbers.

        :param key: JAX key of the random numbers.
        :param count: number of pictures.
        """
        self.count = count
        self._columns = iter(jax.random.uniform(key, (self._COLUMNS, count), jnp.float32))

    def uniform(self, low: float = 0.0, high: float = 1.0) -> Any:
        """Return a number for each picture: (N,) float32, from low to below high."""
        return low + next(self._columns) * (high - low)

    def integers(self, low: int, high: int) -> Any:
        """Return a whole number for each picture: (N,) float32, from low to below high."""
        return jnp.minimum(jnp.floor(self.uniform(low, high)), high - 1)


def mix_partners_and_shares(count: int, alpha: float, key: Any) -> tuple[Any, Any]:
    """
    Draw the partner and the share of each picture for mixup.

    The order of the batch is random, so all partners can have the same random distance in the
    batch.

    :param count: number of pictures in the batch.
    :param alpha: parameter of the Beta distribution of the share, above 0.
    :param key: JAX key of the random numbers.
    :return: (count,) int32, index of the partner of each picture; (count,) float32, share of the
        picture itself, at least 0.5.
    """
    drawn = jax.random.uniform(key, (count + 1,), jnp.float32)
    distance = jnp.floor(drawn[0] * count).astype(jnp.int32)
    partner = (jnp.arange(count, dtype=jnp.int32) + distance) % count
    share = jnp.interp(drawn[1:], jnp.linspace(0, 1, _QUANTILES), _beta_quantiles(alpha))
    return partner, jnp.maximum(share, 1 - share)


@lru_cache
def _beta_quantiles(alpha: float) -> np.ndarray:
    """Return the quantiles of Beta(alpha, alpha); JAX's own sampler needs a loop on the device."""
    from scipy.special import betaincinv

    return betaincinv(alpha, alpha, np.linspace(0, 1, _QUANTILES)).astype(np.float32)


def _whole(x: Any) -> Any:
    """Round and clip to the values of a uint8 picture."""
    return jnp.clip(jnp.rint(x), 0, 255)


def _wide(x: Any) -> Any:
    """Add two axes to an array of one number per picture."""
    return x[:, None, None]


def placements(shape: tuple[int, int], augmentation: Augmentation, side: int, drawn: Drawn) -> Any:
    """
    Draw the random transform of each picture.

    :param shape: (H, W) of the pictures.
    :param augmentation: ranges of the augmentation.
    :param side: side of the target, in pixels.
    :param drawn: random numbers of the pictures.
    :return: (N, 3, 3) float32, maps source to target pixels, as for `cv2.warpPerspective`.
    """
    height, width = shape
    angle = math.radians(augmentation.rotation_deg) * drawn.uniform(-1)
    size = (1 + augmentation.scale) ** drawn.uniform(-1)
    shear = augmentation.shear * drawn.uniform(-1)
    shift = [augmentation.shift * side * drawn.uniform(-1) for _ in range(2)]
    is_mirrored = drawn.uniform() < (0.5 if augmentation.flip else 0.0)
    mirror = jnp.where(is_mirrored, -1.0, 1.0)
    cos, sin = jnp.cos(angle), jnp.sin(angle)
    columns, rows = side / width, side / height
    a, c = mirror * size * cos * columns, mirror * size * sin * columns
    b = size * (shear * cos - sin) * rows
    d = size * (shear * sin + cos) * rows
    # Map the centre of the source to the centre of the target, plus the shift.  For the
    # perspective,
    # the origin stays at the centre of the target until the last step.
    x0, y0, middle = (width - 1) / 2, (height - 1) / 2, (side - 1) / 2
    first = jnp.stack([a, b, shift[0] - a * x0 - b * y0], axis=1)
    second = jnp.stack([c, d, shift[1] - c * x0 - d * y0], axis=1)
    third = jnp.broadcast_to(jnp.array([0.0, 0.0, 1.0], jnp.float32), (drawn.count, 3))
    if augmentation.perspective:
        for row in (first, second):
            tilt = augmentation.perspective / side * drawn.uniform(-1)
            third = third + tilt[:, None] * row
    return jnp.stack([first + middle * third, second + middle * third, third], axis=1)


def warped(images: Any, matrices: Any, side: int) -> Any:
    """
    Transform pictures with bilinear interpolation; outside a picture its border is repeated.

    :param images: (N, H, W), uint8 or float32.
    :param matrices: (N, 3, 3) float32, map source to target pixels.
    :param side: side of the target, in pixels.
    :return: (N, side, side) float32, whole numbers.
    """
    count, height, width = images.shape
    back = _inverse(matrices)
    place = jnp.arange(side, dtype=jnp.float32)
    x, y = jnp.tile(place, side)[None], jnp.repeat(place, side)[None]
    from_x, from_y, scale = (
        back[:, row, 0, None] * x + back[:, row, 1, None] * y + back[:, row, 2, None]
        for row in range(3)
    )
    from_x, from_y = from_x / scale, from_y / scale
    left, top = jnp.floor(from_x), jnp.floor(from_y)
    right_share, low_share = from_x - left, from_y - top
    flat = images.reshape(count, -1)

    def pixels(row: Any, column: Any) -> Any:
        row = jnp.clip(row, 0, height - 1).astype(jnp.int32)
        column = jnp.clip(column, 0, width - 1).astype(jnp.int32)
        return jnp.take_along_axis(flat, row * width + column, axis=1).astype(jnp.float32)

    upper = pixels(top, left) * (1 - right_share) + pixels(top, left + 1) * right_share
    lower = pixels(top + 1, left) * (1 - right_share) + pixels(top + 1, left + 1) * right_share
    return _whole(upper * (1 - low_share) + lower * low_share).reshape(count, side, side)


def _inverse(matrices: Any) -> Any:
    """Compute the adjugate of (N, 3, 3) matrices: the inverse up to a factor, which cancels."""
    m = [[matrices[:, row, column] for column in range(3)] for row in range(3)]

    def minor(row: int, column: int) -> Any:
        # Cyclic indices include the sign of the cofactor.
        r, s = (row + 1) % 3, (row + 2) % 3
        c, d = (column + 1) % 3, (column + 2) % 3
        return m[r][c] * m[s][d] - m[r][d] * m[s][c]

    return jnp.stack(
        [jnp.stack([minor(row, column) for row in range(3)], axis=1) for column in range(3)], 1
    )


def _lit(x: Any, augmentation: Augmentation, drawn: Drawn) -> Any:
    """Change brightness and contrast."""
    offset = 255 * augmentation.brightness * drawn.uniform(-1)
    factor = 1 + augmentation.contrast * drawn.uniform(-1)
    gain = drawn.uniform(*augmentation.brightness_factor)
    return _whole(x * _wide(factor * gain) + _wide(127.5 * (1 - factor) * gain + offset))


def _shaded(x: Any, shading: float, drawn: Drawn) -> Any:
    """Add a brightness gradient in a random direction."""
    side = x.shape[1]
    angle = drawn.uniform(0, 2 * math.pi)
    amount = drawn.uniform(0, shading)
    from_middle = (jnp.arange(side) - (side - 1) / 2) / (side / 2)
    across = _wide(jnp.cos(angle)) * from_middle
    down = _wide(jnp.sin(angle)) * from_middle[:, None]
    return _whole(x * (1 + _wide(amount) * jnp.clip(across + down, -1, 1)))


def _occluded(x: Any, probability: float, drawn: Drawn) -> Any:
    """Cover the eyes, the lower face or an ellipse of some pictures with a gray level."""
    covered = drawn.uniform() < probability
    kind, gray = drawn.integers(0, 3), drawn.integers(0, 256)
    form = jnp.stack([drawn.uniform() for _ in range(5)], axis=1)
    inside = occluders(kind, form, x.shape[1])
    return jnp.where(inside & _wide(covered), _wide(gray), x)


def occluders(kind: Any, drawn: Any, side: int) -> Any:
    """
    Compute the masks of occluding objects.

    :param kind: (N,), 0 for dark glasses, 1 for a mask, 2 for a hand.
    :param drawn: (N, 5) float32, random numbers from 0 to 1 for the positions and shapes.
    :param side: side of the pictures, in pixels.
    :return: (N, side, side) bool, True where a picture is covered.
    """
    place = (jnp.arange(side, dtype=jnp.float32) + 0.5) / side
    x, y = place[None, None, :], place[None, :, None]

    def between(bounds: tuple[float, float], column: int) -> Any:
        return _wide(bounds[0] + drawn[:, column] * (bounds[1] - bounds[0]))

    glasses = abs(y - between(GLASSES['middle'], 0)) < between(GLASSES['height'], 1) / 2
    glasses = glasses & (abs(x - 0.5) < 0.5 - between(GLASSES['margin'], 2))
    mask = (y > between(MASK['top'], 0)) & (abs(x - 0.5) < 0.5 - between(MASK['margin'], 1))
    radius, aspect = between(HAND['radius'], 2), between(HAND['aspect'], 3)
    cos, sin = jnp.cos(math.pi * _wide(drawn[:, 4])), jnp.sin(math.pi * _wide(drawn[:, 4]))
    right, down = x - _wide(drawn[:, 0]), y - _wide(drawn[:, 1])
    along, across = cos * right + sin * down, cos * down - sin * right
    hand = along**2 + (aspect * across) ** 2 < radius**2
    kind = _wide(kind)
    return jnp.where(kind == 0, glasses, jnp.where(kind == 1, mask, hand))


def _degraded(x: Any, probability: float, drawn: Drawn, key: Any) -> Any:
    """Degrade some pictures like a poor camera: low resolution, low light, noise and JPEG."""
    chosen = drawn.uniform() < probability
    small, dark, noisy, poor = (_wide((drawn.uniform() < 0.5) & chosen) for _ in range(4))
    shrink = jnp.exp(drawn.uniform(0, math.log(SMALLEST)))
    low = jnp.maximum(1, jnp.rint(x.shape[1] / shrink)).astype(jnp.int32)
    x = jnp.where(small, shrunk(x, low), x)
    light = jnp.exp(drawn.uniform(math.log(DARKEST), 0))
    x = jnp.where(dark, _whole(x * _wide(light)), x)
    deviation = drawn.uniform(0, NOISIEST)
    noise = jax.random.normal(key, x.shape, jnp.float32) * _wide(deviation)
    x = jnp.where(noisy, _whole(x + noise), x)
    return jnp.where(poor, compressed(x, drawn.integers(*QUALITIES)), x)


def shrunk(x: Any, low: Any) -> Any:
    """
    Shrink pictures by area averaging, and enlarge them again by bilinear interpolation.

    :param x: (N, side, side) float32 gray pictures.
    :param low: (N,) int32, side of the shrunk picture.
    :return: (N, side, side) float32, whole numbers.
    """
    side = x.shape[1]
    down, up = (jnp.asarray(table)[low] for table in _resizing(side))
    small = _whole(jnp.einsum('nij,njk,nlk->nil', down, x, down, precision=_EXACT))
    return _whole(jnp.einsum('nij,njk,nlk->nil', up, small, up, precision=_EXACT))


@lru_cache
def _resizing(side: int) -> tuple[np.ndarray, np.ndarray]:
    """
    Compute the matrices that resize a row of pixels, for all sides of the shrunk picture.

    :return: two (side + 1, side, side) float32 arrays, indexed by the side of the shrunk picture:
        to
        shrink by area averaging like OpenCV's `INTER_AREA`, and to enlarge like `INTER_LINEAR`.
    """
    down = np.zeros((side + 1, side, side), np.float32)
    up = np.zeros((side + 1, side, side), np.float32)
    places = np.arange(side)
    for low in range(1, side + 1):
        size = side / low
        for row in range(low):
            begin, end = row * size, (row + 1) * size
            overlap = np.minimum(places + 1, end) - np.maximum(places, begin)
            down[low, row] = np.maximum(overlap, 0) / size
        place = np.clip((places + 0.5) / size - 0.5, 0, low - 1)
        first = np.floor(place).astype(int)
        second = np.minimum(first + 1, low - 1)
        np.add.at(up[low], (places, first), 1 - (place - first))
        np.add.at(up[low], (places, second), place - first)
    return down, up


def _erased(x: Any, augmentation: Augmentation, drawn: Drawn, key: Any) -> Any:
    """Replace a rectangle of some pictures with noise."""
    side = x.shape[1]
    chosen = drawn.uniform() < augmentation.erase_probability
    area = drawn.uniform(*augmentation.erase_area) * side**2
    aspect = jnp.exp(drawn.uniform(-1) * math.log(ERASE_ASPECT))
    height = jnp.clip(jnp.rint(jnp.sqrt(area * aspect)), 1, side)
    width = jnp.clip(jnp.rint(jnp.sqrt(area / aspect)), 1, side)
    top = jnp.floor(drawn.uniform() * (side - height + 1))
    left = jnp.floor(drawn.uniform() * (side - width + 1))
    place = jnp.arange(side, dtype=jnp.float32)
    rows = (place >= top[:, None]) & (place < (top + height)[:, None])
    columns = (place >= left[:, None]) & (place < (left + width)[:, None])
    inside = rows[:, :, None] & columns[:, None, :] & _wide(chosen)
    noise = jnp.floor(jax.random.uniform(key, x.shape, jnp.float32, 0, 256))
    return jnp.where(inside, noise, x)
