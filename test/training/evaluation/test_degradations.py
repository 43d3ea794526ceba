import numpy as np
import pytest

from training.evaluation.degradations import blurred_by_motion
from training.evaluation.degradations import compressed
from training.evaluation.degradations import darkened
from training.evaluation.degradations import DEGRADATIONS
from training.evaluation.degradations import degraded_in_turn
from training.evaluation.degradations import EYE_DEVIATION
from training.evaluation.degradations import lit_from_a_side
from training.evaluation.degradations import noisy
from training.evaluation.degradations import shrunk
from training.evaluation.degradations import tilted
from training.evaluation.degradations import turned
from training.evaluation.degradations import with_dark_glasses
from training.evaluation.degradations import with_displaced_eyes
from training.evaluation.degradations import with_hand
from training.evaluation.degradations import with_mask

GRAY = np.full((2, 48, 48), 128, np.uint8)


@pytest.mark.parametrize('name', DEGRADATIONS)
def test_pictures_keep_form_and_type_and_the_given_ones_stay_as_they_are(made_up, name):
    images = made_up(7).images
    before = images.copy()

    found = DEGRADATIONS[name](images)

    assert found.shape == images.shape
    assert found.dtype == np.uint8
    assert (images == before).all()
    assert (found != images).any()


def test_the_eyes_are_covered_and_the_mouth_is_not():
    found = with_dark_glasses(GRAY)

    assert (found[:, 19, [15, 33]] < 50).all()
    assert (found[:, 30:] == 128).all()


def test_the_mouth_is_covered_and_the_eyes_are_not():
    found = with_mask(GRAY)

    assert (found[:, 36, 24] != 128).all()
    assert (found[:, :26] == 128).all()


def test_light_and_detail_are_lost_as_told():
    checks = np.indices((48, 48)).sum(axis=0)[None] % 2 * np.uint8(200)

    assert darkened(checks, 0.25).max() == 50
    assert np.ptp(shrunk(checks.astype(np.uint8), 24)) == 0
    assert noisy(GRAY, 20).std() == pytest.approx(20, rel=0.1)
    assert (noisy(GRAY, 20) == noisy(GRAY, 20)).all()


def test_a_head_is_turned_about_the_middle():
    left_dark = GRAY.copy()
    left_dark[:, :, :24] = 0

    found = turned(left_dark, 90)

    # The rotation is counter-clockwise: the left side is now at the bottom.
    assert found[0, 40, 24] == 0
    assert found[0, 8, 24] == 128


def bars(vertical):
    """Create two images with a bright bar on each side, 16 pixels away from the centre."""
    image = np.zeros((48, 48), np.uint8)
    image[:, [8, 39]] = 200
    return np.stack([image if vertical else image.T] * 2)


def middles_of_bars(profile):
    """Return the mean position of each bar along a row or column, in pixels from the centre."""
    halves = profile[:24].astype(float), profile[24:].astype(float)
    places = np.arange(24) + 0.5
    return (halves[0] @ (24 - places)) / halves[0].sum(), (halves[1] @ places) / halves[1].sum()


@pytest.mark.parametrize('vertical', [True, False])
def test_a_tilted_face_is_narrower_in_one_direction_and_nearer_on_one_side(vertical):
    found = tilted(bars(vertical), yaw=40) if vertical else tilted(bars(vertical), pitch=40)

    sides = []
    for image in found:
        one, other = middles_of_bars(image[24] if vertical else image[:, 24])
        # A bar at 15.5 pixels moves to about 12 pixels, and less on the farther side.
        assert 9 < min(one, other) < max(one, other) < 15
        assert (one + other) / 2 == pytest.approx(15.5 * np.cos(np.deg2rad(40)), abs=0.7)
        sides.append(one > other)
    # Every second image is turned to the other side.
    assert sides[0] != sides[1]


def test_a_head_that_is_not_tilted_stays_as_it_is():
    assert (tilted(bars(True)) == bars(True)).all()


def test_the_worse_the_quality_the_more_of_the_picture_is_lost():
    noise = np.random.default_rng(0).integers(0, 256, (4, 48, 48)).astype(np.uint8)

    lost = [np.abs(compressed(noise, (q, q)).astype(int) - noise).mean() for q in (15, 90)]

    assert lost[0] > 2 * lost[1] > 0


def test_a_hand_covers_about_a_quarter_and_differs_from_picture_to_picture():
    images = np.full((100, 48, 48), 128, np.uint8)
    images[:, ::2] = 127

    covered = (with_hand(images) != images).mean(axis=(1, 2))

    assert covered.mean() == pytest.approx(0.25, abs=0.05)
    assert 0.1 < covered.min() < covered.max() < 0.4


def test_motion_smears_a_point_along_a_line():
    point = np.zeros((20, 48, 48), np.uint8)
    point[:, 24, 24] = 240

    found = blurred_by_motion(point, 1 / 6)

    for image in found:
        y, x = np.nonzero(image)
        assert 5 <= max(np.ptp(x), np.ptp(y)) + 1 <= 8
        assert len(x) <= 15


def test_light_from_a_side_changes_evenly_from_its_least_to_its_most():
    found = lit_from_a_side(np.full((50, 48, 48), 100, np.uint8), (0.2, 1.2)).astype(int)

    assert found.min() >= 20
    assert found.max() <= 120
    # The direction of the light differs between images, so the mean image is even.
    assert np.ptp(found.mean(axis=0)) < 50
    assert np.ptp(found, axis=(1, 2)).min() > 60


def test_displaced_eyes_move_a_face_by_as_much_as_detectors_are_wrong():
    point = np.zeros((400, 48, 48), np.uint8)
    # A point between the eyes.
    point[:, 18:20, 23:25] = 255

    found = with_displaced_eyes(point).astype(float)

    rows = found.sum(axis=2) @ np.arange(48) / found.sum(axis=(1, 2))
    distance = 0.378 * 48
    # Deviation of the midpoint of two eyes whose errors have a correlation of 0.5.
    expected = EYE_DEVIATION * distance * np.sqrt(0.75)
    assert rows.std() == pytest.approx(expected, rel=0.15)


@pytest.mark.parametrize('count', [4, 33])
def test_every_picture_is_degraded_once_by_turns(made_up, count):
    images = made_up(count).images

    found = degraded_in_turn(images)

    for turn, degrade in enumerate(DEGRADATIONS.values()):
        mine = slice(turn, None, len(DEGRADATIONS))
        if turn < count:
            assert (found[mine] == degrade(images[mine])).all()
