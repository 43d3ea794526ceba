import numpy as np
import pytest

from fer_ros.perception.detection.candidates import Candidates
from fer_ros.perception.detection.candidates import check_image
from fer_ros.perception.detection.candidates import MOST_CANDIDATES
from fer_ros.perception.detection.candidates import strongest
from fer_ros.perception.detection.candidates import to_faces


def candidates(boxes, scores):
    """Create candidates whose eyes are at 1/3 and 2/3 of the width, and 1/3 of the height."""
    boxes = np.array(boxes, np.float64).reshape(-1, 4)
    size = boxes[:, 2:] - boxes[:, :2]
    eyes = boxes[:, None, :2] + np.array([[1 / 3, 1 / 3], [2 / 3, 1 / 3]]) * size[:, None]
    return Candidates(boxes, np.array(scores, np.float64), eyes)


def test_faces_come_best_first_with_plain_numbers():
    found = candidates([[0, 0, 30, 30], [50, 50, 90, 100]], [0.7, 0.9])

    best, second = to_faces(found, 200, 200, min_score=0.6, min_size=24)

    assert (best.box, best.score) == ((50, 50, 90, 100), 0.9)
    assert (second.box, second.score) == ((0, 0, 30, 30), 0.7)
    assert all(type(value) is float for value in (*best.box, best.score))
    assert best.eyes.dtype == np.float32
    assert not best.eyes_estimated


def test_no_candidates_are_no_faces():
    assert to_faces(candidates([], []), 200, 200, 0.6, 24) == []


def test_a_score_at_the_threshold_is_enough():
    found = candidates([[0, 0, 30, 30], [50, 50, 90, 90]], [0.6, 0.599])

    assert [face.score for face in to_faces(found, 200, 200, 0.6, 24)] == [0.6]


def test_boxes_are_cut_at_the_border_and_eyes_are_not():
    found = candidates([[-30, -30, 60, 60]], [0.9])

    (face,) = to_faces(found, 50, 40, 0.6, 24)

    assert face.box == (0, 0, 40, 50)
    np.testing.assert_allclose(face.eyes, [[0, 0], [30, 0]])


def test_a_box_outside_the_image_is_no_face_even_if_any_size_will_do():
    found = candidates([[-30, 0, -5, 30], [10, 10, 10, 40]], [0.9, 0.9])

    assert to_faces(found, 50, 50, 0.0, 0) == []


def test_the_shorter_side_has_to_be_long_enough_inside_the_image():
    found = candidates([[0, 0, 24, 60], [100, 0, 123, 60], [180, 100, 210, 130]], [0.9, 0.8, 0.7])

    assert [face.score for face in to_faces(found, 200, 200, 0.6, 24)] == [0.9]


def test_a_face_of_one_pixel_is_found_where_it_is_asked_for():
    assert len(to_faces(candidates([[3, 3, 4, 4]], [0.9]), 10, 10, 0.6, 1)) == 1


def test_boxes_on_one_face_are_one_and_people_side_by_side_are_several():
    same = [[10, 10, 50, 50], [12, 10, 52, 50]]
    neighbours = [[60 * n, 100, 60 * n + 50, 150] for n in range(20)]

    found = to_faces(candidates(same + neighbours, [0.9] + [0.8] * 21), 200, 2000, 0.6, 24)

    assert len(found) == 21


def test_of_boxes_on_each_other_the_best_stays():
    boxes = [[0, 0, 10, 10], [1, 0, 11, 10], [20, 0, 30, 10]]

    found = to_faces(candidates(boxes, [0.7, 0.9, 0.8]), 50, 50, 0.6, 8)

    assert [face.score for face in found] == [0.9, 0.8]


def test_a_box_suppressed_suppresses_nothing():
    # The middle box overlaps both other boxes, which do not overlap each other.
    boxes = [[0, 0, 10, 10], [5, 0, 15, 10], [10, 0, 20, 10]]

    found = to_faces(candidates(boxes, [0.9, 0.8, 0.7]), 50, 50, 0.6, 8)

    assert [face.score for face in found] == [0.9, 0.7]


def test_candidates_that_are_nowhere_or_have_one_eye_are_left_out():
    found = candidates([[0, 0, 30, 30]] * 3, [0.9, 0.9, np.nan])
    found.boxes[0, 2] = np.nan
    found.points[1, 0] = found.points[1, 1]

    assert to_faces(found, 50, 50, 0.0, 8) == []


def test_estimated_eyes_are_said_to_be():
    (face,) = to_faces(candidates([[0, 0, 30, 30]], [1]), 50, 50, 0.6, 8, eyes_estimated=True)

    assert face.eyes_estimated


def test_only_the_strongest_candidates_are_compared():
    scores = np.linspace(0, 1, 3 * MOST_CANDIDATES)
    found = candidates(np.zeros((len(scores), 4)), scores)

    kept = strongest(found, 0.0)

    assert len(kept) == MOST_CANDIDATES
    assert kept.scores[0] == 1
    assert kept.scores.min() == pytest.approx(2 / 3, abs=1e-3)


@pytest.mark.parametrize(
    'image',
    [
        np.zeros((480, 640), np.uint8),
        np.zeros((480, 640, 1), np.uint8),
        np.zeros((480, 640, 4), np.uint8),
        np.zeros((0, 640, 3), np.uint8),
        np.zeros((480, 640, 3), np.float32),
    ],
)
def test_what_is_no_colour_image_is_refused_with_what_would_be_one(image):
    with pytest.raises(ValueError, match=r'must be \(H, W, 3\) uint8'):
        check_image(image)
