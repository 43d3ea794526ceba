import numpy as np
import pytest

from benchmark.behaviour.masking import mask_alone
from benchmark.behaviour.masking import MOST_RECOGNISED
from benchmark.behaviour.masking import PORTRAITS
from benchmark.behaviour.reidentification import canvas_of
from benchmark.behaviour.reidentification import chance
from benchmark.behaviour.reidentification import FEATURES
from benchmark.behaviour.reidentification import PLACE
from benchmark.behaviour.reidentification import Portraits
from benchmark.behaviour.reidentification import rank_1
from benchmark.behaviour.reidentification import read_portraits
from benchmark.behaviour.reidentification import share_recognised
from fer_ros.perception.detection.choice import create_detector
from fer_ros.perception.masking.regions import COLOUR
from photographs import data_path


def test_the_nearest_of_the_others_decides():
    people = np.array([1, 1, 2, 2, 3])
    vectors = np.eye(5, dtype=np.float32)
    vectors[1] = vectors[0] + 0.1
    vectors[3] = vectors[4] + 0.1

    # The third picture is equally similar to two others, one of which shows the same person. The
    # last person has no other picture.
    assert rank_1(vectors, people) == pytest.approx((1 + 1 + 0.5 + 0) / 4)


def test_equal_pictures_are_recognised_by_chance_only():
    people = np.repeat(np.arange(10), 2)

    assert rank_1(np.zeros((20, 3), np.float32), people) == pytest.approx(1 / 19)
    assert chance(people) == pytest.approx(1 / 19)


def made_up_portraits():
    """Return two noisy pictures of each of ten made-up people."""
    random = np.random.default_rng(0)
    people = np.repeat(np.arange(10), 2)
    faces = random.integers(40, 200, (10, 48, 48))[people] + random.integers(0, 9, (20, 48, 48))
    return Portraits(faces.astype(np.uint8), people)


def test_sharp_pictures_are_recognised_and_covered_ones_are_not():
    portraits = made_up_portraits()

    def cover(canvas):
        canvas = canvas.copy()
        canvas[PLACE] = COLOUR
        return canvas

    sharp = share_recognised(portraits, lambda canvas: canvas)
    covered = share_recognised(portraits, cover)

    assert set(sharp) == set(covered) == set(FEATURES)
    assert min(sharp['pixels'], sharp['gradients'], sharp['outline']) == 1
    assert max(covered.values()) == pytest.approx(1 / 19)


def test_a_face_that_is_not_covered_counts_as_recognised():
    portraits = made_up_portraits()
    turns = iter(range(20))

    def miss_half(canvas):
        canvas = canvas.copy()
        if next(turns) >= 10:
            canvas[PLACE] = COLOUR
        return canvas

    assert share_recognised(portraits, miss_half)['pixels'] > 0.5


def test_nobody_of_ckplus_is_recognised_on_masked_pictures():
    portraits = read_portraits(data_path(PORTRAITS))
    yunet = create_detector('yunet', str(data_path('facedet/face_detection_yunet_2023mar.onnx')))

    shares = share_recognised(portraits, lambda canvas: mask_alone(yunet, canvas))

    assert len(portraits.images) == 327
    assert len(set(portraits.people)) == 118
    assert max(shares.values()) <= MOST_RECOGNISED
    # Every picture is covered completely.
    masked = mask_alone(yunet, canvas_of(portraits.images[0]))
    assert (masked[PLACE] == COLOUR).all()
