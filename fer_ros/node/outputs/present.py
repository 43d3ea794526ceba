"""Publish everybody who is here, for behaviours that start at any time."""

from __future__ import annotations

from threading import Lock

import numpy as np
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy
from rclpy.qos import QoSProfile
from std_msgs.msg import Header
from vision_msgs.msg import Detection2DArray

from fer_ros.messages.detections import to_present
from fer_ros.node.message_types import MESSAGE_TYPES
from fer_ros.perception.faces import Face
from fer_ros.perception.frame_result import FrameResult

# Nobody is here any more if no image arrives for this long in addition to `face_timeout` [s].
SILENCE = 2.0


class Present:
    """Publishes everybody who is here after each change; all methods are thread-safe."""

    def __init__(self, node: Node) -> None:
        """
        Create the publisher, and publish that nobody is here.

        The publisher keeps its last message for subscribers that start later.

        :param node: node that the publisher belongs to.
        """
        self._node = node
        self._lock = Lock()
        # The last face of each person, with the labels of its probabilities.
        self._here: dict[int, tuple[Face, tuple[str, ...]]] = {}
        # Whether an image arrived since the last call of `expire`.
        self._arrived = False
        # Time of the last image by the node's clock [ns]; 0 if a simulated clock had no time yet.
        self._last_image = 0
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._publisher = node.create_publisher(Detection2DArray, 'emotion/present', latched)
        with self._lock:
            self._publish_nobody()

    def destroy(self) -> None:
        """Destroy the publisher."""
        self._node.destroy_publisher(self._publisher)

    def arrive(self) -> None:
        """Note that an image arrived; the next call of `expire` reads the clock, which is slow."""
        self._arrived = True

    def publish(self, header: Header, result: FrameResult, _: np.ndarray) -> None:
        """
        Publish everybody who is here if an image changed that.

        A person whose face is hidden for less than `face_timeout` is still here, with the last
        bounding box.

        :param header: header of the image.
        :param result: result of the image.
        """
        # An image with a result counts, even if it arrived just after an image without one.
        self._arrived = True
        with self._lock:
            changed = bool(result.changed_ids)
            for face in result.faces:
                # After `clear`, a person may still be here without a change.
                changed = changed or face.id not in self._here
                self._here[face.id] = face, result.labels
            for id_ in self._here.keys() - result.held_ids:
                changed = True
                del self._here[id_]
            if changed:
                people = sorted(self._here.values(), key=lambda one: one[0].id)
                self._publisher.publish(to_present(MESSAGE_TYPES, header, people))

    def expire(self, face_timeout: float) -> None:
        """
        Publish that nobody is here if no image arrives any more; call this regularly.

        :param face_timeout: time after which a lost face loses its id, by the node's clock [s].
        """
        patience = face_timeout + SILENCE
        now = int(self._node.get_clock().now().nanoseconds)
        arrived = self._arrived
        if arrived:
            self._arrived = False
        with self._lock:
            # A simulated clock starts late, and jumps back when a recording starts again.
            if arrived or not self._last_image or now < self._last_image:
                self._last_image = now
            elif self._here and now - self._last_image > patience * 1e9:
                self._clear()

    def clear(self) -> None:
        """Publish that nobody is here, unless this is known."""
        with self._lock:
            if self._here:
                self._clear()

    def _clear(self) -> None:
        """Forget everybody, and publish this."""
        self._here.clear()
        try:
            self._publish_nobody()
        except Exception:
            # Publishing fails after the context has been shut down, as expected.
            if self._node.context.ok():
                raise

    def _publish_nobody(self) -> None:
        """Publish an empty message with the current time."""
        header = Header(stamp=self._node.get_clock().now().to_msg())
        self._publisher.publish(to_present(MESSAGE_TYPES, header, ()))
