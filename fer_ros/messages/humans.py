"""Convert a face to the messages of REP 155 (ROS4HRI), package `hri_msgs`."""

from __future__ import annotations

from typing import Any

import numpy as np

from fer_ros.messages.types import MessageTypes
from fer_ros.perception.faces import Face
from fer_ros.perception.frame_result import FrameResult

# Emotions whose name in hri_msgs differs from the label of the model.
EXPRESSIONS = {'disgust': 'disgusted', 'fear': 'scared', 'surprise': 'surprised'}


def to_region(types: MessageTypes, header: Any, result: FrameResult, face: Face) -> Any:
    """
    Convert the bounding box of a face to a region message.

    :param types: message classes.
    :param header: header of the image.
    :param result: result of the image.
    :param face: a face of the result.
    :return: NormalizedRegionOfInterest2D: the bounding box as fractions of the image's width and
        height, and the score of the detector as confidence.
    """
    height, width = result.image_size
    scale = (width, height, width, height)
    message = types['hri_msgs/msg/NormalizedRegionOfInterest2D']()
    message.header = header
    message.xmin, message.ymin, message.xmax, message.ymax = (
        float(np.clip(value / side, 0, 1)) for value, side in zip(face.box, scale, strict=True)
    )
    message.c = float(np.clip(face.score, 0, 1))
    return message


def to_expression(types: MessageTypes, header: Any, result: FrameResult, face: Face) -> Any:
    """
    Convert the emotion of a face to an expression message.

    Valence and arousal are expectations over all probabilities of the face.
    The expression is the decided emotion, with its probability as confidence.
    The expression is '' and its confidence 0 if the emotion is uncertain or has no name in
    hri_msgs.

    :param types: message classes.
    :param header: header of the image.
    :param result: result of the image.
    :param face: a face of the result.
    :return: Expression.
    """
    message = types['hri_msgs/msg/Expression']()
    message.header = header
    message.valence, message.arousal = result.affect_of(face)
    name = EXPRESSIONS.get(face.emotion, face.emotion)
    # hri_msgs defines the names of expressions as constants of the message.
    if face.emotion in result.labels and getattr(message, name.upper(), None) == name:
        message.expression = name
        probability = face.probabilities[result.labels.index(face.emotion)]
        message.confidence = float(np.clip(probability, 0, 1))
    return message


def to_landmarks(types: MessageTypes, header: Any, result: FrameResult, face: Face) -> Any:
    """
    Convert the landmarks of a face to a landmarks message.

    :param types: message classes.
    :param header: header of the image.
    :param result: result of the image.
    :param face: a face of the result whose landmarks are known.
    :return: FacialLandmarks. A landmark outside the image is moved to its border, and its
        confidence is 0. A pupil that was not located has the confidence 0 at (0, 0).
    """
    assert face.attention is not None
    assert face.attention.landmarks is not None
    height, width = result.image_size
    places = face.attention.landmarks.astype(np.float64) / (width, height)
    score = float(np.clip(face.score, 0, 1))
    message = types['hri_msgs/msg/FacialLandmarks']()
    message.header = header
    message.height, message.width = height, width
    points = []
    for place in places:
        point = types['hri_msgs/msg/NormalizedPointOfInterest2D']()
        if np.isfinite(place).all():
            point.x, point.y = np.clip(place, 0, 1).tolist()
            point.c = score if (place == np.clip(place, 0, 1)).all() else 0.0
        points.append(point)
    message.landmarks = points
    return message


def to_ids_list(types: MessageTypes, header: Any, ids: list[str]) -> Any:
    """
    Convert a list of face ids to a message.

    :param types: message classes.
    :param header: header of the image.
    :param ids: ids of the faces, as returned by `to_face_id`.
    :return: IdsList.
    """
    message = types['hri_msgs/msg/IdsList']()
    message.header = header
    message.ids = ids
    return message


def to_face_id(namespace: str, id_: int) -> str:
    """
    Return the id of a face for REP 155.

    REP 155 uses the id in names of topics, so it must not begin with a digit.
    The ids of two nodes must differ, so a namespace other than the root becomes a prefix.

    :param namespace: namespace of the node.
    :param id_: id of the face on `/emotion`.
    :return: 'f' and the id, for example 'f7'; 'left_f7' for face 7 of a node in /left.
    """
    place = namespace.strip('/').replace('/', '_').rstrip('_')
    return f'{place}_f{id_}' if place else f'f{id_}'
