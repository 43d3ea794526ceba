import numpy as np
import pytest

from fer_ros.perception.faces import FaceDetection
from fer_ros.perception.tracking.tracker import FaceTracker


def face(x, y=100, side=50, score=0.9):
    """Create a detection around a point."""
    box = (x - side / 2, y - side / 2, x + side / 2, y + side / 2)
    return FaceDetection(box, score, np.float32([[x - 10, y], [x + 10, y]]))


def follow(frames, rate=30.0, timeout=1.0, most=16):
    """Return the track ids for each frame, in the order of the given detections."""
    tracker = FaceTracker()
    return [
        ids_of(tracker, faces, step / rate, timeout, most) for step, faces in enumerate(frames)
    ]


def ids_of(tracker, faces, time, timeout=1.0, most=16):
    sightings = tracker.update(faces, time, timeout, most)
    by_box = {sighting.face.box: sighting.id for sighting in sightings}
    return [by_box.get(one.box) for one in faces]


# New faces


def test_no_faces_have_no_ids():
    assert follow([[], []]) == [[], []]


def test_what_is_there_in_the_first_frame_is_believed_at_once():
    assert follow([[face(100, score=0.6), face(300)]]) == [[1, 2]]


def test_a_new_face_is_believed_when_it_was_seen_in_three_frames_at_30_hz():
    assert follow([[]] + [[face(100)]] * 4) == [[], [None], [None], [1], [1]]


@pytest.mark.parametrize('rate', [5, 10, 15, 30, 60, 120])
def test_a_certain_face_is_believed_within_a_fifth_of_a_second_at_any_usual_rate(rate):
    ids = follow([[]] + [[face(100)]] * rate, rate)

    assert ids[1] == [None]
    assert ids.index([1]) <= max(2, 1 + 0.1 * rate)


@pytest.mark.parametrize('rate', [0.2, 1, 3])
def test_a_slow_camera_is_believed_at_once(rate):
    assert follow([[], [face(100, score=0.6)]], rate) == [[], [1]]


def test_a_detection_that_flashes_up_is_never_believed():
    frames = [[face(100)] for _ in range(60)]
    for step in range(5, 60, 7):
        frames[step].append(face(100 + 40 * step, 400))

    ids = follow(frames)

    assert {one[0] for one in ids} == {1}
    assert {one[1] for one in ids if len(one) > 1} == {None}


def test_a_doubtful_face_must_be_seen_more_often_than_a_certain_one():
    doubtful = follow([[]] + [[face(100, score=0.35)]] * 9)
    certain = follow([[]] + [[face(100, score=0.95)]] * 9)

    assert doubtful.index([1]) == 5
    assert certain.index([1]) == 3


def test_a_face_that_flickers_while_it_is_new_is_believed_all_the_same():
    seen, unseen = [face(100, score=0.7)], []

    assert [1] in follow([unseen, seen, unseen, seen, seen, unseen, seen])


def test_a_false_detection_long_ago_does_not_delay_a_new_face_in_its_place():
    uncertain = [face(100, score=0.65)]
    delayed = follow([[]] + [uncertain] + [[]] * 9 + [uncertain] * 4)

    assert delayed[-4:] == [[None], [None], [1], [1]]


def test_what_is_seen_in_every_fourth_frame_only_is_not_believed():
    frames = [[face(100, score=0.7)] if step % 4 == 1 else [] for step in range(60)]

    assert [1] not in follow(frames)


def test_only_who_is_believed_is_held():
    tracker = FaceTracker()
    tracker.update([], 0.0, 1.0, 16)

    tracker.update([face(100)], 0.03, 1.0, 16)
    assert tracker.ids == set()
    assert len(tracker.numbers) == 1
    tracker.update([face(100)], 0.06, 1.0, 16)
    tracker.update([face(100)], 0.1, 1.0, 16)
    assert tracker.ids == {1}


