import math

import numpy as np
import pytest

from fer_ros.perception.attention.head_pose import angles_of
from fer_ros.perception.attention.head_pose import DETECTOR_POINTS
from fer_ros.perception.attention.head_pose import is_turned
from fer_ros.perception.attention.head_pose import rotation_of
from fer_ros.perception.attention.head_pose import rough_angles
from fer_ros.perception.faces import FaceDetection
from fer_ros.perception.faces import HeadAngles

POSES = [(0, 0, 0), (20, 0, 0), (0, 30, 0), (0, 0, -25), (-35, 40, 15), (170, -50, -20)]


def projected(roll, yaw, pitch, scale=1000.0):
    """Return the detection of a face with a known pose, seen from far away."""
    rotation = rotation_of(HeadAngles(*map(math.radians, (roll, yaw, pitch))))
    points = np.float32(scale * (DETECTOR_POINTS @ rotation.T)[:, :2] + 100)
    return FaceDetection((50.0, 50.0, 150.0, 150.0), 0.9, points[:2], middle=points[2:])


@pytest.mark.parametrize('pose', POSES)
def test_angles_and_rotations_are_inverse(pose):
    rotation = rotation_of(HeadAngles(*map(math.radians, pose)))

    angles = angles_of(rotation)

    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1)
    assert np.degrees([angles.roll, angles.yaw, angles.pitch]) == pytest.approx(pose)


def test_the_signs_are_those_of_the_image():
    def out_of_the_face(*pose):
        return rotation_of(HeadAngles(*map(math.radians, pose)))[:, 0]

    assert out_of_the_face(0, 0, 0) == pytest.approx([0, 0, -1])
    assert out_of_the_face(0, 30, 0)[0] == pytest.approx(0.5)  # to the right side of the image
    assert out_of_the_face(0, 0, 30)[1] == pytest.approx(-0.5)  # up
    # With its head turned clockwise, a face that looks to its right side looks down as well.
    assert out_of_the_face(30, 90, 0)[1] == pytest.approx(0.5)


@pytest.mark.parametrize('pose', POSES)
def test_the_pose_of_projected_points_is_found(pose):
    angles = rough_angles(projected(*pose))

    assert np.degrees([angles.roll, angles.yaw, angles.pitch]) == pytest.approx(pose, abs=0.01)


def test_the_pose_does_not_depend_on_size_and_place():
    near, far = (rough_angles(projected(10, 20, 5, scale)) for scale in (2000, 300))

    assert [near.yaw, near.pitch] == pytest.approx([far.yaw, far.pitch], abs=1e-4)


def test_a_mirrored_face_has_the_opposite_yaw_and_roll():
    face = projected(10, 25, 5)
    mirror = np.float32([-1, 1])
    mirrored = FaceDetection(
        face.box, face.score, (face.eyes * mirror)[::-1], middle=face.middle * mirror
    )

    one, other = rough_angles(face), rough_angles(mirrored)

    assert [other.roll, other.yaw, other.pitch] == pytest.approx(
        [-one.roll, -one.yaw, one.pitch], abs=1e-4
    )


def test_the_angle_to_the_camera_combines_yaw_and_pitch():
    assert HeadAngles(1.0, 0.0, 0.3).off_camera == pytest.approx(0.3)
    assert HeadAngles(0.0, -0.4, 0.0).off_camera == pytest.approx(0.4)


def test_points_on_a_line_give_a_pose_without_an_error():
    eyes = np.float32([[10, 10], [20, 10]])

    angles = rough_angles(FaceDetection((0, 0, 30, 30), 0.9, eyes, middle=eyes))

    assert all(map(math.isfinite, (angles.roll, angles.yaw, angles.pitch)))


def test_without_a_nose_there_is_no_pose_and_no_limit():
    face = FaceDetection((0, 0, 30, 30), 0.9, np.float32([[10, 10], [20, 10]]), True)

    assert rough_angles(face) is None
    assert not is_turned(face, 1.0)


@pytest.mark.parametrize(
    ('yaw', 'limit', 'turned'), [(39, 40, False), (41, 40, True), (-41, 40, True), (80, 0, False)]
)
def test_a_face_is_turned_beyond_the_limit_on_either_side(yaw, limit, turned):
    assert is_turned(projected(0, yaw, 0), limit) is turned
