"""Convert faces to a point cloud."""

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

# Size of each field, a 32-bit number [bytes].
FIELD_BYTES = 4


def working_point_cloud2() -> tuple[Any, str]:
    """
    Import sensor_msgs_py, which is not in the pip packages and not in every ROS installation.

    :return: the module point_cloud2 and '', or None and the reason why it cannot be imported.
    """
    try:
        return importlib.import_module('sensor_msgs_py.point_cloud2'), ''
    except Exception as error:  # a broken import can raise any exception
        return None, f'{type(error).__name__}: {error}'


def to_cloud(point_cloud2: Any, header: Header, result: FrameResult) -> PointCloud2:
    """
    Create a point cloud with a point for each face whose position is known.

    The field `emotion` is the index of the decided emotion in the labels.
    For 'uncertain' it is the number of labels.
    The field `score` is the score of the first result on `/emotion`.

    :param point_cloud2: module returned by `working_point_cloud2`.
    :param header: header of the image.
    :param result: result of the image.
    :return: PointCloud2 with the fields of FIELDS.
    """
    fields = [
        PointField(name=name, offset=FIELD_BYTES * index, datatype=kind, count=1)
        for index, (name, kind) in enumerate(FIELDS.items())
    ]
    points = [_point(face, result.labels) for face in result.faces if face.position is not None]
    # create_cloud raises an error for an empty list, so a dummy point is passed and then removed.
    cloud = point_cloud2.create_cloud(header, fields, points or [(0,) * len(FIELDS)])
    if not points:
        cloud.width = cloud.row_step = 0
        del cloud.data[:]
    # All coordinates are finite numbers.
    cloud.is_dense = True
    return cloud


def _point(face: Face, labels: Sequence[str]) -> tuple[float, ...]:
    """Return the values of the fields for one face."""
    assert face.position is not None
    if face.emotion == UNCERTAIN:
        index, score = len(labels), 1 - float(np.max(face.probabilities))
    else:
        index = labels.index(face.emotion)
        score = float(face.probabilities[index])
    return (*face.position.point.tolist(), face.id, index, score)
