"""Convert head poses to `TFMessage`, with the frames of REP 155 (ROS4HRI)."""

from __future__ import annotations

from typing import Any

import numpy as np

from fer_ros.messages.attention import quaternion_of
from fer_ros.messages.types import MessageTypes
from fer_ros.perception.faces import Face


def to_transforms(types: MessageTypes, header: Any, faces: dict[str, Face]) -> Any:
    """
    Convert the heads of an image to transforms, as REP 155 specifies.

    :param types: message classes.
    :param header: header of the image.
    :param faces: the faces by their ids, as returned by `humans.to_face_id`.
    :return: TFMessage: for each face with a known pose, the frame `face_<id>` and, if the gaze is
        known, the frame `gaze_<id>`; the parent is the frame of the image.
    """
    transforms = []
    for id_, face in faces.items():
        attention = face.attention
        if attention is None or attention.head is None:
            continue
        place = attention.head.position.point
        transforms.append(_transform(types, header, f'face_{id_}', place, attention.head.rotation))
        if attention.gaze is not None:
            turn = gaze_rotation(attention.gaze, attention.head.rotation)
            transforms.append(_transform(types, header, f'gaze_{id_}', place, turn))
    message = types['tf2_msgs/msg/TFMessage']()
    message.transforms = transforms
    return message


def _transform(
    types: MessageTypes, header: Any, frame: str, place: np.ndarray, rotation: np.ndarray
) -> Any:
    """Create one transform from the frame of the image."""
    message = types['geometry_msgs/msg/TransformStamped']()
    message.header = header
    message.child_frame_id = frame
    shift, turn = message.transform.translation, message.transform.rotation
    shift.x, shift.y, shift.z = place.tolist()
    turn.x, turn.y, turn.z, turn.w = quaternion_of(rotation)
    return message


def gaze_rotation(gaze: np.ndarray, head: np.ndarray) -> np.ndarray:
    """
    Return the axes of the frame of a gaze: x right, y down, z along the gaze.

    :param gaze: (3,) float64, unit vector.
    :param head: (3, 3) float64, the axes of the face as columns, whose last one points up.
    :return: (3, 3) float64, the axes as columns.
    """
    down = -head[:, 2] + gaze * (gaze @ head[:, 2])
    length = np.linalg.norm(down)
    # A gaze straight up or down keeps the right side of the head.
    down = down / length if length > 1e-6 else np.cross(gaze, -head[:, 1])
    return np.column_stack([np.cross(down, gaze), down, gaze])