def test_ids_follow_each_other_whatever_flashed_up_between():
    frames = [[]] + [[face(100), face(500 + 60 * step)] for step in range(5)]
    frames += [[face(100), face(900, 300)] for _ in range(5)]

    assert {id_ for ids in follow(frames) for id_ in ids} == {None, 1, 2}


# Identity


def test_a_face_that_stays_keeps_its_id():
    assert follow([[face(100 + step)] for step in range(20)]) == [[1]] * 20


def test_two_faces_are_told_apart_in_whatever_order_they_come():
    assert follow([[face(100), face(400)], [face(401), face(101)]]) == [[1, 2], [2, 1]]


def test_the_assignment_is_the_best_for_all_and_not_for_the_first():
    # Both faces moved to the right. The first face is now nearer to the former position of the
    # second.
    assert follow([[face(100), face(130)], [face(118), face(148)]])[1] == [1, 2]


def test_a_face_elsewhere_is_another_face():
    assert follow([[face(100)]] + [[face(300)]] * 3)[-1] == [2]


def test_a_face_of_quite_another_size_is_another_face():
    assert follow([[face(100, side=40)]] + [[face(100, side=120)]] * 3)[-1] == [2]


def test_of_two_faces_that_nearly_meet_each_keeps_its_size():
    before = [face(100, side=60), face(120, side=44)]

    # Each face is now nearer to the former position of the other face.
    assert follow([before, [face(114, side=60), face(106, side=44)]])[1] == [1, 2]


def test_a_moving_face_is_found_where_its_motion_took_it():
    frames = [[face(100 + 12 * step)] if not 10 <= step < 15 else [] for step in range(20)]

    # After five frames without a detection, the face is 60 pixels further, more than its own
    # width.
    assert follow(frames)[15:] == [[1]] * 5


@pytest.mark.parametrize('rate', [10, 15, 30])
@pytest.mark.parametrize('apart', [15, 25, 40])
def test_crossing_faces_keep_their_ids(rate, apart):
    frames = []
    for step in range(int(2 * rate)):
        way = 180 * step / rate
        frames.append([face(350 - way, 100 + apart), face(100 + way, 100)])

    assert follow(frames, rate) == [[1, 2]] * len(frames)


def test_a_face_that_passes_behind_another_comes_out_under_its_id():
    frames = []
    for step in range(60):
        front, behind = face(200, side=60), face(80 + 4 * step, 105, side=45)
        frames.append([front, behind] if not 22 <= step <= 38 else [front])

    ids = follow(frames)

    assert ids[0] == [1, 2]
    assert {one[0] for one in ids} == {1}
    assert {one[1] for one in ids if len(one) > 1} == {2}


def test_two_people_side_by_side_do_not_swap_though_detections_flicker():
    random = np.random.default_rng(0)
    wrong = 0
    tracker = FaceTracker()
    tracker.update([face(100), face(165)], 0.0, 1.0, 16)
    for step in range(1, 300):
        there = [(one, x) for one, x in ((1, 100), (2, 165)) if random.random() < 0.6]
        faces = [face(x + random.normal(0, 3), 100 + random.normal(0, 3)) for _, x in there]
        wrong += ids_of(tracker, faces, step / 30) != [one for one, _ in there]

    assert wrong == 0


@pytest.mark.parametrize('rate', [10, 30])
def test_a_camera_that_pans_to_and_fro_loses_nobody(rate):
    frames = []
    for step in range(3 * rate):
        shift = 200 * np.sin(2 * np.pi * step / rate / 4)
        frames.append([face(300 + shift), face(380 + shift, 120), face(520 + shift, 90)])

    assert follow(frames, rate) == [[1, 2, 3]] * len(frames)


def test_somebody_who_comes_nearer_keeps_the_id():
    frames = [[face(300, side=40 * 1.03**step)] for step in range(60)]

    assert follow(frames) == [[1]] * 60


def test_faces_keep_their_ids_at_a_frame_a_second():
    frames = [[face(100 + 20 * step), face(300 - 10 * step, 220)] for step in range(8)]

    assert follow(frames, rate=1) == [[1, 2]] * 8


