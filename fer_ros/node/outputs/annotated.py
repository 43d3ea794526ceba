"""The annotated images, for people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from fer_ros.messages.images import to_compressed_message
from fer_ros.messages.images import to_image_message
from fer_ros.node.inputs.worker import Worker
from fer_ros.node.message_types import MESSAGE_TYPES
from fer_ros.perception.drawing.annotations import Drawing
from fer_ros.perception.frame_result import FrameResult
from fer_ros.perception.quoting import shortened

# Of the annotated image; 80 shows letters without a fringe at a fifth of the size of 100.
JPEG_QUALITY = 80


@dataclass(frozen=True)
class _Frame:
    """What is to be drawn."""

    header: Header
    result: FrameResult
    image: np.ndarray


class AnnotatedImages:
    """Draws the faces for those who look, in another thread; nobody, no drawing."""

    def __init__(
        self, node: Node, mode: Callable[[], str], complain: Callable[[str], None]
    ) -> None:
        """
        Make the topics.

        :param node: that they belong to.
        :param mode: gives the value of the parameter `draw`.
        :param complain: is told, in any thread, why an image could not be drawn.
        """
        self._node = node
        self._mode = mode
        self._complain = complain
        self._drawing = Drawing()
        # Draws while the next frame is looked at; made when somebody wants to see it.
        self._painter: Worker[_Frame] | None = None
        self._image = node.create_publisher(Image, 'emotion/image', 1)
        # Where the image is remapped to, the compressed one goes along.
        compressed = f'{self._image.topic_name}/compressed'
        self._compressed = node.create_publisher(CompressedImage, compressed, 1)

    def rest(self) -> None:
        """Finish the image that is being drawn, and draw no more until there is another one."""
        if self._painter is not None:
            self._painter.stop()
            self._painter = None

    def destroy(self) -> None:
        """Let the topics go."""
        self.rest()
        for publisher in (self._image, self._compressed):
            self._node.destroy_publisher(publisher)

    def publish(self, header: Header, result: FrameResult, image: np.ndarray) -> None:
        """
        Leave an image to be drawn on.

        :param header: of the image.
        :param result: of the image.
        :param image: (H, W, 3) uint8 BGR.
        """
        if self._wanted() == (False, False):
            return
        if self._painter is None:
            self._painter = Worker(self._paint, name='drawing')
        self._painter.put(_Frame(header, result, image))

    def _wanted(self) -> tuple[bool, bool]:
        """Say if somebody looks at the raw image, and if somebody does at the compressed one."""
        return (
            self._image.get_subscription_count() > 0,
            self._compressed.get_subscription_count() > 0,
        )

    def _paint(self, frame: _Frame) -> None:
        """Draw, and publish what was drawn."""
        try:
            raw, compressed = self._wanted()
            header, result = frame.header, frame.result
            drawn = self._drawing.draw(
                frame.image, result.faces, result.labels, self._mode(), result.boxes
            )
            if raw:
                self._image.publish(to_image_message(MESSAGE_TYPES, header, drawn))
            if compressed:
                _, jpeg = cv2.imencode('.jpg', drawn, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
                self._compressed.publish(to_compressed_message(MESSAGE_TYPES, header, jpeg))
        except Exception as error:
            # After the context has ended, publishing fails, and that is as it should be.
            if self._node.context.ok():
                reason = shortened(error)
                self._complain(f'an image cannot be drawn: {type(error).__name__}: {reason}')
