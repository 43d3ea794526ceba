"""From faces to `Detection2DArray`: `/emotion` and `/emotion/changes`."""

from __future__ import annotations

from typing import Any

import numpy as np

from fer_ros.messages.types import MessageTypes
from fer_ros.perception.emotions import UNCERTAIN
from fer_ros.perception.faces import Face
from fer_ros.perception.faces import Position
from fer_ros.perception.frame_result import FrameResult

# In a covariance's first place: there is no estimate (the convention of sensor_msgs/Imu).
NO_ESTIMATE = -1.0

# Of an angle of which nothing is known, spread evenly over the whole turn [rad²].
UNKNOWN_ANGLE = np.pi**2 / 3

ARRAY = 'vision_msgs/msg/Detection2DArray'
DETECTION = 'vision_msgs/msg/Detection2D'
HYPOTHESIS = 'vision_msgs/msg/ObjectHypothesisWithPose'


def to_detection_array(types: MessageTypes, header: Any, result: FrameResult) -> Any:
    """
    Tell of all faces in an image.

    :param types: of the messages.
    :param header: of the image.
    :param result: of the image; without faces the list is empty.
    :return: a Detection2DArray: for each face its id, its box and its whole distribution.
    """
    message = types[ARRAY]()
    message.header = header
    message.detections = [
        to_detection(types, header, face, result.labels) for face in result.faces
    ]
    return message


def to_changes(types: MessageTypes, header: Any, result: FrameResult) -> Any:
    """
    Tell of what changed.

    :param types: of the messages.
    :param header: of the image in which it showed.
    :param result: of the image.
    :return: a Detection2DArray: the faces that came or whose decided emotion changed, and a
        detection without results for each person who left.
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


def to_detection(types: MessageTypes, header: Any, face: Face, labels: tuple[str, ...]) -> Any:
    """
    Tell of one face.

    :param types: of the messages.
    :param header: of the image.
    :param face: of the image.
    :param labels: the names of the face's probabilities.
    :return: a Detection2D.  The first result is what was decided, the others follow best first:
        where that is 'uncertain', a result of its own with 1 - best as its score; where a new
        emotion has not lasted long enough yet, the old one, though its score is not the best any
        more.  The first has the position as its pose, or -1 as the first covariance where it is
        unknown.
    """
    message = types[DETECTION]()
    message.header = header
    message.id = str(face.id)
    left, top, right, bottom = (float(value) for value in face.box)
    message.bbox.center.position.x = (left + right) / 2
    message.bbox.center.position.y = (top + bottom) / 2
    message.bbox.size_x = right - left
    message.bbox.size_y = bottom - top
    # A stable sort, so that equal scores stand in the order of the labels.
    order = np.argsort(-face.probabilities, kind='stable')
    results = [(labels[index], float(face.probabilities[index])) for index in order]
    if face.emotion == UNCERTAIN:
        results.insert(0, (UNCERTAIN, 1 - results[0][1]))
    else:
        results.sort(key=lambda result: result[0] != face.emotion)
    message.results = [_hypothesis(types, name, score) for name, score in results]
    _set_pose(message.results[0].pose, face.position)
    return message


def _set_pose(pose: Any, position: Position | None) -> None:
    """Fill in what is known; the pose is one without turn, and which way a face looks is not."""
    if position is None:
        pose.covariance[0] = NO_ESTIMATE
        return
    place = pose.pose.position
    place.x, place.y, place.z = position.point.tolist()
    covariance = UNKNOWN_ANGLE * np.eye(6)
    covariance[:3, :3] = position.covariance
    pose.covariance = covariance.ravel()


def _hypothesis(types: MessageTypes, name: str, score: float) -> Any:
    """Make one result; its pose says nothing."""
    result = types[HYPOTHESIS]()
    result.hypothesis.class_id = name
    result.hypothesis.score = score
    return result
