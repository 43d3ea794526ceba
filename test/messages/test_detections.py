import numpy as np
import pytest

from fer_ros.messages.detections import to_changes
from fer_ros.messages.detections import to_detection_array
from fer_ros.messages.detections import to_present
from fer_ros.perception.faces import Face
from fer_ros.perception.faces import Position
from results import result_of

LABELS = ('happy', 'sad', 'neutral')


def face(probabilities=(0.2, 0.7, 0.1), emotion='sad', id_=4):
    # As they come out of the pipeline: NumPy's numbers, which a message's field must not be given.
    box = tuple(np.float32([10, 20, 50, 80]))
    return Face(id_, box, np.float32(0.9), np.array(probabilities), emotion)


def results_of(message):
    return [(one.hypothesis.class_id, one.hypothesis.score) for one in message.results]


def test_nobody_gives_an_empty_list_with_the_header(types, header):
    message = to_detection_array(types, header(), result_of(labels=LABELS))

    assert message.header == header()
    assert len(message.detections) == 0


def test_a_face_has_its_id_its_box_and_the_images_header(types, header):
    (message,) = to_detection_array(types, header(), result_of(face(), labels=LABELS)).detections

    assert message.header == header()
    assert message.id == '4'
    assert (message.bbox.center.position.x, message.bbox.center.position.y) == (30, 50)
    assert (message.bbox.size_x, message.bbox.size_y) == (40, 60)
    assert message.bbox.center.theta == 0


def test_a_face_without_a_position_has_minus_one_as_its_first_covariance(types, header):
    (message,) = to_detection_array(types, header(), result_of(face(), labels=LABELS)).detections

    assert message.results[0].pose.covariance[0] == -1
    assert not np.any(message.results[0].pose.covariance[1:])


def test_the_whole_distribution_stands_best_first(types, header):
    (message,) = to_detection_array(types, header(), result_of(face(), labels=LABELS)).detections

    assert results_of(message) == [('sad', 0.7), ('happy', 0.2), ('neutral', 0.1)]


def test_uncertain_stands_before_a_distribution_that_still_sums_to_one(types, header):
    found = face((0.3, 0.36, 0.34), 'uncertain')

    (message,) = to_detection_array(types, header(), result_of(found, labels=LABELS)).detections

    results = results_of(message)
    assert results[0] == ('uncertain', pytest.approx(0.64))
    assert [name for name, _ in results[1:]] == ['sad', 'neutral', 'happy']
    assert sum(score for _, score in results[1:]) == pytest.approx(1)


def test_what_was_decided_stands_first_until_the_new_emotion_has_lasted(types, header):
    (message,) = to_detection_array(
        types, header(), result_of(face(emotion='happy'), labels=LABELS)
    ).detections

    assert [name for name, _ in results_of(message)] == ['happy', 'sad', 'neutral']


def test_many_faces_keep_their_order(types, header):
    faces = [face(id_=number) for number in (2, 5, 11)]

    message = to_detection_array(types, header(), result_of(*faces, labels=LABELS))

    assert [found.id for found in message.detections] == ['2', '5', '11']


def test_a_position_is_the_pose_of_the_first_result_alone(types, header):
    position = Position(np.array([0.1, 0.2, 1.5]), np.diag([1.0, 2.0, 3.0]))
    result = result_of(face(), labels=LABELS).located({4: position})

    (message,) = to_detection_array(types, header(), result).detections

    first, *others = (one.pose for one in message.results)
    point = first.pose.position
    assert (point.x, point.y, point.z) == (0.1, 0.2, 1.5)
    covariance = np.reshape(first.covariance, (6, 6))
    assert covariance.diagonal() == pytest.approx([1, 2, 3, *[np.pi**2 / 3] * 3])
    assert not any(np.any(pose.covariance) for pose in others)


def test_changes_tell_who_changed_with_results_and_who_left_without(types, header):
    faces = [face(id_=2), face(id_=5), face(id_=11)]
    result = result_of(*faces, labels=LABELS, changed=(5,), left=(3, 4))

    message = to_changes(types, header(), result)

    assert message.header == header()
    assert [found.id for found in message.detections] == ['5', '3', '4']
    assert [len(found.results) for found in message.detections] == [3, 0, 0]
    assert all(found.header == header() for found in message.detections)


def test_who_is_here_stands_with_the_header_of_the_change_and_own_labels(types, header):
    people = [(face(id_=2), LABELS), (face((0.4, 0.6), 'low', id_=5), ('high', 'low'))]

    message = to_present(types, header(), people)

    assert message.header == header()
    assert [found.id for found in message.detections] == ['2', '5']
    assert results_of(message.detections[0])[0] == ('sad', 0.7)
    assert results_of(message.detections[1]) == [('low', 0.6), ('high', 0.4)]
    assert all(found.header == header() for found in message.detections)


def test_nobody_is_here_in_an_empty_message(types, header):
    assert len(to_present(types, header(), []).detections) == 0
