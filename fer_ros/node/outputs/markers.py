"""From faces to what RViz shows."""

from __future__ import annotations

from collections.abc import Sequence
import importlib
from typing import Any

from builtin_interfaces.msg import Duration
from geometry_msgs.msg import Point
from std_msgs.msg import ColorRGBA
from std_msgs.msg import Header

from fer_ros.perception.drawing.tags import COLOURS
from fer_ros.perception.drawing.tags import OTHER_COLOUR
from fer_ros.perception.faces import Face

# RViz tells markers apart by these and the id.
HEADS = 'faces'
WORDS = 'emotions'

# A face that is not measured is shown this long yet, and so is the last one of a node that ended.
LIFETIME = Duration(sec=1)

# The diameter of the ball that stands for a head [m], and how much of what is in it shows through.
HEAD_SIZE = 0.2
HEAD_ALPHA = 0.6

# The letters' height, and how far above the middle of the face they are [m].
LETTER_SIZE = 0.08
LETTERS_ABOVE = 0.2

# Ids of markers are int32, those of faces are not.
IDS = 2**31


def working_visualization_msgs() -> tuple[Any, str]:
    """
    Look for visualization_msgs, which a small installation of ROS may lack.

    :return: its module msg, and '', or None and the reason why there is none.
    """
    try:
        return importlib.import_module('visualization_msgs.msg'), ''
    except Exception as error:  # an import that breaks raises anything
        return None, f'{type(error).__name__}: {error}'


def to_markers(
    messages: Any,
    header: Header,
    faces: Sequence[Face],
    left: Sequence[int],
    labels: Sequence[str],
) -> Any:
    """
    Make a ball and words of each face whose position is known, and take away who left.

    :param messages: what `working_visualization_msgs` gave.
    :param header: of the image.
    :param faces: of the image.
    :param left: the ids of who left.
    :param labels: the names of the faces' probabilities.
    :return: a MarkerArray.
    """
    marker = messages.Marker
    markers = [
        marker(header=header, ns=name, id=id_ % IDS, action=marker.DELETE)
        for id_ in left
        for name in (HEADS, WORDS)
    ]
    for face in faces:
        if face.position is None:
            continue
        common = {'header': header, 'id': face.id % IDS, 'action': marker.ADD}
        head = marker(ns=HEADS, type=marker.SPHERE, lifetime=LIFETIME, **common)
        words = marker(ns=WORDS, type=marker.TEXT_VIEW_FACING, lifetime=LIFETIME, **common)
        x, y, z = face.position.point.tolist()
        head.pose.position = Point(x=x, y=y, z=z)
        # Up is against y in a camera's frame.
        words.pose.position = Point(x=x, y=y - LETTERS_ABOVE, z=z)
        head.scale.x = head.scale.y = head.scale.z = HEAD_SIZE
        words.scale.z = LETTER_SIZE
        blue, green, red = (value / 255 for value in COLOURS.get(face.emotion, OTHER_COLOUR))
        head.color = ColorRGBA(r=red, g=green, b=blue, a=HEAD_ALPHA)
        words.color = ColorRGBA(r=1.0, g=1.0, b=1.0, a=1.0)
        words.text = _words(face, labels)
        markers += [head, words]
    return messages.MarkerArray(markers=markers)


def _words(face: Face, labels: Sequence[str]) -> str:
    """Say who it is, and what was decided."""
    if face.emotion not in labels:
        return f'{face.id} {face.emotion}'
    return f'{face.id} {face.emotion} {100 * face.probabilities[labels.index(face.emotion)]:.0f} %'
