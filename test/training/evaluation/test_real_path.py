from pathlib import Path

import numpy as np
import pytest

from fer_ros.perception.classification.classifier import Classifier
from fer_ros.perception.crops.alignment import FER2013_CROP
from fer_ros.perception.crops.preprocessing import InputSpec
from fer_ros.perception.emotions import FER2013_LABELS
from fer_ros.perception.faces import FaceDetection
from fer_ros.perception.models.bundle import ModelCard
from training.evaluation.real_path import measure_real_path
from training.evaluation.real_path import scene_of
from training.evaluation.real_path import SCENE_SIDE
from training.evaluation.scores import score
from training.pages.terminal import real_path_text

SIDE = 48


class Brightness:
    """A network that takes the brightness of a picture's middle for its label."""

    name = 'brightness'
    device = 'CPU'
    kind = 'tflite'
    reason = 'as asked for'

    def run(self, batch):
        mean = batch[:, 16:32, 16:32].mean(axis=(1, 2, 3))
        return np.eye(7, dtype=np.float32)[np.clip(mean * 255 // 30, 0, 6).astype(int)] * 9


class Knowing:
    """A detector that was told where the faces are, in the order of the scenes."""

    name = 'knowing'
    reason = 'as asked for'
    least_eye_distance = 0.0

    def __init__(self, boxes, looks=1):
        self._boxes = [box for box in boxes for _ in range(looks)]

    def detect(self, image, min_score, min_size):
        box = self._boxes.pop(0)
        if box is None:
            return []
        left, top, right, bottom = box
        geometry = np.array([FER2013_CROP.right_eye, FER2013_CROP.left_eye])
        eyes = np.array([left, top]) + geometry * [right - left, bottom - top]
        return [FaceDetection(tuple(box.tolist()), 0.99, eyes.astype(np.float32))]


@pytest.fixture
def classifier():
    card = ModelCard(
        name='made_up',
        labels=FER2013_LABELS,
        input=InputSpec(SIDE, SIDE, 1, 'gray', (0.0, 1.0)),
        crop=FER2013_CROP,
        output='logits',
        temperature=1.0,
        files={'tflite': ('model.tflite', '')},
        folder=Path('made_up'),
    )
    return Classifier(card, Brightness())


def boxes_of(images):
    return [scene_of(image, index)[1] for index, image in enumerate(images)]


def test_a_picture_is_found_again_where_the_scene_says_it_is(made_up):
    picture = made_up(7).images[6]

    scene, (left, top, right, bottom) = scene_of(picture, 3)

    assert scene.shape == (SCENE_SIDE, SCENE_SIDE, 3)
    assert scene.dtype == np.uint8
    assert 0 <= left < right <= SCENE_SIDE
    assert right - left == bottom - top
    inside = scene[int(top):, int(left):][20:170, 20:170]
    assert inside.mean() == pytest.approx(picture.mean(), abs=3)
    assert (scene_of(picture, 3)[0] == scene).all()
    assert (scene_of(picture, 4)[1] != (left, top, right, bottom)).any()


def test_faces_that_are_found_where_they_are_lose_nothing(made_up, classifier):
    data = made_up(14, 'private')
    scores = score(classifier, data)

    report = measure_real_path(scores, classifier, Knowing(boxes_of(data.images)))

    assert (report['found'], report['pictures']) == (14, 14)
    assert report['accuracy_as_crops'] == report['accuracy_in_scenes'] == 1
    assert report['loss'] == 0
    assert report['ci95']['loss'] == [0, 0]


def test_faces_that_are_not_found_are_left_out_and_counted(made_up, classifier):
    data = made_up(14, 'private')
    boxes = boxes_of(data.images)
    scores = score(classifier, data)
    looks = boxes[:10] + [None] * 4 * 3 + [boxes[13]]

    report = measure_real_path(scores, classifier, Knowing(looks))

    assert report['found'] == 11
    assert report['accuracy_not_found_as_crops'] == 1
    assert '11 of 14 faces found (78.6 %)' in real_path_text(report)


def test_what_is_found_elsewhere_is_not_the_face(made_up, classifier):
    data = made_up(7, 'private')
    corner = np.array([0.0, 0.0, 30.0, 30.0])

    report = measure_real_path(score(classifier, data), classifier, Knowing([corner] * 7))

    assert report['found'] == 0
    assert 'loss' not in report
    assert '0 of 7 faces found' in real_path_text(report)
