import math

import numpy as np
import pytest

from benchmark.attention.heads import head_of
from benchmark.attention.heads import render
from fer_ros.perception.attention.face_model import load_face_model
from fer_ros.perception.attention.fit import RigidModel
from fer_ros.perception.attention.head_pose import angles_of
from fer_ros.perception.attention.head_pose import FACING
from fer_ros.perception.attention.head_pose import rotation_of
from fer_ros.perception.faces import HeadAngles

SIDE, SCALE, FOCAL_LENGTH = 300, 1000.0, 1500.0
NOSE, EYE = 4, 33


def landmarks():
    """Return the landmarks of a face that looks into the camera, in pixels, z away from it."""
    points = SCALE * load_face_model().points @ FACING.T
    return points + np.array([SIDE / 2, SIDE / 2 - 40, 0])


def dotted(index):
    """Return a picture with a bright dot at a landmark."""
    image = np.zeros((SIDE, SIDE, 3), np.uint8)
    x, y = landmarks()[index, :2].astype(int)
    top, left = y - 3, x - 3
    image[top:, left:][:7, :7] = 255
    return image


def expected(turn):
    """Return the pixels of the landmarks after a turn of the head about its middle."""
    points = landmarks()
    distance = FOCAL_LENGTH
    placed = (points - points.mean(axis=0)) @ turn.T + (0, 0, distance)
    return FOCAL_LENGTH * placed[:, :2] / placed[:, 2:] + SIDE / 2


@pytest.mark.parametrize('yaw', [-30, 0, 30])
@pytest.mark.parametrize('index', [NOSE, EYE])
def test_a_landmark_is_where_its_turned_place_is(yaw, index):
    turn = rotation_of(HeadAngles(0, math.radians(yaw), 0)) @ FACING.T
    head = head_of(dotted(index), landmarks())

    image = render(head, turn, FOCAL_LENGTH, FOCAL_LENGTH, (SIDE, SIDE))

    rows, columns = np.nonzero(image[:, :, 0] > 128)
    assert len(rows)
    found = np.array([columns.mean(), rows.mean()]) + 0.5
    np.testing.assert_allclose(found, expected(turn)[index], atol=2.5)


def test_the_pose_of_a_turned_head_is_that_of_its_landmarks():
    turn = rotation_of(HeadAngles(0, math.radians(40), math.radians(-20)))
    model = RigidModel(load_face_model().points, np.ones(len(landmarks())))

    rotation, _, _ = model.pose((expected(turn @ FACING.T) - SIDE / 2) / FOCAL_LENGTH)

    angles = angles_of(rotation)
    assert np.degrees([angles.yaw, angles.pitch]) == pytest.approx([40, -20], abs=2)
