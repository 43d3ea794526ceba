"""From faces to what RViz shows: `/emotion/markers`."""

from __future__ import annotations

from typing import Any

from fer_ros.messages.types import MessageTypes
from fer_ros.perception.drawing.colours import COLOURS
from fer_ros.perception.drawing.colours import OTHER_COLOUR
from fer_ros.perception.faces import Face
from fer_ros.perception.frame_result import FrameResult

ARRAY = 'visualization_msgs/msg/MarkerArray'
MARKER = 'visualization_msgs/msg/Marker'

# RViz tells markers apart by these and the id.
HEADS = 'faces'
WORDS = 'emotions'

# A face that is not measured is shown this long yet, and so is the last one of a node that ended
# [s].
LIFETIME = 1

# The diameter of the ball that stands for a head [m], and how much of what is in it shows through.
HEAD_SIZE = 0.2
HEAD_ALPHA = 0.6

# The letters' height, and how far above the middle of the face they are [m].
LETTER_SIZE = 0.08
LETTERS_ABOVE = 0.2

# Ids of markers are int32, those of faces are not.
IDS = 2**31


def to_markers(types: MessageTypes, header: Any, result: FrameResult) -> Any:
    """
    Make a ball and words of each face whose position is known, and take away who left.

    :param types: of the messages.
    :param header: of the image.
    :param result: of the image.
    :return: a MarkerArray.
    """
    markers = []
    for id_ in result.left_ids:
        for name in (HEADS, WORDS):
            gone = _marker(types, header, id_, name)
            gone.action = gone.DELETE
            markers.append(gone)
    for face in result.faces:
        if face.position is None:
            continue
        x, y, z = face.position.point.tolist()
        head = _marker(types, header, face.id, HEADS)
        head.type, head.action, head.lifetime.sec = head.SPHERE, head.ADD, LIFETIME
        _place(head, x, y, z)
        head.scale.x = head.scale.y = head.scale.z = HEAD_SIZE
        blue, green, red = (value / 255 for value in COLOURS.get(face.emotion, OTHER_COLOUR))
        _colour(head, red, green, blue, HEAD_ALPHA)
        words = _marker(types, header, face.id, WORDS)
        words.type, words.action = words.TEXT_VIEW_FACING, words.ADD
        words.lifetime.sec = LIFETIME
        # Up is against y in a camera's frame.
        _place(words, x, y - LETTERS_ABOVE, z)
        words.scale.z = LETTER_SIZE
        _colour(words, 1.0, 1.0, 1.0, 1.0)
        words.text = _words(face, result.labels)
        markers += [head, words]
    message = types[ARRAY]()
    message.markers = markers
    return message


def _marker(types: MessageTypes, header: Any, id_: int, name: str) -> Any:
    """Make a marker of a face."""
    marker = types[MARKER]()
    marker.header = header
    marker.ns = name
    marker.id = id_ % IDS
    return marker


def _place(marker: Any, x: float, y: float, z: float) -> None:
    """Set where a marker is [m]."""
    place = marker.pose.position
    place.x, place.y, place.z = x, y, z


def _colour(marker: Any, red: float, green: float, blue: float, alpha: float) -> None:
    """Set a marker's colour, each part from 0 to 1."""
    colour = marker.color
    colour.r, colour.g, colour.b, colour.a = red, green, blue, alpha


def _words(face: Face, labels: tuple[str, ...]) -> str:
    """Say who it is, and what was decided."""
    if face.emotion not in labels:
        return f'{face.id} {face.emotion}'
    return f'{face.id} {face.emotion} {100 * face.probabilities[labels.index(face.emotion)]:.0f} %'
