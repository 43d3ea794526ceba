"""Publish the faces on the topics of REP 155 (ROS4HRI); this module requires hri_msgs."""

from __future__ import annotations

from collections.abc import Callable
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
from fer_ros.messages.humans import to_landmarks
from fer_ros.messages.humans import to_region
from fer_ros.messages.images import to_image_message
from fer_ros.messages.transforms import to_transforms
from fer_ros.node.message_types import MESSAGE_TYPES
from fer_ros.perception.crops.alignment import align_face
from fer_ros.perception.crops.alignment import FER2013_CROP
from fer_ros.perception.faces import Face
from fer_ros.perception.frame_result import FrameResult
from fer_ros.perception.quoting import shortened

try:
    from rclpy.event_handler import PublisherEventCallbacks
except ImportError:  # name of the module in Humble
    from rclpy.qos_event import PublisherEventCallbacks

# REP 155 prescribes this namespace for the topics, regardless of the node's namespace.
NAMESPACE = '/humans/faces'

# Topic of the frames of faces and gazes.
TRANSFORMS = '/tf'
# Number of transforms that are kept for a slow subscriber, as in tf2_ros.
TRANSFORMS_DEPTH = 100

# Indices of the eyes in the landmarks of hri_msgs: the person's right eye, then the left one.
EYES = (slice(36, 42), slice(42, 48))

# Maximum time for subscribers to acknowledge the empty list of faces [s].
LAST_WORD = 0.5


class Humans:
    """Publishes the list of faces, and topics for each face while the face is tracked."""

    def __init__(self, node: Node, side: Callable[[], int]) -> None:
        """
        Create the publisher of the list of faces.

        :param node: node that the publishers belong to.
        :param side: returns the value of the parameter `face_image_size`.
        """
        self._node = node
        self._side = side
        self._faces: dict[int, _FaceTopics] = {}
        # Publishes the frames while attention is on; None before, or if tf2_msgs is missing.
        self._transforms: Publisher | None = None
        self._told_missing = False
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
        if self._transforms is not None:
            self._node.destroy_publisher(self._transforms)

    def publish(self, header: Header, result: FrameResult, image: np.ndarray) -> None:
        """
        Publish the faces of an image.

        :param header: header of the image.
        :param result: result of the image.
        :param image: (H, W, 3) uint8 BGR image.
        """
        self._keep(result.held_ids)
        for face in result.faces:
            if face.id not in self._faces:
                self._faces[face.id] = _FaceTopics(self._node, face.id)
        ids = [topics.id for topics in self._faces.values()]
        self._tracked.publish(to_ids_list(MESSAGE_TYPES, header, ids))
        for face in result.faces:
            self._faces[face.id].publish(header, result, image, face, self._side())
        if result.attention:
            self._publish_frames(header, result)

    def _publish_frames(self, header: Header, result: FrameResult) -> None:
        """Publish the frames of the faces whose pose is known."""
        if self._transforms is None and not self._told_missing:
            try:
                kind = MESSAGE_TYPES['tf2_msgs/msg/TFMessage']
            except (ImportError, AttributeError) as error:
                self._told_missing = True
                self._node.get_logger().warning(
                    f'the frames of faces are not published, because tf2_msgs cannot be imported '
                    f'({shortened(error)})'
                )
            else:
                self._transforms = self._node.create_publisher(kind, TRANSFORMS, TRANSFORMS_DEPTH)
        if self._transforms is not None:
            faces = {self._faces[face.id].id: face for face in result.faces}
            message = to_transforms(MESSAGE_TYPES, header, faces)
            if message.transforms:
                self._transforms.publish(message)

    def _keep(self, ids: Collection[int]) -> None:
        """Destroy the topics of all faces that are not in a collection of ids."""
        for gone in set(self._faces).difference(ids):
            self._faces.pop(gone).destroy()


class _FaceTopics:
    """The ROS4HRI topics of one face."""

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
        # Created when landmarks are known for the first time.
        self._aligned: Publisher | None = None
        self._landmarks: Publisher | None = None

    def _create(self, kind: type, name: str) -> Publisher:
        """Create one publisher."""
        # Without event callbacks, the executor never waits for an event handler that is being
        # destroyed.
        silent = PublisherEventCallbacks(use_default_callbacks=False)
        topic = f'{NAMESPACE}/{self.id}/{name}'
        return self._node.create_publisher(kind, topic, 1, event_callbacks=silent)

    def destroy(self) -> None:
        """Destroy the publishers."""
        for publisher in (
            self._roi,
            self._cropped,
            self._expression,
            self._aligned,
            self._landmarks,
        ):
            if publisher is not None:
                self._node.destroy_publisher(publisher)

    def publish(
        self, header: Header, result: FrameResult, image: np.ndarray, face: Face, side: int
    ) -> None:
        """
        Publish the bounding box, the emotion and, if they are known, the landmarks.

        The images of the face are published if they have a subscriber.
        """
        self._roi.publish(to_region(MESSAGE_TYPES, header, result, face))
        self._expression.publish(to_expression(MESSAGE_TYPES, header, result, face))
        if self._cropped.get_subscription_count() > 0:
            cropped = crop_face(image, face.box, side)
            self._cropped.publish(to_image_message(MESSAGE_TYPES, header, cropped))
        if face.attention is None or face.attention.landmarks is None:
            return
        if self._aligned is None:
            self._aligned = self._create(Image, 'aligned')
            # An hri_msgs without this message is older than 2.0.
            with suppress(ImportError, AttributeError):
                kind = MESSAGE_TYPES['hri_msgs/msg/FacialLandmarks']
                self._landmarks = self._create(kind, 'landmarks')
        if self._landmarks is not None:
            self._landmarks.publish(to_landmarks(MESSAGE_TYPES, header, result, face))
        if self._aligned.get_subscription_count() > 0:
            aligned = upright_face(image, face.attention.landmarks, side)
            self._aligned.publish(to_image_message(MESSAGE_TYPES, header, aligned))


def upright_face(image: np.ndarray, landmarks: np.ndarray, side: int) -> np.ndarray:
    """
    Crop a face such that both eyes are level, at the same places in every crop.

    :param image: (H, W, 3) uint8 BGR image.
    :param landmarks: (70, 2) float, pixels, in the order of hri_msgs/FacialLandmarks.
    :param side: side of the crop in pixels.
    :return: (side, side, 3) uint8 BGR crop.
    """
    eyes = np.array([landmarks[eye].mean(axis=0) for eye in EYES], np.float32)
    # OpenCV reads an image whose pixels all share one place in memory only as a copy.
    image = np.ascontiguousarray(image)
    return align_face(image, eyes, FER2013_CROP, side, side)


def crop_face(image: np.ndarray, box: tuple[float, float, float, float], side: int) -> np.ndarray:
    """
    Crop a face as REP 155 specifies: proportions kept, centred, black borders.

    :param image: (H, W, 3) uint8 BGR image.
    :param box: (left, top, right, bottom) in pixels.
    :param side: side of the crop in pixels.
    :return: (side, side, 3) uint8 BGR crop.
    """
    left, top, right, bottom = box
    columns, rows = _pixels(left, right, image.shape[1]), _pixels(top, bottom, image.shape[0])
    part = image[rows, columns]
    scale = side / max(part.shape[:2])
    width, height = (max(1, round(scale * length)) for length in part.shape[1::-1])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    cropped = np.zeros((side, side, 3), np.uint8)
    x, y = (side - width) // 2, (side - height) // 2
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
