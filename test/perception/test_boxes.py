import numpy as np

from fer_ros.perception.boxes import areas
from fer_ros.perception.boxes import clip_boxes
from fer_ros.perception.boxes import overlaps
from fer_ros.perception.boxes import suppress_non_maxima


def test_boxes_are_cut_at_every_border():
    boxes = np.float32([[-5, -5, 3, 3], [8, 7, 20, 20], [2, 3, 4, 5]])

    clipped = clip_boxes(boxes, height=10, width=12)

    assert clipped.tolist() == [[0, 0, 3, 3], [8, 7, 12, 10], [2, 3, 4, 5]]
    assert clipped.dtype == np.float32


def test_a_box_outside_the_image_has_no_area():
    clipped = clip_boxes(np.float32([[20, 20, 30, 30]]), height=10, width=10)

    assert areas(clipped).tolist() == [0]


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


def test_of_boxes_on_each_other_the_best_stays():
    boxes = np.float64([[0, 0, 10, 10], [1, 0, 11, 10], [20, 0, 30, 10]])

    kept = suppress_non_maxima(boxes, np.array([0.7, 0.9, 0.8]), overlap=0.3)

    assert kept == [1, 2]


def test_a_box_suppressed_suppresses_nothing():
    # The middle one lies on both others, which do not lie on each other.
    boxes = np.float64([[0, 0, 10, 10], [5, 0, 15, 10], [10, 0, 20, 10]])

    kept = suppress_non_maxima(boxes, np.array([0.9, 0.8, 0.7]), overlap=0.3)

    assert kept == [0, 2]
