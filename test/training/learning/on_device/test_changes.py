"""Test that augmentation on the device equals augmentation with NumPy and OpenCV."""

import cv2
import numpy as np
import pytest

from training.data.augmentation import _occluder
from training.data.augmentation import _placements
from training.data.augmentation import _tilted
from training.data.augmentation import augment
from training.data.augmentation import Augmentation
from training.data.augmentation import mix

jax = pytest.importorskip('jax')
changes = pytest.importorskip('training.learning.on_device.changes')
jpeg = pytest.importorskip('training.learning.on_device.jpeg')

COUNT = 60
EVERYTHING = Augmentation(
    rotation_deg=20,
    shear=0.1,
    perspective=0.3,
    brightness_factor=(0.8, 1.2),
    shading=0.5,
    occlusion_probability=0.3,
    erase_probability=0.4,
    degrade_probability=0.5,
)


@pytest.fixture(scope='module')
def images():
    """Return smooth images over the whole range of gray levels."""
    generator = np.random.default_rng(0)
    noise = generator.integers(0, 256, (COUNT, 48, 48)).astype(np.uint8)
    smooth = [cv2.GaussianBlur(picture, (0, 0), 2) for picture in noise]
    return np.stack([cv2.normalize(one, None, 0, 255, cv2.NORM_MINMAX) for one in smooth])


def differences(expected, found):
    return np.abs(np.stack(expected).astype(float) - np.asarray(found))


def test_pictures_are_moved_as_opencv_moves_them(images):
    generator = np.random.default_rng(1)
    placed = _placements((48, 48), EVERYTHING, 40, COUNT, generator)
    matrices = _tilted(placed, 0.5, 40, generator)
    border = {'flags': cv2.INTER_LINEAR, 'borderMode': cv2.BORDER_REPLICATE}
    expected = [
        cv2.warpPerspective(image, matrix, (40, 40), **border)
        for image, matrix in zip(images, matrices, strict=True)
    ]

    found = changes.warped(images, matrices.astype(np.float32), 40)

    assert differences(expected, found).mean() < 0.3
    assert differences(expected, found).max() <= 3


def test_pictures_are_shrunk_as_opencv_shrinks_them(images):
    low = np.random.default_rng(2).integers(16, 49, COUNT)
    expected = [
        cv2.resize(cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA), (48, 48))
        for image, side in zip(images, low, strict=True)
    ]

    found = changes.shrunk(images.astype(np.float32), low)

    assert differences(expected, found).mean() < 0.3
    assert differences(expected, found).max() <= 3


@pytest.mark.parametrize('side', [48, 44])
def test_pictures_are_compressed_as_libjpeg_compresses_them(images, side):
    images = images[:, :side, :side]
    quality = np.random.default_rng(3).integers(15, 75, COUNT)
    written = [
        cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, int(one)])[1]
        for image, one in zip(images, quality, strict=True)
    ]
    expected = [cv2.imdecode(file, cv2.IMREAD_GRAYSCALE) for file in written]

    found = jpeg.compressed(images.astype(np.float32), quality.astype(np.float32))

    # A coefficient halfway between two quantisation steps may be rounded up or down.
    assert differences(expected, found).mean() < 0.3
    assert differences(expected, images).mean() > 2


def test_occluders_cover_the_same_places():
    generator = np.random.default_rng(4)
    kind, drawn = generator.integers(0, 3, COUNT), generator.uniform(size=(COUNT, 5))
    y, x = np.mgrid[:48, :48] / 48 + 0.5 / 48

    found = np.asarray(changes.occluders(kind, drawn.astype(np.float32), 48))

    expected = [_occluder(one, form, x, y) for one, form in zip(kind, drawn, strict=True)]
    assert (np.stack(expected) != found).mean() < 1e-3
    assert all(found[kind == one].any() for one in range(3))


def moments(pictures):
    pictures = np.asarray(pictures, float)
    return {
        'mean': pictures.mean(),
        'deviation': pictures.std(),
        'of means': pictures.mean((1, 2)).std(),
        'within': pictures.std((1, 2)).mean(),
        'edges': np.abs(np.diff(pictures, axis=2)).mean(),
        'black': 255 * (pictures == 0).mean(),
        'white': 255 * (pictures == 255).mean(),
    }


@pytest.mark.parametrize(
    'augmentation', [Augmentation(), EVERYTHING], ids=['default', 'everything']
)
def test_both_ways_have_the_same_distribution(images, augmentation):
    many = images[np.arange(2400) % COUNT]
    expected = augment(many, augmentation, 48, np.random.default_rng(5))

    found = jax.jit(lambda given, key: changes.change(given, augmentation, 48, key))(
        many, jax.random.key(5)
    )

    there, here = moments(expected), moments(found)
    for name, value in there.items():
        assert here[name] == pytest.approx(value, rel=0.04, abs=0.4), name
    assert np.array_equal(found, np.rint(found))
    # The means are compared at each pixel, not only over all pixels.
    assert np.abs(np.mean(found, axis=0) - expected.mean(axis=0)).mean() < 3


def test_nothing_changes_where_nothing_is_asked_for(images):
    still = Augmentation(
        flip=False, shift=0, scale=0, rotation_deg=0, brightness=0, contrast=0, erase_probability=0
    )

    found = changes.change(images, still, 48, jax.random.key(0))

    np.testing.assert_array_equal(found, images)


def test_mixup_draws_from_the_same_distribution():
    generator = np.random.default_rng(6)
    inputs = np.eye(400, dtype=np.float32)[:, :, None, None]
    mixed, _ = mix(inputs, {}, 0.2, generator)
    expected = np.sort(np.max(mixed, axis=1).ravel())

    shares = []
    for seed in range(5):
        partner, share = changes.mix_partners_and_shares(80, 0.2, jax.random.key(seed))
        assert sorted(np.asarray(partner)) == list(range(80))
        shares.append(np.asarray(share))

    found = np.sort(np.concatenate(shares))
    assert found.min() >= 0.5
    assert np.abs(expected - found).mean() < 0.03
