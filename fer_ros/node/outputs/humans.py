"""Publish the faces on the topics of REP 155 (ROS4HRI); this module requires hri_msgs."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress

import cv2
from hri_msgs.msg import Expression
from hri_msgs.msg import IdsList
from hri_msgs.msg import NormalizedRegionOfInterest2D
import numpy as np
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.publisher import Publisher
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from fer_ros.messages.humans import to_expression
from fer_ros.messages.humans import to_face_id
from fer_ros.messages.humans import to_ids_list
from fer_ros.messages.humans import to_region
from fer_ros.messages.images import to_image_message
from fer_ros.node.message_types import MESSAGE_TYPES
from fer_ros.perception.faces import Face
from fer_ros.perception.frame_result import FrameResult

try:
    from rclpy.event_handler import PublisherEventCallbacks
except ImportError:  # name of the module in Humble
    from rclpy.qos_event import PublisherEventCallbacks

# REP 155 prescribes this namespace for the topics, regardless of the node's namespace.
NAMESPACE = '/humans/faces'

# Side of a face crop, the default of REP 155 [px].
CROPPED_SIDE = 128

# Maximum time for subscribers to acknowledge the empty list of faces [s].
LAST_WORD = 0.5


class Humans:
    """Publishes the list of faces, and topics for each face while the face is tracked."""

    def __init__(self, node: Node) -> None:
        """
        Create the publisher of the list of faces.

        :param node: node that the publishers belong to.
        """
        self._node = node
        self._faces: dict[int, _FaceTopics] = {}
        self._tracked = node.create_publisher(IdsList, f'{NAMESPACE}/tracked', 1)

    def destroy(self) -> None:
        """Publish an empty list of faces, and destroy all publishers."""
        header = Header(stamp=self._node.get_clock().now().to_msg())
        # Publishing raises RCLError, a RuntimeError, after the context has been shut down.
        with suppress(RuntimeError):
            self._tracked.publish(to_ids_list(MESSAGE_TYPES, header, []))
            self._tracked.wait_for_all_acked(Duration(seconds=LAST_WORD))
        self._keep(())
        self._node.destroy_publisher(self._tracked)

    def publish(self, header: Header, result: FrameResult, image: np.ndarray) -> None:
        """
        Publish the faces of an image.

        :param header: header of the image.
        :param result: result of the image.
        :param image: (H, W, 3) uint8, BGR.
        """
        self._keep(result.held_ids)
        for face in result.faces:
            if face.id not in self._faces:
                self._faces[face.id] = _FaceTopics(self._node, face.id)
        ids = [topics.id for topics in self._faces.values()]
        self._tracked.publish(to_ids_list(MESSAGE_TYPES, header, ids))
        for face in result.faces:
            self._faces[face.id].publish(header, result, image, face)

    def _keep(self, ids: Collection[int]) -> None:
        """Destroy the topics of all faces that are not in a collection of ids."""
        for gone in set(self._faces).difference(ids):
            self._faces.pop(gone).destroy()


class _FaceTopics:
    """The topics of one face."""

    def __init__(self, node: Node, id_: int) -> None:
        """
        Create the publishers of a face.

        :param node: node that the publishers belong to.
        :param id_: id of the track.
        """
        self.id = to_face_id(node.get_namespace(), id_)
        self._node = node
        self._roi = self._create(NormalizedRegionOfInterest2D, 'roi')
        self._cropped = self._create(Image, 'cropped')
        self._expression = self._create(Expression, 'expression')

    def _create(self, kind: type, name: str) -> Publisher:
        """Create one publisher."""
        # Without event callbacks, the executor never waits for an event handler that is being
        # destroyed.
        silent = PublisherEventCallbacks(use_default_callbacks=False)
        topic = f'{NAMESPACE}/{self.id}/{name}'
        return self._node.create_publisher(kind, topic, 1, event_callbacks=silent)

    def destroy(self) -> None:
        """Destroy the publishers."""
        for publisher in (self._roi, self._cropped, self._expression):
            self._node.destroy_publisher(publisher)

    def publish(self, header: Header, result: FrameResult, image: np.ndarray, face: Face) -> None:
        """Publish the bounding box and the emotion; publish the crop if it has a subscriber."""
        self._roi.publish(to_region(MESSAGE_TYPES, header, result, face))
        self._expression.publish(to_expression(MESSAGE_TYPES, header, result, face))
        if self._cropped.get_subscription_count() > 0:
            cropped = crop_face(image, face.box)
            self._cropped.publish(to_image_message(MESSAGE_TYPES, header, cropped))


def crop_face(image: np.ndarray, box: tuple[float, float, float, float]) -> np.ndarray:
    """
    Crop a face as REP 155 specifies: proportions kept, centred, black borders.

    :param image: (H, W, 3) uint8, BGR.
    :param box: (left, top, right, bottom) in pixels.
    :return: (128, 128, 3) uint8, BGR.
    """
    left, top, right, bottom = box
    columns, rows = _pixels(left, right, image.shape[1]), _pixels(top, bottom, image.shape[0])
    part = image[rows, columns]
    scale = CROPPED_SIDE / max(part.shape[:2])
    width, height = (max(1, round(scale * side)) for side in part.shape[1::-1])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    cropped = np.zeros((CROPPED_SIDE, CROPPED_SIDE, 3), np.uint8)
    x, y = (CROPPED_SIDE - width) // 2, (CROPPED_SIDE - height) // 2
    cropped[y:, x:][:height, :width] = cv2.resize(part, (width, height), interpolation=how)
    return cropped


def _pixels(low: float, high: float, side: int) -> slice:
    """
    Return the pixels between two coordinates, clipped to the image; at least one pixel.

    :param low: first coordinate in pixels.
    :param high: last coordinate in pixels.
    :param side: width or height of the image in pixels.
    :return: slice of the image's columns or rows.
    """
    first = int(np.clip(low, 0, side - 1))
    return slice(first, max(first + 1, int(np.ceil(high))))
