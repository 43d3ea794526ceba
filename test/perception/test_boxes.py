import numpy as np
import pytest

from fer_ros.perception.boxes import areas
from fer_ros.perception.boxes import clip_box
from fer_ros.perception.boxes import overlap
from fer_ros.perception.boxes import overlaps


@pytest.mark.parametrize(
    ('box', 'clipped'),
    [
        ((-5, -5, 3, 3), (0, 0, 3, 3)),
        ((8, 7, 20, 20), (8, 7, 12, 10)),
        ((2, 3, 4, 5), (2, 3, 4, 5)),
    ],
)
def test_boxes_are_cut_at_every_border(box, clipped):
    assert clip_box(box, height=10, width=12) == clipped


def test_a_box_outside_the_image_has_no_area():
    left, top, right, bottom = clip_box((20.0, 20.0, 30.0, 30.0), height=10, width=10)

    assert (right - left) * (bottom - top) == 0
    assert all(isinstance(side, float) for side in (left, top, right, bottom))


def test_a_box_turned_inside_out_has_no_area():
    assert areas(np.float64([[5, 5, 2, 2], [5, 0, 2, 9]])).tolist() == [0, 0]


def test_overlap_is_shared_area_over_joint_area():
    one = np.float64([[0, 0, 2, 2]])
    others = np.float64([[0, 0, 2, 2], [1, 0, 3, 2], [2, 0, 4, 2], [10, 10, 11, 11]])

    np.testing.assert_allclose(overlaps(one, others), [[1, 1 / 3, 0, 0]])


def test_boxes_without_area_overlap_nothing():
    assert overlaps(np.zeros((1, 4)), np.zeros((1, 4))).tolist() == [[0]]


def test_no_boxes_overlap_nothing():
    assert overlaps(np.zeros((0, 4)), np.zeros((3, 4))).shape == (0, 3)


def test_two_boxes_overlap_as_many_do():
    random = np.random.default_rng(5)
    corners = random.uniform(0, 10, (20, 2))
    boxes = np.hstack([corners, corners + random.uniform(0, 8, (20, 2))])

    found = [[overlap(one, other) for other in boxes.tolist()] for one in boxes.tolist()]

    np.testing.assert_allclose(found, overlaps(boxes, boxes), atol=1e-12)
    assert overlap((0, 0, 0, 0), (0, 0, 0, 0)) == 0
