"""The topics that the node publishes."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs.msg import Detection2DArray
from vision_msgs.msg import LabelInfo

from fer_ros.node.inputs.worker import Worker
from fer_ros.node.outputs.messages import to_changes
from fer_ros.node.outputs.messages import to_compressed_message
from fer_ros.node.outputs.messages import to_detection_array
from fer_ros.node.outputs.messages import to_image_message
from fer_ros.node.outputs.messages import to_label_info
from fer_ros.perception.drawing.annotations import Drawing
from fer_ros.perception.faces import Face
from fer_ros.perception.quoting import shortened

# Of the annotated image; 80 shows letters without a fringe at a fifth of the size of 100.
JPEG_QUALITY = 80


@dataclass(frozen=True)
class _Picture:
    """What is to be drawn; see `Outputs.publish_annotated`."""

    header: Header
    image: np.ndarray
    faces: Sequence[Face]
    labels: Sequence[str]
    mode: str
    others: Sequence[tuple[float, float, float, float]]


class Outputs:
    """Publishes what was found."""

    def __init__(self, node: Node, complain: Callable[[str], None]) -> None:
        """
        Make the topics.

        :param node: that they belong to.
        :param complain: is told, in any thread, why an image could not be drawn.
        """
        self._node = node
        self._complain = complain
        self._drawing = Drawing()
        # Draws while the next frame is looked at; made when somebody wants to see it.
        self._painter: Worker[_Picture] | None = None
        self._faces = node.create_publisher(Detection2DArray, 'emotion', 10)
        self._changes = node.create_publisher(Detection2DArray, 'emotion/changes', 10)
        self._image = node.create_publisher(Image, 'emotion/image', 1)
        # Where the image is remapped to, the compressed one goes along.
        compressed = f'{self._image.topic_name}/compressed'
        self._compressed = node.create_publisher(CompressedImage, compressed, 1)
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._labels = node.create_publisher(LabelInfo, 'emotion/label_info', latched)

    def rest(self) -> None:
        """Finish the image that is being drawn, and draw no more until there is another one."""
        if self._painter is not None:
            self._painter.stop()
            self._painter = None

    def destroy(self) -> None:
        """Let the topics go."""
        self.rest()
        for publisher in (
            self._faces,
            self._changes,
            self._image,
            self._compressed,
            self._labels,
        ):
            self._node.destroy_publisher(publisher)

    def publish_labels(
        self, header: Header, labels: Sequence[str], min_confidence: float
    ) -> None:
        """Publish which labels there are; see `to_label_info`."""
        self._labels.publish(to_label_info(header, labels, min_confidence))

    def publish_faces(
        self, header: Header, faces: Sequence[Face], labels: Sequence[str]
    ) -> None:
        """Publish all faces of an image; see `to_detection_array`."""
        self._faces.publish(to_detection_array(header, faces, labels))

    def publish_changes(
        self, header: Header, changed: Sequence[Face], left: Sequence[int], labels: Sequence[str]
    ) -> None:
        """Publish what changed; see `to_changes`."""
        self._changes.publish(to_changes(header, changed, left, labels))

    def publish_annotated(
        self,
        header: Header,
        image: np.ndarray,
        faces: Sequence[Face],
        labels: Sequence[str],
        mode: str,
        others: Sequence[tuple[float, float, float, float]],
    ) -> None:
        """
        Draw the faces for those who look, in another thread; nobody, no drawing.

        :param header: of the image.
        :param image: (H, W, 3) uint8 BGR.
        :param faces: in it.
        :param labels: the names of the faces' probabilities.
        :param mode: as in the parameter `draw`.
        :param others: boxes of what may be a face as well; see `Drawing.draw`.
        """
        if self._wanted() == (False, False):
            return
        if self._painter is None:
            self._painter = Worker(self._paint, name='drawing')
        self._painter.put(_Picture(header, image, faces, labels, mode, others))

    def _wanted(self) -> tuple[bool, bool]:
        """Say if somebody looks at the raw image, and if somebody does at the compressed one."""
        return (
            self._image.get_subscription_count() > 0,
            self._compressed.get_subscription_count() > 0,
        )

    def _paint(self, picture: _Picture) -> None:
        """Draw, and publish what was drawn."""
        try:
            raw, compressed = self._wanted()
            drawn = self._drawing.draw(
                picture.image, picture.faces, picture.labels, picture.mode, picture.others
            )
            if raw:
                self._image.publish(to_image_message(picture.header, drawn))
            if compressed:
                _, jpeg = cv2.imencode('.jpg', drawn, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
                self._compressed.publish(to_compressed_message(picture.header, jpeg))
        except Exception as error:
            # After the context has ended, publishing fails, and that is as it should be.
            if self._node.context.ok():
                reason = shortened(error)
                self._complain(f'an image cannot be drawn: {type(error).__name__}: {reason}')
