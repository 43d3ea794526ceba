import numpy as np
import pytest

from training.evaluation.degradations import darkened
from training.evaluation.degradations import DEGRADATIONS
from training.evaluation.degradations import noisy
from training.evaluation.degradations import shrunk
from training.evaluation.degradations import turned
from training.evaluation.degradations import with_dark_glasses
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

    # Against the clock: what was on the left is below.
    assert found[0, 40, 24] == 0
    assert found[0, 8, 24] == 128
