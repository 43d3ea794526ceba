from dataclasses import replace

import numpy as np
import pytest

from fer_ros.perception.emotions import UNCERTAIN
from fer_ros.perception.pipeline import Pipeline
from fer_ros.perception.settings import Settings
from fer_ros.perception.tracking.flow import follow_face
from scripted import found
from scripted import IMAGE
from scripted import Opinion
from scripted import Script

FRONTAL = [[20, 40], [20, 47]]
TURNED = [[38, 40], [32, 47]]


def face(middle):
    """Return a face whose nose and mouth are at given places in its box."""
    detection = found(100)
    return replace(detection, middle=np.float32(middle) + np.float32([100, 0]))


def decided(frames, settings, period=0.1):
    """Return the only face of each frame."""
    pipeline = Pipeline(Script(*([one] for one in frames)), Opinion(0.9, 0.1))
    return [
        pipeline.process(IMAGE, index * period, settings).faces[0] for index in range(len(frames))
    ]


def test_a_face_turned_too_far_is_uncertain_and_another_is_not():
    settings = Settings(max_yaw=40.0)

    (turned,), (frontal,) = (decided([face(where)], settings) for where in (TURNED, FRONTAL))

    assert turned.emotion == UNCERTAIN
    assert turned.probabilities == pytest.approx([0.5, 0.5])
    assert frontal.emotion == 'happy'


def test_a_turned_face_is_uncertain_even_if_any_confidence_is_enough():
    (turned,) = decided([face(TURNED)], Settings(max_yaw=40.0, min_confidence=0.0))

    assert turned.emotion == UNCERTAIN


def test_the_limit_is_off_at_zero_and_without_points():
    for one, limit in ((face(TURNED), 0.0), (found(100), 40.0)):
        assert decided([one], Settings(max_yaw=limit))[0].emotion == 'happy'


def test_a_short_turn_of_the_head_changes_nothing_and_a_long_one_does():
    settings = Settings(max_yaw=40.0, hold=0.3)
    still, turned = [face(FRONTAL)] * 5, [face(TURNED)]

    short = decided([*still, *turned * 2, *still], settings)
    long = decided([*still, *turned * 9, *still * 3], settings)

    assert {one.emotion for one in short} == {'happy'}
    assert [one.emotion for one in long][12] == UNCERTAIN
    assert long[-1].emotion == 'happy'


def test_a_neutral_expression_is_not_learned_from_a_turned_face():
    class Neutral(Opinion):
        class card(Opinion.card):  # noqa: N801
            labels = ('sad', 'neutral')

    def scores_at_the_end(start):
        frames = [*[face(start)] * 10, *[face(FRONTAL)] * 20]
        pipeline = Pipeline(Script(*([one] for one in frames)), Neutral(0.8, 0.2))
        settings = Settings(max_yaw=40.0, baseline=4.0)
        for index in range(len(frames)):
            result = pipeline.process(IMAGE, index * 0.1, settings)
        return result.faces[0].probabilities

    # With half as much time to learn, less of the bias is removed, but none is added.
    assert scores_at_the_end(TURNED)[0] > scores_at_the_end(FRONTAL)[0]


def test_nose_and_mouth_move_with_a_face_between_two_searches():
    random = np.random.default_rng(0)
    before = random.integers(0, 256, (200, 300, 3), np.uint8)
    now = np.roll(before, (4, 6), axis=(0, 1))
    detection = replace(found(100, 60), middle=np.float32([[130, 45], [130, 60]]))

    moved = follow_face(before, now, detection, detection)

    assert moved is not None
    np.testing.assert_allclose(moved.middle - detection.middle, [[6, 4], [6, 4]], atol=0.5)
