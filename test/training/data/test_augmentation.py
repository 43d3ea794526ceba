from dataclasses import replace

import numpy as np
import pytest

from training.data.augmentation import _placements
from training.data.augmentation import augment
from training.data.augmentation import Augmentation
from training.data.augmentation import mix
from training.data.augmentation import NO_AUGMENTATION
from training.data.augmentation import resize

EVERYTHING = Augmentation(shear=0.1, erase_probability=0.5, degrade_probability=0.5)


def pictures(count=8, side=48):
    return np.random.default_rng(1).integers(0, 256, (count, side, side), np.uint8)


def changed(images, augmentation, seed=0, side=48):
    return augment(images, augmentation, side, np.random.default_rng(seed))


@pytest.mark.parametrize('side', [32, 48, 64])
def test_the_result_has_the_side_that_is_asked_for(side):
    result = changed(pictures(), EVERYTHING, side=side)

    assert result.shape == (8, side, side)
    assert result.dtype == np.uint8


def test_a_seed_tells_all_changes():
    assert np.array_equal(changed(pictures(), EVERYTHING), changed(pictures(), EVERYTHING))
    assert not np.array_equal(changed(pictures(), EVERYTHING), changed(pictures(), EVERYTHING, 1))


def test_nothing_changes_where_nothing_is_asked_for():
    assert np.array_equal(changed(pictures(), NO_AUGMENTATION), pictures())


def test_the_pictures_that_come_in_stay_as_they_are():
    images = pictures()

    changed(images, EVERYTHING)

    assert np.array_equal(images, pictures())


def test_a_flip_mirrors_some_pictures_and_only_that():
    result = changed(pictures(64), replace(NO_AUGMENTATION, flip=True))

    mirrored = [np.array_equal(a, b[:, ::-1]) for a, b in zip(result, pictures(64), strict=True)]
    same = [np.array_equal(a, b) for a, b in zip(result, pictures(64), strict=True)]
    assert all(a != b for a, b in zip(mirrored, same, strict=True))
    assert 16 < sum(mirrored) < 48


def test_a_shift_stays_in_its_bounds():
    dot = np.zeros((200, 49, 49), np.uint8)
    dot[:, 24, 24] = 255

    result = changed(dot, replace(NO_AUGMENTATION, shift=0.2), side=49)

    rows, columns = np.indices((49, 49))
    weight = result / result.sum(axis=(1, 2), keepdims=True)
    moved = np.stack([(weight * rows).sum((1, 2)) - 24, (weight * columns).sum((1, 2)) - 24])
    assert np.abs(moved).max() <= 0.2 * 49 + 0.1
    assert np.abs(moved).max() > 0.15 * 49


def test_a_rotation_keeps_the_middle_and_its_bound():
    line = np.zeros((100, 49, 49), np.uint8)
    line[:, 24, 24:] = 255

    result = changed(line, replace(NO_AUGMENTATION, rotation_deg=30), side=49)

    assert (result[:, 24, 24] > 200).all()
    # The far end of the line is rotated by -30 to 30 degrees.
    rows = result[:, :, 44].argmax(axis=1) - 24
    angles = np.degrees(np.arctan2(rows, 20))
    assert np.abs(angles).max() <= 32
    assert np.abs(angles).max() > 20


@pytest.mark.parametrize('value', [0, 128, 255])
def test_light_stays_in_its_bounds(value):
    flat = np.full((100, 8, 8), value, np.uint8)

    result = changed(flat, replace(NO_AUGMENTATION, brightness=0.2, contrast=0.3), side=8)

    furthest = 0.2 * 255 + 0.3 * abs(value - 127.5) + 1
    assert np.abs(result.astype(int) - value).max() <= furthest
    assert result.std() > 5


def test_erasing_covers_as_much_as_it_may():
    flat = np.zeros((200, 48, 48), np.uint8)
    augmentation = replace(NO_AUGMENTATION, erase_probability=0.5, erase_area=(0.1, 0.2))

    covered = (changed(flat, augmentation) > 0).mean(axis=(1, 2))

    assert 60 < (covered > 0).sum() < 140
    assert covered.max() <= 0.22
    assert covered[covered > 0].min() >= 0.08


def test_a_mixture_keeps_the_sum_of_the_targets_and_the_larger_share():
    inputs = np.arange(16, dtype=np.float32).reshape(16, 1, 1, 1) * np.ones((1, 4, 4, 1), 'f4')
    target = np.eye(16, dtype=np.float32)

    mixed, targets = mix(inputs, {'fer2013': target}, 1.0, np.random.default_rng(0))

    np.testing.assert_allclose(targets['fer2013'].sum(axis=1), 1, rtol=1e-6)
    assert (np.diag(targets['fer2013']) >= 0.5).all()
    # An image and its target are mixed with the same other sample in the same proportion.
    np.testing.assert_allclose(mixed[:, 0, 0, 0], targets['fer2013'] @ np.arange(16), rtol=1e-5)


def test_no_mixture_leaves_the_batch_alone():
    inputs, targets = np.ones((2, 4, 4, 1), np.float32), {'fer2013': np.eye(2, dtype=np.float32)}

    assert mix(inputs, targets, 0.0, np.random.default_rng(0)) == (inputs, targets)


