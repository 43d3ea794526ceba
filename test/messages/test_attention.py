import cv2
import numpy as np
import pytest

from fer_ros.messages.attention import quaternion_of
from fer_ros.messages.attention import to_attention_array
from fer_ros.messages.detections import to_detection_array
from fer_ros.perception.faces import Attention
from fer_ros.perception.faces import Face
from fer_ros.perception.faces import HeadAngles
from fer_ros.perception.faces import HeadPose
from fer_ros.perception.faces import Position
from results import result_of

LABELS = ('happy', 'sad')
# The axes of a face that looks into the camera: out of the face, to its left, up.
FACING = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, -1.0], [-1.0, 0.0, 0.0]])


def face(attention=None, id_=4):
    return Face(id_, (10.0, 20.0, 50.0, 80.0), 0.9, np.array([0.7, 0.3]), 'happy', None, attention)


def attention(state='away', scores=(0.5, 0.4, 0.1), head=True):
    position = Position(np.array([0.1, 0.2, 1.5]), np.diag([0.01, 0.02, 0.03]))
    pose = HeadPose(FACING, position, HeadAngles(0.0, 0.0, 0.0), rough=False)
    return Attention(state, np.array(scores), pose if head else None)


def results_of(message):
    return [(one.hypothesis.class_id, one.hypothesis.score) for one in message.results]


def test_the_faces_are_those_of_the_emotions_with_the_same_header(types, header):
    result = result_of(face(attention()), face(None, id_=7), labels=LABELS)

    emotions = to_detection_array(types, header(), result)
    message = to_attention_array(types, header(), result)

    assert message.header == emotions.header
    assert [one.id for one in message.detections] == ['4', '7']
    assert [one.bbox for one in message.detections] == [one.bbox for one in emotions.detections]


def test_the_decided_state_stands_first_and_the_others_by_score(types, header):
    result = result_of(face(attention()), labels=LABELS)

    (message,) = to_attention_array(types, header(), result).detections

    assert results_of(message) == [('away', 0.4), ('attending', 0.5), ('unknown', 0.1)]


def test_the_pose_is_that_of_the_head_with_its_covariance(types, header):
    result = result_of(face(attention()), labels=LABELS)

    (message,) = to_attention_array(types, header(), result).detections

    pose = message.results[0].pose
    place, turn = pose.pose.position, pose.pose.orientation
    assert (place.x, place.y, place.z) == (0.1, 0.2, 1.5)
    assert (turn.x, turn.y, turn.z, turn.w) == pytest.approx(quaternion_of(FACING))
    covariance = np.reshape(pose.covariance, (6, 6))
    np.testing.assert_allclose(np.diag(covariance)[:3], [0.01, 0.02, 0.03])
    assert (np.diag(covariance)[3:] > 0).all()


def test_a_face_that_was_not_measured_is_unknown_without_a_pose(types, header):
    result = result_of(face(None), face(attention(head=False), id_=5), labels=LABELS)

    unmeasured, without_head = to_attention_array(types, header(), result).detections

    assert results_of(unmeasured) == [('unknown', 1.0), ('attending', 0.0), ('away', 0.0)]
    assert unmeasured.results[0].pose.covariance[0] == -1
    assert without_head.results[0].pose.covariance[0] == -1


@pytest.mark.parametrize('axis', [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, -2, 3), (-1, 1, 1)])
@pytest.mark.parametrize('angle', [0.0, 0.5, 3.0, np.pi])
def test_a_quaternion_turns_by_the_angle_about_the_axis(axis, angle):
    axis = np.array(axis) / np.linalg.norm(axis)
    rotation, _ = cv2.Rodrigues(angle * axis)

    *vector, w = quaternion_of(rotation)

    assert w >= -1e-9
    assert w == pytest.approx(np.cos(angle / 2), abs=1e-6)
    # A half turn has two quaternions.
    assert np.abs(vector @ axis) == pytest.approx(np.sin(angle / 2), abs=1e-6)
    if angle < 3.1:
        assert vector == pytest.approx(np.sin(angle / 2) * axis, abs=1e-6)
