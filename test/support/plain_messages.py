"""Messages without ROS: what a library that writes recordings fills, field for field."""

from types import SimpleNamespace as Message

import numpy as np


def _point():
    return Message(x=0.0, y=0.0, z=0.0)


def plain_header(frame_id=''):
    """Make a header without a time."""
    return Message(stamp=Message(sec=0, nanosec=0), frame_id=frame_id)


def _pose():
    orientation = Message(x=0.0, y=0.0, z=0.0, w=1.0)
    return Message(position=_point(), orientation=orientation)


def _box():
    center = Message(position=Message(x=0.0, y=0.0), theta=0.0)
    return Message(center=center, size_x=0.0, size_y=0.0)


def _bytes():
    return np.zeros(0, np.uint8)


PLAIN_TYPES = {
    'vision_msgs/msg/Detection2DArray': lambda: Message(header=plain_header(), detections=[]),
    'vision_msgs/msg/Detection2D': lambda: Message(
        header=plain_header(), results=[], bbox=_box(), id=''
    ),
    'vision_msgs/msg/ObjectHypothesisWithPose': lambda: Message(
        hypothesis=Message(class_id='', score=0.0),
        pose=Message(pose=_pose(), covariance=np.zeros(36)),
    ),
    'vision_msgs/msg/LabelInfo': lambda: Message(
        header=plain_header(), class_map=[], threshold=0.0
    ),
    'vision_msgs/msg/VisionClass': lambda: Message(class_id=0, class_name=''),
    'sensor_msgs/msg/Image': lambda: Message(
        header=plain_header(),
        height=0,
        width=0,
        encoding='',
        is_bigendian=0,
        step=0,
        data=_bytes(),
    ),
    'sensor_msgs/msg/CompressedImage': lambda: Message(
        header=plain_header(), format='', data=_bytes()
    ),
    'hri_msgs/msg/FacialLandmarks': lambda: Message(
        header=plain_header(), landmarks=[], height=0, width=0
    ),
    'hri_msgs/msg/NormalizedPointOfInterest2D': lambda: Message(x=0.0, y=0.0, c=0.0),
    'tf2_msgs/msg/TFMessage': lambda: Message(transforms=[]),
    'geometry_msgs/msg/TransformStamped': lambda: Message(
        header=plain_header(),
        child_frame_id='',
        transform=Message(translation=_point(), rotation=_pose().orientation),
    ),
}
