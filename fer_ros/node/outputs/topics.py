"""Publish the topics that behaviours subscribe to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy
from rclpy.qos import QoSProfile
from std_msgs.msg import Header
from vision_msgs.msg import Detection2DArray
from vision_msgs.msg import LabelInfo

from fer_ros.messages.attention import to_attention_array
from fer_ros.messages.detections import to_changes
from fer_ros.messages.detections import to_detection_array
from fer_ros.messages.label_info import to_label_info
from fer_ros.node.message_types import MESSAGE_TYPES
from fer_ros.perception.frame_result import FrameResult


class Topics:
    """Publishes the faces, their changes, their attention and the labels."""

    def __init__(self, node: Node) -> None:
        """
        Create the publishers.

        :param node: node that the publishers belong to.
        """
        self._node = node
        self._faces = node.create_publisher(Detection2DArray, 'emotion', 10)
        self._changes = node.create_publisher(Detection2DArray, 'emotion/changes', 10)
        self._attention = node.create_publisher(Detection2DArray, 'emotion/attention', 10)
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._labels = node.create_publisher(LabelInfo, 'emotion/label_info', latched)

    def destroy(self) -> None:
        """Destroy the publishers."""
        for publisher in (self._faces, self._changes, self._attention, self._labels):
            self._node.destroy_publisher(publisher)

    def publish(self, header: Header, result: FrameResult, _: np.ndarray) -> None:
        """
        Publish all faces of an image, the changes if there are any, and the attention if it is on.

        :param header: header of the image.
        :param result: result of the image.
        """
        self._faces.publish(to_detection_array(MESSAGE_TYPES, header, result))
        if result.changed_ids or result.left_ids:
            self._changes.publish(to_changes(MESSAGE_TYPES, header, result))
        if result.attention:
            self._attention.publish(to_attention_array(MESSAGE_TYPES, header, result))

    def publish_labels(self, labels: Sequence[str], min_confidence: float) -> None:
        """
        Publish the labels that are valid from now on.

        :param labels: names of the labels, in the order of the model.
        :param min_confidence: probability below which a face is uncertain, 0 to 1.
        """
        header = Header(stamp=self._node.get_clock().now().to_msg())
        self._labels.publish(to_label_info(MESSAGE_TYPES, header, labels, min_confidence))
