import numpy as np
import pytest

from brightness import brightness_classifier
from fer_ros.perception.crops.alignment import FER2013_CROP
from fer_ros.perception.faces import FaceDetection
from training.evaluation.real_path import best_overlap
from training.evaluation.real_path import crops_of_scenes
from training.evaluation.real_path import find_eyes
from training.evaluation.real_path import measure_real_path
from training.evaluation.real_path import scene_of
from training.evaluation.real_path import SCENE_SIDE
from training.evaluation.scores import score
from training.pages.terminal import real_path_text

SIDE = 48


class Knowing:
    """A detector with predefined faces, in the order of the scenes."""

    name = 'knowing'
    reason = 'as requested'
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
    return brightness_classifier()


def boxes_of(images):
    return [scene_of(image, index)[1] for index, image in enumerate(images)]


def test_a_picture_is_found_again_where_the_scene_says_it_is(made_up):
    picture = made_up(7).images[6]

    scene, (left, top, right, bottom) = scene_of(picture, 3)

    assert scene.shape == (SCENE_SIDE, SCENE_SIDE, 3)
    assert scene.dtype == np.uint8
    assert 0 <= left < right <= SCENE_SIDE
    assert right - left == bottom - top
    first_row, first_column = int(top), int(left)
    inside = scene[first_row:, first_column:][20:170, 20:170]
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
    assert '11 of 14 faces detected (78.6 %)' in real_path_text(report)


def test_what_is_found_elsewhere_is_not_the_face(made_up, classifier):
    data = made_up(7, 'private')
    corner = np.array([0.0, 0.0, 30.0, 30.0])

    report = measure_real_path(score(classifier, data), classifier, Knowing([corner] * 7))

    assert report['found'] == 0
    assert 'loss' not in report
    assert '0 of 7 faces detected' in real_path_text(report)


def test_eyes_are_found_once_for_all_models_and_crops_cut_by_them(made_up):
    images = made_up(6).images
    boxes = [*boxes_of(images[:4]), None, np.array([0.0, 0.0, 30.0, 30.0])]

    found = find_eyes(Knowing(boxes), images)
    crops = crops_of_scenes(images, found)

    # The last face but one is not detected, and the last face is detected at another position.
    assert found.where.tolist() == [0, 1, 2, 3]
    assert np.isnan(found.eyes[4:]).all()
    assert crops.shape == (4, SIDE, SIDE)
    inner = (slice(None), slice(8, 40), slice(8, 40))
    assert crops[inner].mean(axis=(1, 2)) == pytest.approx(
        images[:4][inner].mean(axis=(1, 2)), abs=3
    )


def test_heads_turned_aside_keep_their_whole_face_in_the_crop(made_up):
    images = made_up(1).images
    near = Knowing(boxes_of(images))
    near.least_eye_distance = 0.8

    found = find_eyes(near, images)

    _, top, _, bottom = boxes_of(images)[0]
    assert found.least_distance[0] == pytest.approx(0.8 * (bottom - top))


def test_the_face_of_a_box_is_the_detection_that_shares_most_with_it():
    box = np.array([0.0, 0.0, 10.0, 10.0])

    assert best_overlap(box, [(5, 5, 15, 15), (1, 0, 10, 10), (0, 0, 6, 6)]) == 1
    assert best_overlap(box, [(8, 8, 18, 18)]) is None
    assert best_overlap(box, []) is None


def test_a_scene_of_a_gray_picture_is_that_of_the_picture_in_colour(made_up):
    picture = made_up(3).images[2]

    gray, _ = scene_of(picture, 5)
    colour, _ = scene_of(np.stack([picture] * 3, axis=2), 5)

    assert (gray == colour).all()
