"""
The pose of a head, and its rough estimate from the points of a detector.

The frame of a face is that of REP 155: x points out of the face, y to the person's left, z up.
The frame of a camera is its optical frame: x to the right, y down, z forward.
"""

from __future__ import annotations

from collections.abc import Callable
import math

import numpy as np

from fer_ros.perception.attention.face_model import FaceModel
from fer_ros.perception.attention.face_model import PUPIL_SPREAD
from fer_ros.perception.attention.fit import RigidModel
from fer_ros.perception.attention.fit import sight_rotation
from fer_ros.perception.attention.fit import turned_rays
from fer_ros.perception.faces import FaceDetection
from fer_ros.perception.faces import HeadAngles
from fer_ros.perception.faces import HeadPose
from fer_ros.perception.faces import Position

# The points of the detectors YuNet and BlazeFace in the frame of a face [m]: right eye, left eye,
# tip of the nose, centre of the mouth; the origin is the sellion. They are the means of both
# detectors over faces of FER2013; see `python -m benchmark face_model`.
DETECTOR_POINTS = np.array(
    [
        [-0.016, -0.0292, -0.004],
        [-0.016, 0.0292, -0.004],
        [0.010, 0.0, -0.0385],
        [-0.009, 0.0, -0.066],
    ]
)
_MODEL = RigidModel(DETECTOR_POINTS, np.ones(len(DETECTOR_POINTS)))

# Standard deviation of the distance as a fraction of the distance, in addition to that of the
# distance between pupils: of the fit to landmarks, and of the points of a detector.
FIT_SPREAD = 0.03
ROUGH_SPREAD = 0.1
# Standard deviation of the position across the line of sight, as a fraction of the distance.
ACROSS_SPREAD = 0.01

# The axes of a face that looks straight into the camera, as columns, in the camera's frame.
FACING = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, -1.0], [-1.0, 0.0, 0.0]])


def angles_of(rotation: np.ndarray) -> HeadAngles:
    """
    Split the rotation of a head into its angles.

    :param rotation: (3, 3) float, the axes of the face as columns, in the frame of a camera whose
        optical axis passes through the face.
    :return: the angles.
    """
    # In the frame of a face that looks into the camera, the rotation is the product of a roll
    # about z, a yaw about y and a pitch about x. Only some of its elements are needed.
    out, left, up = rotation.T.tolist()
    roll = math.atan2(left[1], left[0])
    yaw = math.asin(max(-1.0, min(1.0, left[2])))
    pitch = math.atan2(up[2], -out[2])
    return HeadAngles(roll, yaw, pitch)


def rotation_of(angles: HeadAngles) -> np.ndarray:
    """
    Return the rotation of a head with given angles; the inverse of `angles_of`.

    :param angles: the angles.
    :return: (3, 3) float64, the axes of the face as columns, in the frame of a camera whose
        optical axis passes through the face.
    """
    cos, sin = math.cos(angles.roll), math.sin(angles.roll)
    roll = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    cos, sin = math.cos(angles.yaw), math.sin(angles.yaw)
    yaw = np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]])
    cos, sin = math.cos(angles.pitch), math.sin(angles.pitch)
    pitch = np.array([[1, 0, 0], [0, cos, sin], [0, -sin, cos]])
    rotation: np.ndarray = roll @ yaw @ pitch @ FACING
    return rotation


def rough_angles(face: FaceDetection) -> HeadAngles | None:
    """
    Estimate the direction of a face from the four points of its detector.

    The points are fitted by an affine camera, whose nearest rotation is returned. Faces differ in
    the length of their nose, and YuNet underestimates roll, so the angles are rough.

    :param face: the detection.
    :return: the angles; None if the detector does not locate nose and mouth.
    """
    if face.middle is None:
        return None
    rotation, _ = _MODEL.affine_pose(np.concatenate([face.eyes, face.middle]))
    return angles_of(rotation)


def is_turned(face: FaceDetection, max_yaw: float) -> bool:
    """
    Check whether a face is turned too far for its emotion to be recognised.

    :param face: the detection.
    :param max_yaw: largest yaw in degrees; 0 for no limit.
    :return: whether the yaw exceeds the limit; False if the detector locates no nose and mouth.
    """
    if max_yaw <= 0:
        return False
    angles = rough_angles(face)
    return angles is not None and abs(math.degrees(angles.yaw)) > max_yaw


def head_pose(model: FaceModel, rays: np.ndarray) -> HeadPose:
    """
    Fit the 3-D face to the directions of its landmarks.

    :param model: the 3-D face.
    :param rays: (N, 2) float64, (x / z, y / z) of the landmarks `model.fitted`.
    :return: the pose.
    """
    rotation, place, _ = model.rigid.pose(rays)
    return _pose(rotation, place, rough=False)


def rough_pose(face: FaceDetection, rays: Callable[[np.ndarray], np.ndarray]) -> HeadPose | None:
    """
    Estimate the pose of a head from the four points of its detector.

    :param face: the detection.
    :param rays: converts (N, 2) pixels to directions, (x / z, y / z).
    :return: the pose; None if the detector does not locate nose and mouth.
    """
    if face.middle is None:
        return None
    seen = rays(np.concatenate([face.eyes, face.middle]))
    sight = sight_rotation(seen.mean(axis=0))
    rotation, scale = _MODEL.affine_pose(turned_rays(seen, sight))
    centre = np.array([0.0, 0.0, 1 / max(scale, 1e-9)])
    place = sight @ (centre - rotation @ _MODEL.points.mean(axis=0))
    return _pose(sight @ rotation, place, rough=True)


def _pose(rotation: np.ndarray, place: np.ndarray, rough: bool) -> HeadPose:
    """Complete a pose with its angles and the covariance of its position."""
    distance = float(np.linalg.norm(place))
    sight = sight_rotation(place[:2] / place[2])
    along = (PUPIL_SPREAD + (ROUGH_SPREAD if rough else FIT_SPREAD)) * distance
    across = ACROSS_SPREAD * distance
    covariance = sight @ np.diag([across**2, across**2, along**2]) @ sight.T
    angles = angles_of(sight.T @ rotation)
    return HeadPose(rotation, Position(place, covariance), angles, rough)
