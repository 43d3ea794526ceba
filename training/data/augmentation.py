"""
Random augmentation of pictures: position, rotation, lighting, occlusion and degradation.

The augmentation uses NumPy and OpenCV only, so that all engines of Keras train on the same
pictures.  The random numbers come from a generator argument, so that a seed reproduces them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from fer_ros.perception.settings import setting
from training.data.declared import check_declared


@dataclass(frozen=True)
class Augmentation:
    """
    Ranges of the augmentation.

    Each change is drawn uniformly up to its bound, in both directions.  The metadata of each field
    describe it.

    :raises ValueError: if a value is out of range.
    """

    flip: bool = setting(True, 'Mirror each picture with a probability of 1/2.')
    vertical_flip: bool = setting(
        False, 'Turn each picture upside down with a probability of 1/2.'
    )
    shift: float = setting(0.1, 'Maximum shift, as a fraction of the side.', (0.0, 0.5))
    scale: float = setting(
        0.15, 'Maximum scaling s: the factor is log-uniform from 1 / (1 + s) to 1 + s.', (0.0, 1.0)
    )
    rotation_deg: float = setting(12.0, 'Maximum rotation [deg].', (0.0, 180.0))
    shear: float = setting(0.0, 'Maximum shear: horizontal shift per height.', (0.0, 1.0))
    # `shear_range` of Keras's ImageDataGenerator.
    shear_deg: float = setting(
        0.0, 'Maximum vertical shear as an angle, as in Keras [deg].', (0.0, 80.0)
    )
    perspective: float = setting(
        0.0,
        'Maximum perspective p, as of a turned head or a tilted camera: between opposite edges, '
        'the scale changes from 1 / (1 - p / 2) to 1 / (1 + p / 2).',
        (0.0, 0.8),
    )
    brightness: float = setting(
        0.15, 'Maximum value added to all pixels, as a fraction of the value range.', (0.0, 1.0)
    )
    brightness_factor: tuple[float, float] = setting(
        (1.0, 1.0), 'Minimum and maximum factor of all pixel values; above 0, at most 10.'
    )
    contrast: float = setting(
        0.25,
        'Maximum contrast change c: the factor around middle gray is from 1 - c to 1 + c.',
        (0.0, 1.0),
    )
    shading: float = setting(
        0.0,
        'Maximum strength s of light from one side: the factor rises from 1 - s to 1 + s across '
        'the picture, in a random direction.',
        (0.0, 1.0),
    )
    occlusion_probability: float = setting(
        0.0,
        'Probability that a uniform gray covers the eyes (dark glasses), the lower face (a mask) '
        'or a random ellipse (a hand).',
        (0.0, 1.0),
    )
    # Random erasing: Zhong et al. 2017, arXiv:1708.04896.
    erase_probability: float = setting(
        0.25,
        'Probability of random erasing: a rectangle of noise covers a part of the picture.',
        (0.0, 1.0),
    )
    erase_area: tuple[float, float] = setting(
        (0.02, 0.15), 'Minimum and maximum area of that rectangle, as fractions of the picture.'
    )
    degrade_probability: float = setting(
        0.0,
        'Probability of a degradation as by a poor camera: small, blurred, dark, noisy or '
        'compressed.',
        (0.0, 1.0),
    )
    # Mixup: Zhang et al. 2017, arXiv:1710.09412.
    mixup: float = setting(
        0.2,
        'Parameter of the Beta distribution for the weight of the second picture in mixup; 0: no '
        'mixup.',
        (0.0, 10.0),
    )

    def __post_init__(self) -> None:
        check_declared(self)
        low, high = self.brightness_factor
        if not 0 < low <= high <= 10:
            raise ValueError(
                f'brightness_factor is {self.brightness_factor}, but must be (lowest, highest), '
                'above 0 and at most 10'
            )
        low, high = self.erase_area
        if not 0 < low <= high < 1:
            raise ValueError(
                f'erase_area is {self.erase_area}, but must be (smallest, largest), below 1'
            )


# No change, for recipes that train on the original pictures.
NO_AUGMENTATION = Augmentation(
    flip=False,
    shift=0,
    scale=0,
    rotation_deg=0,
    brightness=0,
    contrast=0,
    erase_probability=0,
    mixup=0,
)

# Limits of degradation: reduction of the side by a factor of 3; 15 % of the light; standard
# deviation of the noise in gray levels; range of the JPEG quality.
SMALLEST = 3.0
DARKEST = 0.15
NOISIEST = 20.0
QUALITIES = (15, 75)

# Largest aspect ratio of the rectangle of random erasing, as in its paper.
ERASE_ASPECT = 3.3

# Lower and upper bounds of the occluders, as fractions of the side.  The eyes are 0.39 from the
# top, as in `fer_ros.perception.crops.alignment.FER2013_CROP`.
GLASSES = {'middle': (0.36, 0.44), 'height': (0.1, 0.22), 'margin': (0.0, 0.2)}
MASK = {'top': (0.52, 0.7), 'margin': (0.0, 0.25)}
HAND = {'radius': (0.12, 0.32), 'aspect': (1.0, 2.5)}


def augment(
    images: np.ndarray, augmentation: Augmentation, side: int, generator: np.random.Generator
) -> np.ndarray:
    """
    Augment pictures at random, and resize them.

    All geometric changes together need a single interpolation.  Outside a picture its border
    pixels are repeated, as in `fer_ros.perception.crops.alignment`.

    :param images: (N, H, W) uint8 gray pictures.
    :param augmentation: ranges of the augmentation.
    :param side: side of the result, in pixels.
    :param generator: generator of the random numbers.
    :return: (N, side, side) uint8 gray pictures.
    """
    count = len(images)
    matrices = _placements(images.shape[1:], augmentation, side, count, generator)
    offsets = 255 * augmentation.brightness * generator.uniform(-1, 1, count)
    factors = 1 + augmentation.contrast * generator.uniform(-1, 1, count)
    gains = generator.uniform(*augmentation.brightness_factor, count)
    result = np.empty((count, side, side), np.uint8)
    warp = cv2.warpAffine
    if augmentation.perspective:
        warp = cv2.warpPerspective
        matrices = _tilted(matrices, augmentation.perspective, side, generator)
    for index, image in enumerate(images):
        result[index] = warp(
            image,
            matrices[index],
            (side, side),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
    is_lit = augmentation.brightness_factor != (1.0, 1.0)
    if augmentation.brightness or augmentation.contrast or is_lit:
        _light(result, factors * gains, 127.5 * (1 - factors) * gains + offsets)
    if augmentation.shading:
        _shade(result, augmentation.shading, generator)
    if augmentation.occlusion_probability:
        _occlude(result, augmentation.occlusion_probability, generator)
    if augmentation.degrade_probability:
        _degrade(result, augmentation.degrade_probability, generator)
    _erase(result, augmentation, generator)
    return result


def _light(images: np.ndarray, slopes: np.ndarray, intercepts: np.ndarray) -> None:
    """
    Apply a linear function to the values of each picture, in place, and clip the result.

    :param images: (N, side, side) uint8 gray pictures.
    :param slopes: (N,) float64 slope for each picture.
    :param intercepts: (N,) float64 intercept for each picture.
    """
    # A lookup table of 256 entries per picture takes a tenth of the time of arithmetic on all
    # pixels.
    lines = np.arange(256) * slopes[:, None] + intercepts[:, None]
    tables = np.clip(np.rint(lines), 0, 255).astype(np.uint8)
    for image, table in zip(images, tables, strict=True):
        cv2.LUT(image, table, image)


def _placements(
    shape: tuple[int, int],
    augmentation: Augmentation,
    side: int,
    count: int,
    generator: np.random.Generator,
) -> np.ndarray:
    """
    Draw the random affine transform of each picture.

    :return: (count, 2, 3) float64, maps source to target pixels, as for `cv2.warpAffine`.
    """
    height, width = shape
    angle = np.deg2rad(augmentation.rotation_deg) * generator.uniform(-1, 1, count)
    size = (1 + augmentation.scale) ** generator.uniform(-1, 1, count)
    shear = augmentation.shear * generator.uniform(-1, 1, count)
    shift = augmentation.shift * side * generator.uniform(-1, 1, (count, 2))
    mirror = np.where(generator.uniform(size=count) < 0.5, -1.0, 1.0) if augmentation.flip else 1.0

    turn = np.empty((count, 2, 2))
    turn[:, 0, 0], turn[:, 0, 1] = np.cos(angle), -np.sin(angle)
    turn[:, 1, 0], turn[:, 1, 1] = np.sin(angle), np.cos(angle)
    turn[:, :, 1] += shear[:, None] * turn[:, :, 0]
    turn *= size[:, None, None]
    turn[:, :, 0] *= np.broadcast_to(mirror, count)[:, None]
    if augmentation.vertical_flip:
        turn[:, :, 1] *= np.where(generator.uniform(size=count) < 0.5, -1.0, 1.0)[:, None]
    if augmentation.shear_deg:
        # The inverse of Keras's matrix, which maps target to source (row, column).
        lean = np.deg2rad(augmentation.shear_deg) * generator.uniform(-1, 1, count)
        turn[:, 1] += np.tan(lean)[:, None] * turn[:, 0]
        turn[:, 0] /= np.cos(lean)[:, None]
    turn = turn * (side / np.array([width, height]))
    # Map the centre of the source to the centre of the target, plus the shift.  In OpenCV, the
    # pixel
    # coordinates (0, 0) are the centre of the first pixel.
    source_middle = (np.array([width, height]) - 1) / 2
    target_middle = (side - 1) / 2
    matrices = np.empty((count, 2, 3))
    matrices[:, :, :2] = turn
    matrices[:, :, 2] = target_middle + shift - turn @ source_middle
    return matrices


def _tilted(
    matrices: np.ndarray, perspective: float, side: int, generator: np.random.Generator
) -> np.ndarray:
    """
    Add a random perspective about the centre of the target to affine transforms.

    :param matrices: (N, 2, 3) float64, as `_placements` returns them.
    :param perspective: largest perspective, as in `Augmentation`.
    :return: (N, 3, 3) float64, as for `cv2.warpPerspective`.
    """
    count, middle = len(matrices), (side - 1) / 2
    tilt = perspective * generator.uniform(-1, 1, (count, 2)) / side
    # The perspective is applied with the centre of the target as the origin.
    placed = np.zeros((count, 3, 3))
    placed[:, :2], placed[:, 2, 2] = matrices, 1
    placed[:, :2, 2] -= middle
    placed[:, 2] += np.einsum('ni,nij->nj', tilt, placed[:, :2])
    placed[:, :2] += middle * placed[:, 2:]
    return placed


def _shade(images: np.ndarray, shading: float, generator: np.random.Generator) -> None:
    """
    Add a brightness gradient in a random direction, in place.

    :param images: (N, side, side) uint8 gray pictures.
    :param shading: largest relative change of the brightness at an edge.
    """
    count, side = images.shape[:2]
    angle = generator.uniform(0, 2 * np.pi, count)
    amount = shading * generator.uniform(size=(count,))
    from_middle = (np.arange(side) - (side - 1) / 2) / (side / 2)
    across = np.cos(angle)[:, None, None] * from_middle
    down = np.sin(angle)[:, None, None] * from_middle[:, None]
    lit = images * (1 + amount[:, None, None] * np.clip(across + down, -1, 1))
    images[:] = np.clip(np.rint(lit), 0, 255)


def _occlude(images: np.ndarray, probability: float, generator: np.random.Generator) -> None:
    """
    Cover the eyes, the lower face or an ellipse of some pictures with a gray level, in place.

    :param images: (N, side, side) uint8 gray pictures.
    :param probability: probability that a picture is covered.
    """
    count, side = images.shape[:2]
    covered = generator.uniform(size=count) < probability
    kind = generator.integers(0, 3, (count,))
    gray = generator.integers(0, 256, (count,))
    drawn = generator.uniform(size=(count, 5))
    y, x = np.mgrid[:side, :side] / side + 0.5 / side
    for index in np.flatnonzero(covered):
        inside = _occluder(kind[index], drawn[index], x, y)
        images[index][inside] = gray[index]


def _occluder(kind: int, drawn: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """
    Compute the mask of an occluding object.

    :param kind: 0 for dark glasses, 1 for a mask, 2 for a hand.
    :param drawn: (5,) float64, random numbers from 0 to 1 for its position and shape.
    :param x: horizontal position of each pixel, as a fraction of the side.
    :param y: vertical position of each pixel, as a fraction of the side.
    :return: bool array of the shape of x, True where the picture is covered.
    """

    def between(bounds: tuple[float, float], fraction: float) -> float:
        return bounds[0] + fraction * (bounds[1] - bounds[0])

    if kind == 0:
        middle, height = between(GLASSES['middle'], drawn[0]), between(GLASSES['height'], drawn[1])
        margin = between(GLASSES['margin'], drawn[2])
        return (abs(y - middle) < height / 2) & (abs(x - 0.5) < 0.5 - margin)
    if kind == 1:
        top, margin = between(MASK['top'], drawn[0]), between(MASK['margin'], drawn[1])
        return (y > top) & (abs(x - 0.5) < 0.5 - margin)
    radius, aspect = between(HAND['radius'], drawn[2]), between(HAND['aspect'], drawn[3])
    angle = np.pi * drawn[4]
    along = np.cos(angle) * (x - drawn[0]) + np.sin(angle) * (y - drawn[1])
    across = np.cos(angle) * (y - drawn[1]) - np.sin(angle) * (x - drawn[0])
    return along**2 + (aspect * across) ** 2 < radius**2


def _degrade(images: np.ndarray, probability: float, generator: np.random.Generator) -> None:
    """
    Degrade some pictures like a poor camera, in place.

    :param images: (N, side, side) uint8 gray pictures.
    :param probability: probability that a picture is degraded.
    :param generator: generator of the random numbers.
    """
    count, side = images.shape[:2]
    chosen = generator.uniform(size=count) < probability
    happens = generator.uniform(size=(count, 4)) < 0.5
    shrink: np.ndarray = np.exp(generator.uniform(0, np.log(SMALLEST), count))
    light: np.ndarray = np.exp(generator.uniform(np.log(DARKEST), 0, count))
    deviation = generator.uniform(0, NOISIEST, (count,))
    quality = generator.integers(*QUALITIES, (count,))
    for index in np.flatnonzero(chosen):
        image = images[index]
        small, dark, noisy, compressed = happens[index]
        if small:
            low = max(1, round(side / shrink[index]))
            image = cv2.resize(image, (low, low), interpolation=cv2.INTER_AREA)
            image = cv2.resize(image, (side, side), interpolation=cv2.INTER_LINEAR)
        if dark:
            image = cv2.convertScaleAbs(image, alpha=light[index])
        if noisy:
            noise = generator.normal(0, deviation[index], (side, side))
            image = np.clip(np.rint(image + noise), 0, 255).astype(np.uint8)
        if compressed:
            options = [cv2.IMWRITE_JPEG_QUALITY, int(quality[index])]
            _, written = cv2.imencode('.jpg', image, options)
            image = cv2.imdecode(written, cv2.IMREAD_GRAYSCALE)
        images[index] = image


def _erase(images: np.ndarray, augmentation: Augmentation, generator: np.random.Generator) -> None:
    """
    Replace a rectangle of some pictures with noise, in place.

    :param images: (N, side, side) uint8 gray pictures.
    """
    count, side = images.shape[:2]
    chosen = generator.uniform(size=count) < augmentation.erase_probability
    area = generator.uniform(*augmentation.erase_area, count) * side**2
    aspect = np.exp(generator.uniform(-1, 1, count) * np.log(ERASE_ASPECT))
    heights = np.clip(np.rint(np.sqrt(area * aspect)), 1, side).astype(int)
    widths = np.clip(np.rint(np.sqrt(area / aspect)), 1, side).astype(int)
    corner = generator.uniform(size=(count, 2))
    for index in np.flatnonzero(chosen):
        height, width = heights[index], widths[index]
        top = int(corner[index, 0] * (side - height + 1))
        left = int(corner[index, 1] * (side - width + 1))
        covered = images[index, top:, left:][:height, :width]
        covered[:] = generator.integers(0, 256, (height, width), np.uint8)


def resize(images: np.ndarray, side: int) -> np.ndarray:
    """
    Resize pictures by bilinear interpolation.

    :param images: (N, H, W) uint8 gray pictures.
    :param side: side of the result, in pixels.
    :return: (N, side, side) uint8; the same array if it already has that size.
    """
    if images.shape[1:] == (side, side):
        return images
    return np.stack(
        [cv2.resize(image, (side, side), interpolation=cv2.INTER_LINEAR) for image in images]
    )


def mix(
    inputs: np.ndarray,
    targets: dict[str, np.ndarray],
    alpha: float,
    generator: np.random.Generator,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """
    Mix each picture of a batch and its targets with another picture of the batch: mixup.

    :param inputs: (N, H, W, C) float32 pictures, as the network reads them.
    :param targets: (N, labels) float32, keyed by head.
    :param alpha: parameter of the Beta distribution of the share; 0 mixes nothing.
    :param generator: generator of the random numbers.
    :return: mixed inputs and targets, of the same shapes and types.
    """
    if not alpha:
        return inputs, targets
    count = len(inputs)
    share = generator.beta(alpha, alpha, count).astype(np.float32)
    # The picture itself always has the larger share, so that each epoch contains every picture.
    share = np.maximum(share, 1 - share)
    other = generator.permutation(count)
    return lay_over(inputs, targets, other, share)


def lay_over(
    inputs: Any, targets: Mapping[str, Any], other: Any, share: Any
) -> tuple[Any, dict[str, Any]]:
    """
    Mix each picture of a batch and its targets with another picture, with given shares.

    :param inputs: (N, H, W, C) float32; all arrays are NumPy arrays, or all are JAX arrays.
    :param targets: (N, labels) float32, keyed by head.
    :param other: (N,) int, index of the second picture for each picture.
    :param share: (N,) float32, share of the picture itself.
    :return: mixed inputs and targets, of the same shapes and types.
    """
    wide, narrow = share[:, None, None, None], share[:, None]
    return wide * inputs + (1 - wide) * inputs[other], {
        head: narrow * target + (1 - narrow) * target[other] for head, target in targets.items()
    }
