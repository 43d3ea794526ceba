"""The topics that behaviours listen to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy
from rclpy.qos import QoSProfile
from std_msgs.msg import Header
from vision_msgs.msg import Detection2DArray
from vision_msgs.msg import LabelInfo

from fer_ros.messages.detections import to_changes
from fer_ros.messages.detections import to_detection_array
from fer_ros.messages.label_info import to_label_info
from fer_ros.node.message_types import MESSAGE_TYPES
from fer_ros.perception.frame_result import FrameResult


class Topics:
    """Publishes the faces, what changed, and the labels."""

    def __init__(self, node: Node) -> None:
        """
        Make the topics.

        :param node: that they belong to.
        """
        self._node = node
        self._faces = node.create_publisher(Detection2DArray, 'emotion', 10)
        self._changes = node.create_publisher(Detection2DArray, 'emotion/changes', 10)
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._labels = node.create_publisher(LabelInfo, 'emotion/label_info', latched)

    def destroy(self) -> None:
        """Let the topics go."""
        for publisher in (self._faces, self._changes, self._labels):
            self._node.destroy_publisher(publisher)

    def publish(self, header: Header, result: FrameResult, _: np.ndarray) -> None:
        """
        Publish all faces of an image, and what changed if something did.

        :param header: of the image.
        :param result: of the image.
        """
        self._faces.publish(to_detection_array(MESSAGE_TYPES, header, result))
        if result.changed_ids or result.left_ids:
            self._changes.publish(to_changes(MESSAGE_TYPES, header, result))

    def publish_labels(self, labels: Sequence[str], min_confidence: float) -> None:
        """
        Publish which labels hold from now on.

        :param labels: in the model's order.
        :param min_confidence: below it a face is uncertain.
        """
        header = Header(stamp=self._node.get_clock().now().to_msg())
        self._labels.publish(to_label_info(MESSAGE_TYPES, header, labels, min_confidence))