@pytest.mark.parametrize('count', [1, 7, 40])
def test_ids_of_many_faces_are_all_different(count):
    (ids,) = follow([[face(60 * index) for index in range(count)]], most=256)

    assert sorted(ids) == list(range(1, count + 1))


def test_a_face_without_area_does_no_harm():
    tracker = FaceTracker()
    tracker.update([face(100, side=0)], 0.0, 1.0, 16)

    assert len(tracker.update([face(100, side=0), face(101)], 0.03, 1.0, 16)) == 2


# Lost faces


def test_a_face_lost_for_less_than_the_timeout_keeps_its_id():
    frames = [[face(100)], *[[]] * 26, [face(102)]]

    assert follow(frames)[-1] == [1]


def test_who_leaves_the_picture_and_returns_at_the_same_border_is_known():
    leaving = [[face(400 + 15 * step)] for step in range(14)]
    returning = [[face(600 - 15 * step)] for step in range(14)]

    ids = follow([*leaving, *[[]] * 20, *returning])

    assert ids[-14:] == [[1]] * 14


def test_a_face_lost_for_longer_gets_a_new_id_and_the_old_one_never_returns():
    tracker = FaceTracker()
    tracker.update([face(100)], 0.0, 1.0, 16)
    tracker.update([], 0.6, 1.0, 16)

    assert ids_of(tracker, [face(100)], 1.7) == [2]
    assert tracker.ids == {2}


def test_the_timeout_counts_from_the_first_frame_without_the_face():
    tracker = FaceTracker()
    held = []
    for time, faces in [(0.0, [face(100)]), (1.5, []), (2.25, []), (2.5, []), (3.0, [])]:
        tracker.update(faces, time, 1.0, 16)
        held.append(tracker.ids)

    assert held == [{1}, {1}, {1}, set(), set()]


@pytest.mark.parametrize('timeout', [0.5, 1.0])
def test_a_face_may_be_missing_in_a_frame_of_a_slow_camera(timeout):
    ids = follow([[face(100)], [], [face(101)], [face(102)]], rate=1 / timeout, timeout=timeout)

    assert ids == [[1], [], [1], [1]]


@pytest.mark.parametrize('rate', [0.5, 1])
@pytest.mark.parametrize('jitter', [0.0, 0.3])
def test_people_who_stay_keep_their_ids_before_a_slow_camera(rate, jitter):
    tracker = FaceTracker()
    times = [step / rate + jitter * (step % 2) for step in range(10)]

    ids = [ids_of(tracker, [face(100), face(300)], time) for time in times]

    assert ids == [[1, 2]] * 10


def test_a_slow_camera_keeps_ids_though_the_timeout_is_short():
    assert follow([[face(100)]] * 3, rate=1, timeout=0.0) == [[1]] * 3


@pytest.mark.parametrize(('period', 'id_'), [(2.4, 1), (2.6, 2)])
def test_a_camera_that_pauses_for_more_than_two_seconds_and_the_timeout_shows_new_faces(
    period, id_
):
    tracker = FaceTracker()
    tracker.update([face(100)], 0.0, 0.5, 16)

    assert ids_of(tracker, [face(100)], period, timeout=0.5) == [id_]


def test_a_face_that_has_timed_out_is_no_longer_held():
    tracker = FaceTracker()
    tracker.update([face(100)], 0.0, 0.0, 16)
    tracker.update([], 1.0, 0.0, 16)

    assert tracker.ids == set()
    assert tracker.numbers == set()


def test_after_a_gap_in_time_faces_are_new():
    tracker = FaceTracker()
    tracker.update([face(100)], 0.0, 1.0, 16)

    assert ids_of(tracker, [face(100)], 3600.0) == [2]


# Maximum number of faces


