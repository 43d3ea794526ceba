import numpy as np
import pytest

from fer_ros.perception.faces import FaceDetection
from fer_ros.perception.tracking import FaceTracker


def face(x, y=100, side=50):
    """Make a detection around a point."""
    box = (x - side / 2, y - side / 2, x + side / 2, y + side / 2)
    return FaceDetection(box, 0.9, np.float32([[x - 10, y], [x + 10, y]]))


def test_no_faces_have_no_ids():
    assert FaceTracker().update([], 0.0, 1.0) == []


def test_a_face_that_stays_keeps_its_id():
    tracker = FaceTracker()

    ids = [tracker.update([face(100 + step)], step / 30, 1.0) for step in range(20)]

    assert ids == [[1]] * 20


def test_two_faces_are_told_apart_in_whatever_order_they_come():
    tracker = FaceTracker()
    tracker.update([face(100), face(400)], 0.0, 1.0)

    assert tracker.update([face(401), face(101)], 0.03, 1.0) == [2, 1]


def test_the_assignment_is_the_best_for_all_and_not_for_the_first():
    tracker = FaceTracker()
    tracker.update([face(100), face(130)], 0.0, 1.0)

    # Both moved right: the first is now nearer to where the second was.
    assert tracker.update([face(118), face(148)], 0.03, 1.0) == [1, 2]


def test_a_face_lost_for_less_than_the_timeout_keeps_its_id():
    tracker = FaceTracker()
    tracker.update([face(100)], 0.0, 1.0)
    tracker.update([], 0.5, 1.0)

    assert tracker.update([face(102)], 0.9, 1.0) == [1]


def test_a_face_lost_for_longer_gets_a_new_id_and_the_old_one_never_returns():
    tracker = FaceTracker()
    tracker.update([face(100)], 0.0, 1.0)
    tracker.update([], 0.6, 1.0)

    assert tracker.update([face(100)], 1.2, 1.0) == [2]
    assert tracker.ids == {2}


def test_a_slow_camera_keeps_ids_though_the_timeout_is_short():
    tracker = FaceTracker()

    assert [tracker.update([face(100)], float(second), 0.0) for second in range(3)] == [[1]] * 3


def test_a_face_that_has_timed_out_is_no_longer_held():
    tracker = FaceTracker()
    tracker.update([face(100)], 0.0, 0.0)
    tracker.update([], 1.0, 0.0)

    assert tracker.ids == set()


def test_after_a_gap_in_time_faces_are_new():
    tracker = FaceTracker()
    tracker.update([face(100)], 0.0, 1.0)

    assert tracker.update([face(100)], 3600.0, 1.0) == [2]


def test_a_face_elsewhere_is_another_face():
    tracker = FaceTracker()
    tracker.update([face(100)], 0.0, 1.0)

    assert tracker.update([face(300)], 0.03, 1.0) == [2]


def test_a_face_of_quite_another_size_is_another_face():
    tracker = FaceTracker()
    tracker.update([face(100, side=40)], 0.0, 1.0)

    assert tracker.update([face(100, side=120)], 0.03, 1.0) == [2]


def test_a_moving_face_is_found_where_its_motion_took_it():
    tracker = FaceTracker()
    for step in range(10):
        tracker.update([face(100 + 12 * step)], step / 30, 1.0)

    # Five frames without a detection: 60 pixels further, more than its own width.
    assert tracker.update([face(100 + 12 * 15)], 15 / 30, 1.0) == [1]


def test_crossing_faces_keep_their_ids():
    tracker = FaceTracker()
    wrong = 0
    for step in range(40):
        one, other = face(100 + 6 * step, y=100), face(340 - 6 * step, y=125)
        wrong += tracker.update([other, one], step / 30, 1.0) != [1, 2]

    assert wrong == 0


def test_a_face_without_area_does_no_harm():
    tracker = FaceTracker()
    tracker.update([face(100, side=0)], 0.0, 1.0)

    assert len(tracker.update([face(100, side=0), face(101)], 0.03, 1.0)) == 2


@pytest.mark.parametrize('count', [1, 7, 40])
def test_ids_of_many_faces_are_all_different(count):
    tracker = FaceTracker()

    ids = tracker.update([face(60 * index) for index in range(count)], 0.0, 1.0)

    assert sorted(ids) == list(range(1, count + 1))
