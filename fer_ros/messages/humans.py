"""From a face to the messages of REP 155 (ROS4HRI), `hri_msgs`."""

from __future__ import annotations

from typing import Any

import numpy as np

from fer_ros.messages.types import MessageTypes
from fer_ros.perception.faces import Face
from fer_ros.perception.frame_result import FrameResult

# The expressions of hri_msgs that are called otherwise than the emotions.
EXPRESSIONS = {'disgust': 'disgusted', 'fear': 'scared', 'surprise': 'surprised'}


def to_region(types: MessageTypes, header: Any, result: FrameResult, face: Face) -> Any:
    """
    Tell where a face is.

    :param types: of the messages.
    :param header: of the image.
    :param result: of the image.
    :param face: one of its faces.
    :return: a NormalizedRegionOfInterest2D: the box as fractions of the image, and how sure the
        detector is.
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
    Tell what a face shows.

    :param types: of the messages.
    :param header: of the image.
    :param result: of the image.
    :param face: one of its faces.
    :return: an Expression: the decided emotion in the words of hri_msgs, with its probability as
        confidence; '' and 0 where it is uncertain or hri_msgs has no word for it.  Valence and
        arousal are the expectation over the whole distribution.
    """
    valence, arousal = np.clip(face.probabilities @ result.affect, -1, 1)
    message = types['hri_msgs/msg/Expression']()
    message.header = header
    message.valence, message.arousal = float(valence), float(arousal)
    name = EXPRESSIONS.get(face.emotion, face.emotion)
    # The words are constants of the message.
    if face.emotion in result.labels and getattr(message, name.upper(), None) == name:
        message.expression = name
        probability = face.probabilities[result.labels.index(face.emotion)]
        message.confidence = float(np.clip(probability, 0, 1))
    return message


def to_ids_list(types: MessageTypes, header: Any, ids: list[str]) -> Any:
    """
    Tell which faces there are.

    :param types: of the messages.
    :param header: of the image.
    :param ids: of the faces, as of `to_face_id`.
    :return: an IdsList.
    """
    message = types['hri_msgs/msg/IdsList']()
    message.header = header
    message.ids = ids
    return message


def to_face_id(namespace: str, id_: int) -> str:
    """
    Give the id of a face in REP 155, which names topics: it must not begin with a digit.

    :param namespace: of the node; in another than the root the id begins with its name, as the
        ids of two nodes must differ.
    :param id_: the id on `/emotion`.
    :return: 'f' and the id; 'left_f7' for face 7 of a node in /left.
    """
    place = namespace.strip('/').replace('/', '_').rstrip('_')
    return f'{place}_f{id_}' if place else f'f{id_}'
