"""Convert faces to `Detection2DArray`: `/emotion`, `/emotion/changes` and `/emotion/present`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from fer_ros.messages.types import MessageTypes
from fer_ros.perception.emotions import UNCERTAIN
from fer_ros.perception.faces import Face
from fer_ros.perception.faces import Position
from fer_ros.perception.frame_result import FrameResult

# As the first element of a covariance, this value means that there is no estimate (a convention of
# sensor_msgs/Imu).
NO_ESTIMATE = -1.0

# Variance of an unknown angle, uniformly distributed over a full turn [rad²].
UNKNOWN_ANGLE = np.pi**2 / 3

ARRAY = 'vision_msgs/msg/Detection2DArray'
DETECTION = 'vision_msgs/msg/Detection2D'
HYPOTHESIS = 'vision_msgs/msg/ObjectHypothesisWithPose'


def to_detection_array(types: MessageTypes, header: Any, result: FrameResult) -> Any:
    """
    Convert all faces of an image to one message.

    :param types: message classes.
    :param header: header of the image.
    :param result: result of the image.
    :return: Detection2DArray with the id, the bounding box and all probabilities of each face;
        empty if there is no face.
    """
    message = types[ARRAY]()
    message.header = header
    message.detections = [
        to_detection(types, header, face, result.labels) for face in result.faces
    ]
    return message


def to_changes(types: MessageTypes, header: Any, result: FrameResult) -> Any:
    """
    Convert the faces that changed with an image to one message.

    :param types: message classes.
    :param header: header of the image.
    :param result: result of the image.
    :return: Detection2DArray with each face that is new or has a new decided emotion. For each
        person who left, the array contains a detection without results.
    """
    message = types[ARRAY]()
    message.header = header
    detections = [
        to_detection(types, header, face, result.labels) for face in result.changed_faces
    ]
    for id_ in result.left_ids:
        left = types[DETECTION]()
        left.header = header
        left.id = str(id_)
        detections.append(left)
    message.detections = detections
    return message


def to_present(
    types: MessageTypes, header: Any, people: Iterable[tuple[Face, tuple[str, ...]]]
) -> Any:
    """
    Convert the faces of everybody who is here to one message.

    :param types: message classes.
    :param header: header of the image that changed something.
    :param people: the last face of each person, with the names of its probabilities.
    :return: Detection2DArray, empty if nobody is here.
    """
    message = types[ARRAY]()
    message.header = header
    message.detections = [to_detection(types, header, face, labels) for face, labels in people]
    return message


def to_detection(types: MessageTypes, header: Any, face: Face, labels: tuple[str, ...]) -> Any:
    """
    Convert one face to a detection message.

    The first result is the decided emotion, and the others follow in descending order of score.
    If the decided emotion is 'uncertain', the first result is an additional one, whose score is 1
    minus the highest probability.
    While a new emotion has not lasted long enough, the first result is still the old emotion,
    although its score is no longer the highest.
    The pose of the first result is the position of the face.
    If the position is unknown, the first element of its covariance is -1.

    :param types: message classes.
    :param header: header of the image.
    :param face: a face in the image.
    :param labels: names of the face's probabilities, in the same order.
    :return: Detection2D.
    """
    message = types[DETECTION]()
    message.header = header
    message.id = str(face.id)
    fill_box(message, face)
    # The sort is stable: equal scores keep the order of the labels.
    order = np.argsort(-face.probabilities, kind='stable')
    results = [(labels[index], float(face.probabilities[index])) for index in order]
    if face.emotion == UNCERTAIN:
        results.insert(0, (UNCERTAIN, 1 - results[0][1]))
    else:
        results.sort(key=lambda result: result[0] != face.emotion)
    message.results = [_hypothesis(types, name, score) for name, score in results]
    _set_pose(message.results[0].pose, face.position)
    return message


def fill_box(message: Any, face: Face) -> None:
    """
    Fill in the bounding box of a face.

    :param message: Detection2D.
    :param face: the face.
    """
    left, top, right, bottom = (float(value) for value in face.box)
    message.bbox.center.position.x = (left + right) / 2
    message.bbox.center.position.y = (top + bottom) / 2
    message.bbox.size_x = right - left
    message.bbox.size_y = bottom - top


def _set_pose(pose: Any, position: Position | None) -> None:
    """
    Fill in the position and its covariance.

    The orientation of the face is unknown: the quaternion is the identity, with a large variance.
    """
    if position is None:
        pose.covariance[0] = NO_ESTIMATE
        return
    place = pose.pose.position
    place.x, place.y, place.z = position.point.tolist()
    covariance = UNKNOWN_ANGLE * np.eye(6)
    covariance[:3, :3] = position.covariance
    pose.covariance = covariance.ravel()


def _hypothesis(types: MessageTypes, name: str, score: float) -> Any:
    """Create one result, without setting its pose."""
    result = types[HYPOTHESIS]()
    result.hypothesis.class_id = name
    result.hypothesis.score = score
    return result
