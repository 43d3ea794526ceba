"""The calibration of the camera for attention, which needs no depth."""

from __future__ import annotations

from threading import Lock

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo

from fer_ros.messages.calibration import same_projection
from fer_ros.messages.calibration import to_camera_model
from fer_ros.messages.topic_names import is_rectified
from fer_ros.node.inputs.camera_listener import SubscriptionEventCallbacks
from fer_ros.node.inputs.depth_listener import CAMERA_INFO
from fer_ros.node.inputs.depth_listener import Offered
from fer_ros.node.inputs.depth_listener import offered
from fer_ros.perception.quoting import shortened
from fer_ros.perception.space.camera_model import ASSUMED_VIEW
from fer_ros.perception.space.camera_model import CalibrationError
from fer_ros.perception.space.camera_model import CameraModel


class CalibrationListener:
    """Subscribes to the calibration while attention is on, and keeps the newest one."""

    def __init__(self, node: Node) -> None:
        """
        Create the listener, without a subscription.

        :param node: node that the subscription belongs to.
        """
        self._node = node
        self._group = MutuallyExclusiveCallbackGroup()
        # This lock is held while the subscription is created or destroyed: the timer and the
        # transitions each run in a thread of their own.
        self._lock = Lock()
        self._offered: Offered | None = None
        self._subscription: Subscription | None = None
        self._newest: CameraInfo | None = None
        # The last result of `camera`, and what it was computed from.
        self._model: CameraModel | None = None
        self._computed_from: tuple[CameraInfo | None, tuple[int, int]] | None = None

    def follow(self, wanted: bool) -> None:
        """
        Subscribe while the calibration is wanted and published.

        :param wanted: whether attention is on and the node is active.
        """
        with self._lock:
            topic = self._node.resolve_topic_name(CAMERA_INFO)
            found = offered(self._node, topic, CameraInfo) if wanted else None
            if found == self._offered:
                return
            if self._subscription is not None:
                self._node.destroy_subscription(self._subscription)
                self._subscription = None
            self._offered = found
            if found is None:
                self._newest = None
                return
            self._subscription = self._node.create_subscription(
                CameraInfo,
                topic,
                self._on_calibration,
                QoSProfile(depth=1, reliability=found.reliability, durability=found.durability),
                callback_group=self._group,
                event_callbacks=SubscriptionEventCallbacks(use_default_callbacks=False),
            )

    def camera(self, image_size: tuple[int, int]) -> CameraModel | None:
        """
        Return the projection of the camera.

        :param image_size: (height, width) of the image in pixels.
        :return: the projection; None if no usable calibration has come.
        """
        newest = self._newest
        before = self._computed_from
        if before is None or before[0] is not newest or before[1] != image_size:
            self._computed_from = newest, image_size
            self._model = None if newest is None else self._convert(newest, image_size)
        return self._model

    def _convert(self, message: CameraInfo, image_size: tuple[int, int]) -> CameraModel | None:
        """Convert a calibration; log a warning if it is not usable."""
        rectified = is_rectified(self._node.resolve_topic_name('image'))
        try:
            return to_camera_model(message, rectified, image_size).scaled_to(image_size)
        except CalibrationError as error:
            self._node.get_logger().warning(
                f'attention assumes a field of view of {ASSUMED_VIEW:g} degrees, because the '
                f'calibration is not usable: {shortened(error)}',
                once=True,
            )
            return None

    def _on_calibration(self, message: CameraInfo) -> None:
        """Keep a calibration. An equal one does not replace the last, so nothing is recomputed."""
        newest = self._newest
        if newest is None or not same_projection(newest, message):
            self._newest = message
