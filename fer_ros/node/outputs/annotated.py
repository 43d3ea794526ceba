"""Publish the annotated images."""

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

# Quality of the annotated JPEG image. At 80, letters show no fringes, and the file has a fifth of
# the size at 100.
JPEG_QUALITY = 80


@dataclass(frozen=True)
class _Frame:
    """An image to annotate, with its header and result."""

    header: Header
    result: FrameResult
    image: np.ndarray


class AnnotatedImages:
    """Annotates and publishes images in a separate thread, while a topic has a subscriber."""

    def __init__(
        self, node: Node, mode: Callable[[], str], complain: Callable[[str], None]
    ) -> None:
        """
        Create the publishers.

        :param node: node that the publishers belong to.
        :param mode: returns the value of the parameter `draw`.
        :param complain: receives the reason why an image could not be annotated, in any thread.
        """
        self._node = node
        self._mode = mode
        self._complain = complain
        self._drawing = Drawing()
        # The drawing thread, which works while the next frame is processed. The thread is created
        # when the first subscriber appears.
        self._painter: Worker[_Frame] | None = None
        self._image = node.create_publisher(Image, 'emotion/image', 1)
        # A remapping of the image topic applies to the compressed topic as well.
        compressed = f'{self._image.topic_name}/compressed'
        self._compressed = node.create_publisher(CompressedImage, compressed, 1)

    def rest(self) -> None:
        """Finish the current annotation, and stop the thread until the next image."""
        if self._painter is not None:
            self._painter.stop()
            self._painter = None

    def destroy(self) -> None:
        """Stop the thread and destroy the publishers."""
        self.rest()
        for publisher in (self._image, self._compressed):
            self._node.destroy_publisher(publisher)

    def publish(self, header: Header, result: FrameResult, image: np.ndarray) -> None:
        """
        Pass an image to the drawing thread.

        :param header: header of the image.
        :param result: result of the image.
        :param image: (H, W, 3) uint8, BGR.
        """
        if self._wanted() == (False, False):
            return
        if self._painter is None:
            self._painter = Worker(self._paint, name='drawing')
        self._painter.put(_Frame(header, result, image))

    def _wanted(self) -> tuple[bool, bool]:
        """Return whether the raw and the compressed topic have subscribers."""
        return (
            self._image.get_subscription_count() > 0,
            self._compressed.get_subscription_count() > 0,
        )

    def _paint(self, frame: _Frame) -> None:
        """Draw the annotations and publish the image."""
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
            # Publishing fails after the context has been shut down, as expected.
            if self._node.context.ok():
                reason = shortened(error)
                self._complain(f'an image cannot be drawn: {type(error).__name__}: {reason}')
