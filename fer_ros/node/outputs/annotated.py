"""Publish the images for people: annotated and masked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from rclpy.node import Node
from rclpy.publisher import Publisher
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from fer_ros.messages.images import to_compressed_message
from fer_ros.messages.images import to_image_message
from fer_ros.node.inputs.worker import Worker
from fer_ros.node.message_types import MESSAGE_TYPES
from fer_ros.node.outputs.masking import Masking
from fer_ros.perception.drawing.annotations import Drawing
from fer_ros.perception.frame_result import FrameResult
from fer_ros.perception.quoting import shortened
from fer_ros.perception.settings import HIDING
from fer_ros.perception.settings import Settings

# Quality of the JPEG images. At 80, letters show no fringes, and the file has a fifth of
# the size at 100.
JPEG_QUALITY = 80


@dataclass(frozen=True)
class _Frame:
    """An image to show, with its header and result."""

    header: Header
    result: FrameResult
    image: np.ndarray


class AnnotatedImages:
    """Annotates, masks and publishes images in a thread, while a topic has a subscriber."""

    def __init__(
        self, node: Node, settings: Callable[[], Settings], complain: Callable[[str], None]
    ) -> None:
        """
        Create the publishers.

        :param node: node that the publishers belong to.
        :param settings: returns the current settings.
        :param complain: receives the reason why an image could not be drawn, in any thread.
        """
        self._node = node
        self._settings = settings
        self._complain = complain
        self._drawing = Drawing()
        self._masking = Masking(settings, node.get_logger())
        # The drawing thread, which works while the next frame is processed. The thread is created
        # when the first subscriber appears.
        self._painter: Worker[_Frame] | None = None
        self._image = node.create_publisher(Image, 'emotion/image', 1)
        # A remapping of the image topic applies to the compressed topics as well.
        name = self._image.topic_name
        self._compressed = node.create_publisher(CompressedImage, f'{name}/compressed', 1)
        self._masked = node.create_publisher(CompressedImage, f'{name}/masked/compressed', 1)

    def rest(self) -> None:
        """Finish the current annotation, and stop the thread until the next image."""
        if self._painter is not None:
            self._painter.stop()
            self._painter = None
        self._masking.release()

    def destroy(self) -> None:
        """Stop the thread and destroy the publishers."""
        self.rest()
        for publisher in (self._image, self._compressed, self._masked):
            self._node.destroy_publisher(publisher)

    def publish(self, header: Header, result: FrameResult, image: np.ndarray) -> None:
        """
        Pass an image to the drawing thread.

        :param header: header of the image.
        :param result: result of the image.
        :param image: (H, W, 3) uint8 BGR image.
        """
        if not any(_wanted(topic) for topic in (self._image, self._compressed, self._masked)):
            self._masking.release()
            return
        if self._painter is None:
            self._painter = Worker(self._paint, name='drawing')
        self._painter.put(_Frame(header, result, image))

    def _paint(self, frame: _Frame) -> None:
        """Draw and publish an image; an image that should be masked but cannot be is left out."""
        try:
            self._show(frame)
        except Exception as error:
            # Publishing fails after the context has been shut down, as expected.
            if self._node.context.ok():
                reason = shortened(error)
                self._complain(f'an image cannot be drawn: {type(error).__name__}: {reason}')

    def _show(self, frame: _Frame) -> None:
        """Publish an image on each topic that has a subscriber."""
        mode = self._settings().draw
        raw, compressed, masked = map(_wanted, (self._image, self._compressed, self._masked))
        annotated, hiding = raw or compressed, mode in HIDING
        # This comes first, because an image that cannot be masked must not prevent it.
        if annotated and not hiding:
            self._annotate(frame, frame.image, mode, raw, compressed)
        if not masked and not (annotated and hiding):
            self._masking.release()
            return
        hidden = self._masking.mask(frame.result, frame.image, frame.header.frame_id)
        if masked:
            self._publish_jpeg(self._masked, frame.header, hidden)
        if annotated and hiding:
            self._annotate(frame, hidden, 'boxes', raw, compressed)

    def _annotate(
        self, frame: _Frame, image: np.ndarray, mode: str, raw: bool, compressed: bool
    ) -> None:
        """Draw the faces on an image, and publish it on one or both topics."""
        header, result = frame.header, frame.result
        drawn = self._drawing.draw(image, result.faces, result.labels, mode, result.boxes)
        if image is frame.image and mode == 'boxes' and self._settings().draw != 'boxes':
            # Faces must be hidden since the drawing began.
            return
        if raw:
            self._image.publish(to_image_message(MESSAGE_TYPES, header, drawn))
        if compressed:
            self._publish_jpeg(self._compressed, header, drawn)

    def _publish_jpeg(self, publisher: Publisher, header: Header, image: np.ndarray) -> None:
        """Publish an image as JPEG."""
        _, jpeg = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        publisher.publish(to_compressed_message(MESSAGE_TYPES, header, jpeg))


def _wanted(publisher: Publisher) -> bool:
    """Check whether a topic has a subscriber."""
    return bool(publisher.get_subscription_count() > 0)
