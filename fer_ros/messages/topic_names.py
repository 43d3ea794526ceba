"""The types and the names of the topics of cameras."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Mapping

RAW, COMPRESSED = 'sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'
IMAGE_TYPES = (RAW, COMPRESSED)
CALIBRATION = 'sensor_msgs/msg/CameraInfo'

# image_transport appends this suffix to the name of the raw topic.
SUFFIX = '/compressed'

# The topic of image_transport that carries depth images in messages of the type COMPRESSED.
DEPTH_SUFFIX = '/compressedDepth'

# A node that publishes labels is an emotion node. Its images are annotated images or face crops.
LABELS = 'vision_msgs/msg/LabelInfo'


def is_rectified(topic: str) -> bool:
    """
    Check whether the images of a topic are rectified, by the naming convention in CameraInfo.msg.

    :param topic: name of the image topic, with or without a namespace. The last part of the name
        of a rectified topic contains image_rect, such as image_rect_color.
    """
    return 'image_rect' in topic.removesuffix(SUFFIX).rsplit('/', 1)[-1]


def select_cameras(topics: Mapping[str, Collection[str]]) -> list[str]:
    """
    Select one topic for each camera.

    The topics of image_transport beside a raw topic are excluded.

    :param topics: full name of each candidate, with its types.
    :return: full names of the topics, sorted.
    """
    found = {kind: {name for name in topics if kind in topics[name]} for kind in IMAGE_TYPES}
    compressed = {
        name
        for name in found[COMPRESSED]
        if not name.endswith(DEPTH_SUFFIX) and name.rpartition('/')[0] not in found[RAW]
    }
    return sorted(found[RAW] | compressed)