def test_resizing_to_the_same_side_changes_nothing():
    assert resize(pictures(), 48) is not None
    assert np.array_equal(resize(pictures(), 48), pictures())
    assert resize(pictures(), 32).shape == (8, 32, 32)


@pytest.mark.parametrize(
    ('name', 'value'),
    [('shift', 0.6), ('rotation_deg', -1), ('erase_probability', 1.5), ('erase_area', (0.3, 0.2))],
)
def test_a_bound_that_makes_no_sense_is_refused(name, value):
    with pytest.raises(ValueError, match=name):
        replace(EVERYTHING, **{name: value})


def test_a_poor_camera_changes_some_pictures_and_none_beyond_recognition():
    images = np.full((400, 48, 48), 60, np.uint8)
    images[:, 12:36, 12:36] = 200

    result = changed(images, replace(NO_AUGMENTATION, degrade_probability=0.5))

    untouched = [np.array_equal(one, images[0]) for one in result]
    # Half of the images are chosen. Each of four degradations is applied to half of these.
    assert 0.45 < np.mean(untouched) < 0.62
    bright = result[:, 18:30, 18:30].mean(axis=(1, 2))
    dark = result[:, :6, :6].mean(axis=(1, 2))
    assert (bright > dark + 5).all()
    assert bright.min() < 80 < bright.max()


def test_a_tilt_enlarges_one_edge_and_keeps_the_middle():
    checks = np.kron(np.indices((12, 12)).sum(axis=0) % 2, np.ones((4, 4))) * 255
    images = np.repeat(checks[None].astype(np.uint8), 50, axis=0)

    tilted = changed(images, replace(NO_AUGMENTATION, perspective=0.6))

    assert all((one != checks).mean() > 0.05 for one in tilted)
    # The centre of the image must not move.
    inner = np.abs(tilted[:, 23:25, 23:25].astype(float) - checks[23:25, 23:25])
    assert np.median(inner) < 64


def test_light_from_one_side_keeps_the_mean():
    images = np.full((200, 32, 32), 100, np.uint8)

    lit = changed(images, replace(NO_AUGMENTATION, shading=0.5), side=32).astype(float)

    assert lit.mean() == pytest.approx(100, abs=1)
    assert lit.min() >= 50
    assert lit.max() <= 150
    # The brightness of opposite edges differs by up to twice the setting, and differs between
    # images.
    across = np.abs(lit[:, :, -1].mean(axis=1) - lit[:, :, 0].mean(axis=1))
    assert 10 < across.mean() < 60
    assert len({round(value, 3) for value in lit[:, 0, 0]}) > 50


def test_one_gray_covers_eyes_mouth_or_a_place_anywhere():
    generator = np.random.default_rng(2)
    images = np.repeat(generator.integers(0, 256, (1, 48, 48), np.uint8), 600, axis=0)
    settings = replace(NO_AUGMENTATION, occlusion_probability=0.5)

    covered = augment(images, settings, 48, np.random.default_rng(3))

    changed = covered != images
    share = changed.any(axis=(1, 2)).mean()
    assert share == pytest.approx(0.5, abs=0.07)
    for picture, where in zip(covered, changed, strict=True):
        if where.any():
            assert len(np.unique(picture[where])) == 1
    # Each third of the height is sometimes covered: the eyes, the centre and the mouth.
    rows = changed.any(axis=2).mean(axis=0)
    assert rows[18] > 0.1
    assert rows[40] > 0.1
    assert rows[2] > 0.005


def test_what_is_not_asked_for_draws_nothing():
    images = np.random.default_rng(4).integers(0, 256, (20, 48, 48), np.uint8)
    plain = Augmentation()

    one, other = (
        augment(images, replace(plain, **more), 48, np.random.default_rng(5))
        for more in ({}, {'perspective': 0.0, 'shading': 0.0, 'occlusion_probability': 0.0})
    )

    np.testing.assert_array_equal(one, other)


def test_a_vertical_flip_turns_half_of_the_pictures_upside_down():
    image = np.zeros((8, 8), np.uint8)
    image[:4] = 200
    turned = augment(
        np.repeat(image[None], 200, axis=0),
        replace(NO_AUGMENTATION, vertical_flip=True),
        8,
        np.random.default_rng(0),
    )

    upside_down = (turned == image[::-1]).all(axis=(1, 2))
    assert ((turned == image).all(axis=(1, 2)) | upside_down).all()
    assert 70 < upside_down.sum() < 130


def test_a_shear_in_degrees_is_that_of_keras():
    matrices = _placements(
        (48, 48), replace(NO_AUGMENTATION, shear_deg=30.0), 48, 50, np.random.default_rng(0)
    )

    back = np.linalg.inv(matrices[:, :, :2])
    # Keras maps target to source, (row, column): [[1, -sin], [0, cos]].
    lean = np.arcsin(-back[:, 1, 0])
    assert np.allclose(back[:, 0], np.stack([np.cos(lean), 0 * lean], axis=1), atol=1e-9)
    assert np.allclose(back[:, 1, 1], 1)
    assert 20 < np.rad2deg(abs(lean)).max() <= 30
