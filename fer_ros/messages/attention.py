"""Convert the attention of faces to `Detection2DArray`: `/emotion/attention`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fer_ros.messages.detections import ARRAY
from fer_ros.messages.detections import DETECTION
from fer_ros.messages.detections import fill_box
from fer_ros.messages.detections import HYPOTHESIS
from fer_ros.messages.detections import NO_ESTIMATE
from fer_ros.messages.types import MessageTypes
from fer_ros.perception.faces import Attention
from fer_ros.perception.faces import ATTENTION_STATES
from fer_ros.perception.faces import Face
from fer_ros.perception.faces import HeadPose
from fer_ros.perception.faces import UNKNOWN
from fer_ros.perception.frame_result import FrameResult

# Attention of a face that was not measured.
NOT_MEASURED = Attention(UNKNOWN, np.array([0.0, 0.0, 1.0]))

# Standard deviations of the orientation of a head [rad], from landmarks and from the points of a
# detector; see `doc/attention.md`.
TURN_SPREAD = math.radians(4)
ROUGH_TURN_SPREAD = math.radians(10)


def to_attention_array(types: MessageTypes, header: Any, result: FrameResult) -> Any:
    """
    Convert the attention of all faces of an image to one message.

    :param types: message classes.
    :param header: header of the image.
    :param result: result of the image.
    :return: Detection2DArray with the same faces as that of `to_detection_array`.
    """
    message = types[ARRAY]()
    message.header = header
    message.detections = [to_attention(types, header, face) for face in result.faces]
    return message


def to_attention(types: MessageTypes, header: Any, face: Face) -> Any:
    """
    Convert the attention of one face to a detection message.

    The first result is the decided state, and the others follow in descending order of score.
    The pose of the first result is that of the head: the estimated position of the sellion, and
    the orientation of the frame of the face (x out of the face, z up).
    If the pose is unknown, the first element of its covariance is -1.

    :param types: message classes.
    :param header: header of the image.
    :param face: a face in the image.
    :return: Detection2D.
    """
    attention = face.attention or NOT_MEASURED
    message = types[DETECTION]()
    message.header = header
    message.id = str(face.id)
    fill_box(message, face)
    scores = zip(ATTENTION_STATES, attention.scores.tolist(), strict=True)
    # The sort is stable: equal scores keep the order of the states.
    ordered = sorted(scores, key=lambda one: (one[0] != attention.state, -one[1]))
    results = []
    for state, score in ordered:
        result = types[HYPOTHESIS]()
        result.hypothesis.class_id, result.hypothesis.score = state, float(score)
        results.append(result)
    message.results = results
    _fill_pose(message.results[0].pose, attention.head)
    return message


def _fill_pose(pose: Any, head: HeadPose | None) -> None:
    """Fill in the pose of a head and its covariance."""
    if head is None:
        pose.covariance[0] = NO_ESTIMATE
        return
    place, turn = pose.pose.position, pose.pose.orientation
    place.x, place.y, place.z = head.position.point.tolist()
    turn.x, turn.y, turn.z, turn.w = quaternion_of(head.rotation)
    spread = ROUGH_TURN_SPREAD if head.rough else TURN_SPREAD
    covariance = spread**2 * np.eye(6)
    covariance[:3, :3] = head.position.covariance
    pose.covariance = covariance.ravel()


def quaternion_of(rotation: np.ndarray) -> tuple[float, float, float, float]:
    """
    Convert a rotation matrix to a quaternion.

    :param rotation: (3, 3) float64 rotation matrix.
    :return: (x, y, z, w), a unit quaternion with w at least 0.
    """
    trace = np.trace(rotation)
    # The four products of the largest component of the quaternion with all components.
    candidates = [
        [
            rotation[2, 1] - rotation[1, 2],
            rotation[0, 2] - rotation[2, 0],
            rotation[1, 0] - rotation[0, 1],
            1 + trace,
        ]
    ]
    for axis in range(3):
        row = [rotation[axis, other] + rotation[other, axis] for other in range(3)]
        row[axis] = 1 + 2 * rotation[axis, axis] - trace
        row.append(candidates[0][axis])
        candidates.append(row)
    largest = max(candidates, key=lambda row: sum(value * value for value in row))
    values = np.array(largest, np.float64)
    values /= np.linalg.norm(values) * (1 if values[3] >= 0 else -1)
    x, y, z, w = values.tolist()
    return x, y, z, w
