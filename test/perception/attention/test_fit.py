import math

import cv2
import numpy as np
import pytest

from fer_ros.perception.attention.face_model import load_face_model
from fer_ros.perception.attention.fit import RigidModel
from fer_ros.perception.attention.fit import sight_rotation
from fer_ros.perception.attention.fit import turned_rays
from fer_ros.perception.attention.head_pose import head_pose
from fer_ros.perception.attention.head_pose import rotation_of
from fer_ros.perception.faces import HeadAngles

MODEL = load_face_model()
PLACES = [(0.0, 0.0, 0.4), (0.3, -0.2, 0.8), (-1.5, 0.6, 2.0)]
POSES = [(0, 0, 0), (40, 10, -5), (-30, 45, 20), (0, -60, -30), (175, 20, 10)]


def seen(rotation, place, model=MODEL):
    """Return the directions of the fitted landmarks of a face."""
    points = model.points[model.fitted] @ rotation.T + place
    return points[:, :2] / points[:, 2:]


@pytest.mark.parametrize('place', PLACES)
@pytest.mark.parametrize('pose', POSES)
def test_the_pose_of_a_projected_face_is_found(pose, place):
    # The face has the given angles along the line to the face, wherever it is in the image.
    angles = HeadAngles(*map(math.radians, pose))
    rotation = sight_rotation(np.array(place[:2]) / place[2]) @ rotation_of(angles)

    found = head_pose(MODEL, seen(rotation, place))

    np.testing.assert_allclose(found.rotation, rotation, atol=2e-3)
    np.testing.assert_allclose(found.position.point, place, rtol=2e-3, atol=1e-3)
    assert [found.angles.yaw, found.angles.pitch] == pytest.approx(
        [angles.yaw, angles.pitch], abs=2e-3
    )


def test_a_face_at_the_side_that_looks_into_the_camera_has_no_yaw_to_the_camera():
    place = np.array([1.0, 0.0, 1.0])
    rotation = sight_rotation(place[:2]) @ rotation_of(HeadAngles(0, 0, 0))

    found = head_pose(MODEL, seen(rotation, place))

    # In the frame of the camera, the face is turned by 45 degrees to the middle of the image.
    assert found.rotation[:, 0] == pytest.approx([-math.sqrt(0.5), 0, -math.sqrt(0.5)], abs=1e-3)
    assert found.angles.off_camera == pytest.approx(0, abs=2e-3)


def test_the_fit_agrees_with_opencv_on_noisy_points():
    random = np.random.default_rng(0)
    rotation = rotation_of(HeadAngles(0.2, 0.5, -0.2))
    rays = seen(rotation, (0.1, 0.0, 0.7)) + random.normal(0, 1e-3, (len(MODEL.fitted), 2))
    points = MODEL.points[MODEL.fitted]
    even = RigidModel(points, np.ones(len(points)))

    ours, place, _ = even.pose(rays)
    _, turn, shift = cv2.solvePnP(points, rays, np.eye(3), None)

    np.testing.assert_allclose(ours, cv2.Rodrigues(turn)[0], atol=2e-3)
    np.testing.assert_allclose(place, shift.ravel(), atol=2e-3)


def test_the_spread_of_the_position_is_along_the_line_of_sight():
    place = np.array([0.6, 0.0, 0.8])
    rotation = sight_rotation(place[:2] / place[2]) @ rotation_of(HeadAngles(0, 0, 0))

    covariance = head_pose(MODEL, seen(rotation, place)).position.covariance

    values, axes = np.linalg.eigh(covariance)
    assert abs(axes[:, 2] @ place) == pytest.approx(1, abs=1e-3)
    assert 0.06 < math.sqrt(values[2]) < 0.12
    assert math.sqrt(values[1]) < 0.02


@pytest.mark.parametrize('ray', [(0, 0), (0.5, 0), (-1, 2)])
def test_the_line_of_sight_becomes_the_optical_axis(ray):
    ray = np.array(ray, float)

    sight = sight_rotation(ray)

    np.testing.assert_allclose(sight @ sight.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(sight[:2, 2] / sight[2, 2], ray, atol=1e-12)
    np.testing.assert_allclose(turned_rays(ray[None], sight), [[0, 0]], atol=1e-12)


def test_the_face_is_symmetric_and_its_axes_are_those_of_rep_155():
    nose, chin, right_ear, left_ear = MODEL.points[[1, 152, 234, 454]]

    assert nose[0] > 0.015  # out of the face
    assert chin[2] < -0.08  # down
    assert left_ear[1] == pytest.approx(-right_ear[1], abs=1e-4)
    assert left_ear[1] > 0.05  # to the person's left
    assert MODEL.points[168] == pytest.approx([0, 0, 0], abs=1e-4)  # the sellion


def test_points_that_are_all_the_same_do_no_harm():
    found = head_pose(MODEL, np.zeros((len(MODEL.fitted), 2)))

    assert found.rotation.shape == (3, 3)
