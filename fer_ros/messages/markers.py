"""Convert faces to markers for RViz, for `/emotion/markers`."""

from __future__ import annotations

from typing import Any

from fer_ros.messages.types import MessageTypes
from fer_ros.perception.drawing.colours import COLOURS
from fer_ros.perception.drawing.colours import OTHER_COLOUR
from fer_ros.perception.faces import Face
from fer_ros.perception.frame_result import FrameResult

ARRAY = 'visualization_msgs/msg/MarkerArray'
MARKER = 'visualization_msgs/msg/Marker'

# Namespaces of the markers. RViz identifies a marker by its namespace and its id.
HEADS = 'faces'
WORDS = 'emotions'

# RViz keeps showing a marker for this long after its last message [s]. Examples are a face whose
# position is no longer measured, and all faces after the node has ended.
LIFETIME = 1

# Diameter of the sphere that represents a head [m], and its opacity from 0 to 1.
HEAD_SIZE = 0.2
HEAD_ALPHA = 0.6

# Height of the letters, and their distance above the centre of the face [m].
LETTER_SIZE = 0.08
LETTERS_ABOVE = 0.2

# The id of a marker is an int32. The ids of faces have no such limit.
IDS = 2**31


def to_markers(types: MessageTypes, header: Any, result: FrameResult) -> Any:
    """
    Create a sphere and a text for each face with a known position.

    The markers of each person who left are deleted.

    :param types: message classes.
    :param header: header of the image.
    :param result: result of the image.
    :return: MarkerArray.
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
        # In the optical frame of a camera, y points down.
        _place(words, x, y - LETTERS_ABOVE, z)
        words.scale.z = LETTER_SIZE
        _colour(words, 1.0, 1.0, 1.0, 1.0)
        words.text = _words(face, result.labels)
        markers += [head, words]
    message = types[ARRAY]()
    message.markers = markers
    return message


def _marker(types: MessageTypes, header: Any, id_: int, name: str) -> Any:
    """
    Create a marker for a face.

    :param name: namespace of the marker, HEADS or WORDS.
    """
    marker = types[MARKER]()
    marker.header = header
    marker.ns = name
    marker.id = id_ % IDS
    return marker


def _place(marker: Any, x: float, y: float, z: float) -> None:
    """Set the position of a marker [m]."""
    place = marker.pose.position
    place.x, place.y, place.z = x, y, z


def _colour(marker: Any, red: float, green: float, blue: float, alpha: float) -> None:
    """Set the colour of a marker; each component is from 0 to 1."""
    colour = marker.color
    colour.r, colour.g, colour.b, colour.a = red, green, blue, alpha


def _words(face: Face, labels: tuple[str, ...]) -> str:
    """
    Return the text of a marker: the id, the decided emotion and its probability in percent.

    The probability is omitted if the decided emotion is not a label, as for 'uncertain'.
    """
    if face.emotion not in labels:
        return f'{face.id} {face.emotion}'
    return f'{face.id} {face.emotion} {100 * face.probabilities[labels.index(face.emotion)]:.0f} %'
