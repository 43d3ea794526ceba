"""The subscriptions to the depth image and the calibration of a camera."""

from __future__ import annotations

from dataclasses import dataclass

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy
from rclpy.qos import QoSProfile
from rclpy.qos import ReliabilityPolicy
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo
from sensor_msgs.msg import Image

from fer_ros.messages.stamps import stamp_of
from fer_ros.node.inputs.camera_listener import SubscriptionEventCallbacks
from fer_ros.perception.space.stamp_buffer import StampBuffer

DEPTH = 'depth'
CAMERA_INFO = 'camera_info'
TYPES = {DEPTH: Image, CAMERA_INFO: CameraInfo}

# The warning about a missing calibration is logged after this many checks with depth only. The
# publisher of the calibration may start a little later than the publisher of depth.
PATIENCE = 8


@dataclass(frozen=True)
class Offered:
    """QoS of the publishers of a topic."""

    reliability: ReliabilityPolicy
    durability: DurabilityPolicy


def offered(node: Node, topic: str, kind: type) -> Offered | None:
    """
    Query the graph for the QoS that all publishers of a topic offer.

    :param node: the node.
    :param topic: full name of the topic.
    :param kind: message class of sensor_msgs.
    :return: the QoS; None if there is no publisher.
    """
    # Counting the publishers is cheaper than the query below. Most robots have no depth camera.
    if not node.count_publishers(topic):
        return None
    qos = [
        one.qos_profile
        for one in node.get_publishers_info_by_topic(topic)
        if one.topic_type == f'sensor_msgs/msg/{kind.__name__}'
    ]
    if not qos:
        return None
    # A subscriber must not request a stricter QoS than any of the publishers offers.
    reliable = all(one.reliability == ReliabilityPolicy.RELIABLE for one in qos)
    latched = all(one.durability == DurabilityPolicy.TRANSIENT_LOCAL for one in qos)
    return Offered(
        ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
    )


class DepthListener:
    """Subscribes to depth and calibration while both are published, and buffers their messages."""

    def __init__(self, node: Node) -> None:
        """
        Create the listener, without subscriptions.

        :param node: node that the subscriptions belong to.
        """
        self._node = node
        self._group = MutuallyExclusiveCallbackGroup()
        self._subscriptions: list[Subscription] = []
        self._offered: dict[str, Offered] = {}
        self._alone = 0
        self.depths: StampBuffer[Image] = StampBuffer()
        self.calibrations: StampBuffer[CameraInfo] = StampBuffer()

    @property
    def listening(self) -> bool:
        """Return whether the listener is subscribed to depth and calibration."""
        return bool(self._subscriptions)

    def topic(self, name: str) -> str:
        """Return the full name of a topic."""
        return self._node.resolve_topic_name(name)

    def follow(self) -> None:
        """Subscribe while both topics have publishers, with the QoS that the publishers offer."""
        found = {name: one for name in TYPES if (one := self._offer(name)) is not None}
        self._alone = self._alone + 1 if list(found) == [DEPTH] else 0
        if self._alone == PATIENCE:
            self._node.get_logger().warning(
                f'{self.topic(DEPTH)} is published, but nobody publishes '
                f'{self.topic(CAMERA_INFO)}: faces get no positions without it'
            )
        if len(found) < len(TYPES):
            found = {}
        if found == self._offered:
            return
        was_listening = self.listening
        self.stop()
        self._offered = found
        self._subscriptions = [self._subscribe(name, how) for name, how in found.items()]
        if self.listening and not was_listening:
            self._node.get_logger().info(
                f'faces get positions from {self.topic(DEPTH)} and {self.topic(CAMERA_INFO)}'
            )

    def stop(self) -> None:
        """End the subscriptions, and discard the buffered messages."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._subscriptions = []
        self._offered = {}
        self.depths.clear()
        self.calibrations.clear()

    def _offer(self, name: str) -> Offered | None:
        """Query the graph for the QoS of a topic's publishers; None if there is no publisher."""
        return offered(self._node, self.topic(name), TYPES[name])

    def _subscribe(self, name: str, how: Offered) -> Subscription:
        """Create a subscription; its queue holds only the newest message."""
        return self._node.create_subscription(
            TYPES[name],
            self.topic(name),
            self._on_depth if name == DEPTH else self._on_calibration,
            QoSProfile(depth=1, reliability=how.reliability, durability=how.durability),
            callback_group=self._group,
            event_callbacks=SubscriptionEventCallbacks(use_default_callbacks=False),
        )

    def _on_depth(self, message: Image) -> None:
        """Buffer a depth image."""
        self.depths.put(stamp_of(message.header), message)

    def _on_calibration(self, message: CameraInfo) -> None:
        """Buffer a calibration."""
        self.calibrations.put(stamp_of(message.header), message)
