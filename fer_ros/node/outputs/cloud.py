"""From faces to a point cloud."""

from __future__ import annotations

from collections.abc import Sequence
import importlib
from typing import Any

import numpy as np
from sensor_msgs.msg import PointCloud2
from sensor_msgs.msg import PointField
from std_msgs.msg import Header

from fer_ros.perception.emotions import UNCERTAIN
from fer_ros.perception.faces import Face
from fer_ros.perception.frame_result import FrameResult

FIELDS = {
    'x': PointField.FLOAT32,
    'y': PointField.FLOAT32,
    'z': PointField.FLOAT32,
    'id': PointField.UINT32,
    'emotion': PointField.UINT32,
    'score': PointField.FLOAT32,
}

# Each of the fields has so many bytes.
FIELD_BYTES = 4


def working_point_cloud2() -> tuple[Any, str]:
    """
    Look for sensor_msgs_py, which is in no wheel and not in every installation of ROS.

    :return: its module point_cloud2, and '', or None and the reason why there is none.
    """
    try:
        return importlib.import_module('sensor_msgs_py.point_cloud2'), ''
    except Exception as error:  # an import that breaks raises anything
        return None, f'{type(error).__name__}: {error}'


def to_cloud(point_cloud2: Any, header: Header, result: FrameResult) -> PointCloud2:
    """
    Make a point of each face whose position is known.

    :param point_cloud2: what `working_point_cloud2` gave.
    :param header: of the image.
    :param result: of the image.
    :return: the points, with the decided emotion's index in the labels, the number of labels for
        'uncertain', and the score that the first result of the face has.
    """
    fields = [
        PointField(name=name, offset=FIELD_BYTES * index, datatype=kind, count=1)
        for index, (name, kind) in enumerate(FIELDS.items())
    ]
    points = [
        _point(face, result.labels) for face in result.faces if face.position is not None
    ]
    # Of no points create_cloud makes no cloud but an error, so one is made and taken out.
    cloud = point_cloud2.create_cloud(header, fields, points or [(0,) * len(FIELDS)])
    if not points:
        cloud.width = cloud.row_step = 0
        del cloud.data[:]
    # None of the points is without a number.
    cloud.is_dense = True
    return cloud


def _point(face: Face, labels: Sequence[str]) -> tuple[float, ...]:
    """Give the values of the fields."""
    assert face.position is not None
    if face.emotion == UNCERTAIN:
        index, score = len(labels), 1 - float(np.max(face.probabilities))
    else:
        index = labels.index(face.emotion)
        score = float(face.probabilities[index])
    return (*face.position.point.tolist(), face.id, index, score)