def test_of_too_many_faces_the_largest_are_kept():
    small, large, larger = face(100, side=30), face(300, side=60), face(500, side=70)

    assert follow([[small, large, larger]] * 2, most=2) == [[None, 2, 1]] * 2


def test_a_detection_that_flashes_up_takes_nobodys_place_however_large_it_is():
    assert follow([[face(100)], [face(100), face(400, side=200)]], most=1)[1] == [1, None]


def test_who_is_no_longer_among_the_largest_has_left_after_the_timeout():
    tracker = FaceTracker()
    tracker.update([face(100)], 0.0, 1.0, 1)
    held = []
    for step in range(1, 60):
        tracker.update([face(100), face(300, side=80)], step / 30, 1.0, 1)
        held.append(tracker.ids)

    assert held[0] == {1}
    assert held[10] == {1, 2}
    assert held[-1] == {2}


def test_two_faces_that_take_turns_at_being_the_largest_keep_their_ids():
    frames = [[face(100, side=50 + 4 * (step % 2)), face(300, side=52)] for step in range(60)]

    ids = follow(frames, most=1)

    assert ids[::2] == [[None, 1]] * 30
    assert ids[5::2] == [[2, None]] * 28


# Faces between two detections


def lost(before, guess):
    """Return None, as if the face was not found again."""


def test_between_two_looks_a_face_that_is_not_found_again_moves_on_with_its_eyes():
    tracker = FaceTracker()
    for step in range(20):
        tracker.update([face(100 + 5 * step, 100 + 2 * step)], step / 30, 1.0, 16)

    (sighting,) = tracker.follow(20 / 30, 200, 400, lost)

    assert sighting.id == 1
    np.testing.assert_allclose(sighting.face.box, face(200, 140).box, atol=2)
    np.testing.assert_allclose(sighting.face.eyes, face(200, 140).eyes, atol=2)


def test_between_two_looks_a_face_is_where_it_is_found_again_and_known_there_later():
    tracker = FaceTracker()
    tracker.update([face(100)], 0.0, 1.0, 16)
    asked = []

    for step in range(1, 10):

        def look(before, guess, x=100 + 15 * step):
            asked.append(before.box)
            return face(x)

        (sighting,) = tracker.follow(step / 30, 200, 400, look)
        assert sighting.face.box == face(100 + 15 * step).box

    # Each search starts from the last position of the face.
    assert asked == [face(100 + 15 * step).box for step in range(9)]
    assert ids_of(tracker, [face(250)], 10 / 30) == [1]


def test_between_two_looks_nobody_stands_who_was_lost_before():
    tracker = FaceTracker()
    tracker.update([face(100), face(300)], 0.0, 1.0, 16)
    tracker.update([face(100)], 0.03, 1.0, 16)

    assert [sighting.id for sighting in tracker.follow(0.06, 200, 400, lost)] == [1]
    assert tracker.ids == {1, 2}


def test_between_two_looks_who_walks_out_of_the_picture_is_gone():
    tracker = FaceTracker()
    for step in range(10):
        tracker.update([face(300 + 10 * step), face(100, 180)], step / 30, 1.0, 16)

    first, later = (tracker.follow(0.3 + step / 30, 200, 400, lost) for step in (0, 4))

    assert [sighting.id for sighting in first] == [1, 2]
    assert first[0].face.box[2] == 400
    assert [sighting.id for sighting in later] == [2]


# Boxes of unconfirmed and recently lost faces


def test_a_face_that_is_not_believed_yet_has_a_box():
    tracker = FaceTracker()
    ids_of(tracker, [], 0.0)

    assert ids_of(tracker, [face(100), face(300)], 1 / 30) == [None, None]

    assert tracker.boxes == [pytest.approx(face(100).box), pytest.approx(face(300).box)]


def test_a_face_that_was_lost_just_now_has_a_box():
    tracker = FaceTracker()
    ids_of(tracker, [face(100)], 0.0)

    ids_of(tracker, [], 1 / 30)

    assert tracker.boxes == [pytest.approx(face(100).box)]
