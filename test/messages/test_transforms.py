import numpy as np
import pytest

from fer_ros.messages.humans import to_landmarks
from fer_ros.messages.transforms import gaze_rotation
from fer_ros.messages.transforms import to_transforms
from fer_ros.perception.faces import Attention
from fer_ros.perception.faces import Face
from fer_ros.perception.faces import HeadAngles
from fer_ros.perception.faces import HeadPose
from fer_ros.perception.faces import Position
from results import result_of

# The axes of a face that looks into the camera: out of the face, to its left, up.
FACING = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, -1.0], [-1.0, 0.0, 0.0]])
LANDMARKS = np.column_stack([np.linspace(64, 576, 70), np.linspace(48, 432, 70)])


def face(gaze=(0.0, 0.0, -1.0), head=True, landmarks=LANDMARKS):
    position = Position(np.array([0.1, 0.2, 1.5]), np.eye(3))
    pose = HeadPose(FACING, position, HeadAngles(0.0, 0.0, 0.0), rough=False) if head else None
    attention = Attention(
        'away',
        np.array([0.1, 0.8, 0.1]),
        pose,
        None if gaze is None else np.array(gaze),
        None if landmarks is None else np.float32(landmarks),
    )
    return Face(4, (10.0, 20.0, 50.0, 80.0), 0.9, np.array([1.0]), 'happy', None, attention)


def rotation_of(quaternion):
    x, y, z, w = quaternion.x, quaternion.y, quaternion.z, quaternion.w
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


@pytest.fixture
def frames(types, header):
    try:
        types['tf2_msgs/msg/TFMessage']()
    except (ImportError, AttributeError):
        pytest.skip('tf2_msgs is not built here')

    def make(**faces):
        return to_transforms(types, header(), faces).transforms

    return make


def test_a_face_has_the_frames_of_rep_155_in_the_frame_and_at_the_time_of_the_image(
    frames, header
):
    found, gaze = frames(f4=face())

    assert (found.child_frame_id, gaze.child_frame_id) == ('face_f4', 'gaze_f4')
    assert found.header == gaze.header == header()
    for one in (found, gaze):
        place = one.transform.translation
        assert (place.x, place.y, place.z) == (0.1, 0.2, 1.5)
    # x out of the face, z up; in the optical frame of the camera, y is down.
    turn = rotation_of(found.transform.rotation)
    np.testing.assert_allclose(turn @ [1, 0, 0], [0, 0, -1], atol=1e-6)
    np.testing.assert_allclose(turn @ [0, 0, 1], [0, -1, 0], atol=1e-6)
    # z along the gaze, y down, x to the right of the person, which is the left of the image.
    turn = rotation_of(gaze.transform.rotation)
    np.testing.assert_allclose(turn @ [0, 0, 1], [0, 0, -1], atol=1e-6)
    np.testing.assert_allclose(turn @ [0, 1, 0], [0, 1, 0], atol=1e-6)
    np.testing.assert_allclose(turn @ [1, 0, 0], [-1, 0, 0], atol=1e-6)


def test_without_a_gaze_there_is_one_frame_and_without_a_pose_none(frames):
    assert [one.child_frame_id for one in frames(f4=face(gaze=None))] == ['face_f4']
    assert len(frames(f4=face(head=False, gaze=None))) == 0


@pytest.mark.parametrize('gaze', [(0.6, 0.0, -0.8), (0.0, -0.6, -0.8), (0.0, -1.0, 0.0)])
def test_the_axes_of_a_gaze_are_a_rotation_whatever_its_direction(gaze):
    rotation = gaze_rotation(np.array(gaze), FACING)

    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(rotation) == pytest.approx(1)
    np.testing.assert_allclose(rotation[:, 2], gaze)


@pytest.fixture
def landmarks(types, header):
    try:
        types['hri_msgs/msg/FacialLandmarks']()
    except (ImportError, AttributeError):
        pytest.skip('this hri_msgs has no FacialLandmarks')

    def make(one):
        return to_landmarks(types, header(), result_of(one, labels=('happy',)), one)

    return make


def test_landmarks_are_fractions_of_the_image(landmarks):
    message = landmarks(face())

    assert (message.height, message.width) == (480, 640)
    assert len(message.landmarks) == 70
    first, last = message.landmarks[0], message.landmarks[69]
    assert (first.x, first.y, last.x, last.y) == pytest.approx((0.1, 0.1, 0.9, 0.9))
    assert first.c == pytest.approx(0.9)


def test_landmarks_outside_the_image_and_unknown_pupils_have_no_confidence(landmarks):
    places = LANDMARKS.copy()
    places[0], places[68] = (-20, 500), (np.nan, np.nan)

    message = landmarks(face(landmarks=places))

    outside, unknown = message.landmarks[0], message.landmarks[68]
    assert (outside.x, outside.y, outside.c) == (0, 1, 0)
    assert (unknown.x, unknown.y, unknown.c) == (0, 0, 0)
