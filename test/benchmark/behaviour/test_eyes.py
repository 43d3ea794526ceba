import numpy as np
import pytest

from benchmark.behaviour.eyes import errors_in_photographs
from benchmark.behaviour.eyes import errors_in_scenes
from benchmark.behaviour.eyes import landmark_eyes
from benchmark.behaviour.eyes import relative
from benchmark.behaviour.eyes import row_of
from fer_ros.perception.faces import FaceDetection
from photographs import data_path
from training.evaluation.real_path import scene_of


class Knowing:
    """A detector with predefined boxes and eyes for each image, in order."""

    def __init__(self, answers):
        self._answers = list(answers)

    def detect(self, image, min_score, min_size):
        boxes, eyes = self._answers.pop(0)
        return [
            FaceDetection(tuple(box), 0.9, np.float32(two))
            for box, two in zip(boxes, eyes, strict=True)
        ]


def test_an_error_is_told_along_the_line_of_the_eyes_and_across_it():
    true = np.array([[10.0, 10.0], [10.0, 30.0]])  # one eye above the other
    found = true + np.array([[0.0, 2.0], [4.0, 0.0]])

    assert relative(found, true) == pytest.approx(np.array([[0.1, 0.0], [0.0, -0.2]]))


def test_eyes_where_the_landmarks_are_have_no_error_and_shifted_ones_theirs():
    data_path('photos/dlib')
    photographs = [(boxes.tolist(), eyes) for _, boxes, eyes in landmark_eyes()]
    shifted = [(boxes, eyes + 0.1 * (eyes[:, 1:] - eyes[:, :1])) for boxes, eyes in photographs]

    assert sum(len(boxes) for boxes, _ in photographs) == 43
    assert errors_in_photographs(Knowing(photographs)) == pytest.approx(0, abs=1e-6)
    moved = errors_in_photographs(Knowing(shifted))
    assert moved == pytest.approx(np.broadcast_to([0.1, 0], moved.shape), abs=1e-5)


def test_what_is_the_same_in_all_scenes_of_a_picture_is_no_error_of_the_detector():
    pictures = np.full((2, 48, 48), 90, np.uint8)
    deviation = 0.05
    generator = np.random.default_rng(0)

    def answers(noise):
        for index, picture in enumerate(np.repeat(pictures, 6, axis=0)):
            _, box = scene_of(picture, index)
            side = box[2] - box[0]
            eyes = np.array([[0.3, 0.4], [0.7, 0.4]]) + generator.normal(0, noise, (2, 2))
            yield [box.tolist()], [box[:2] + side * eyes]

    assert errors_in_scenes(Knowing(answers(0)), pictures) == pytest.approx(0, abs=1e-5)
    found = errors_in_scenes(Knowing(answers(0.4 * deviation)), pictures)
    assert found.std() == pytest.approx(deviation, rel=0.35)


def test_a_row_tells_the_deviation_and_what_both_eyes_share():
    generator = np.random.default_rng(0)
    shared = generator.normal(0, 0.1, (5000, 1, 2))
    own = generator.normal(0, 0.1, (5000, 2, 2))

    figures = row_of('made_up', shared + own + [0.0, 0.05]).figures()

    assert figures['value'] == pytest.approx(14.14, rel=0.03)
    assert figures['correlation of the two eyes'] == pytest.approx(0.5, abs=0.03)
    assert figures['bias down'] == pytest.approx(5, abs=0.3)
