"""The subscription to a camera, adapted to the transport and the QoS of its publisher."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass
from threading import RLock

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.qos import ReliabilityPolicy
from rclpy.subscription import Subscription
from rclpy.topic_endpoint_info import TopicEndpointInfo
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image

from fer_ros.node.inputs.camera_graph import CameraGraph
from fer_ros.perception.quoting import shortened
from fer_ros.perception.settings import Settings

try:
    from rclpy.event_handler import SubscriptionEventCallbacks
except ImportError:  # Humble
    from rclpy.qos_event import SubscriptionEventCallbacks


@dataclass(frozen=True)
class Listening:
    """
    Settings of the subscription.

    :param topic: full name of the topic.
    :param compressed: whether the type of the topic is CompressedImage.
    :param reliability: reliability of the subscription.
    """

    topic: str
    compressed: bool
    reliability: ReliabilityPolicy


@dataclass(frozen=True)
class CameraOffer:
    """
    State of a camera's publishers and of the subscription to them.

    :param topic: full name of the topic.
    :param publishers: number of publishers of the topic.
    :param qos: QoS of the subscription and of the publishers, as text for the diagnostics.
    :param mismatch: reason why the subscription receives no images, with the remedy; empty for
        none.
    :param reliability: reliability of the subscription, as text for the log.
    :param nodes: names of the nodes that publish the images, as text for the log.
    """

    topic: str
    publishers: int
    qos: str
    mismatch: str
    reliability: str
    nodes: str


class CameraListener:
    """Subscribes to a camera, and renews the subscription when the publisher changes."""

    def __init__(self, node: Node, on_image: Callable[[Image | CompressedImage], None]) -> None:
        """
        Create the listener, without a subscription.

        :param node: node that the subscription belongs to.
        :param on_image: called with each image, in one thread at a time.
        """
        self._node = node
        self._on_image = on_image
        self._group = MutuallyExclusiveCallbackGroup()
        self._graph = CameraGraph(node)
        self._listening = Listening(*self._graph.guess(), ReliabilityPolicy.RELIABLE)
        self._subscription: Subscription | None = None
        self._active = False
        # Reason why the last attempt to subscribe failed; empty if it succeeded.
        self._failure = ''
        # The graph is checked in one thread, and transitions run in another one.
        self._lock = RLock()

    @property
    def topic(self) -> str:
        """Return the full name of the topic."""
        return self._listening.topic

    def start(self, settings: Settings) -> None:
        """
        Subscribe to the camera.

        :param settings: settings that select the transport and the reliability.
        """
        with self._lock:
            self._active = True
            self._listening = self._wanted(settings)
            self._subscribe()

    def stop(self) -> None:
        """End the subscription to the image topic."""
        with self._lock:
            self._active = False
            self._unsubscribe()

    def follow(self, settings: Settings) -> None:
        """
        Adapt the subscription to the current publishers.

        :param settings: settings that select the transport and the reliability.
        """
        with self._lock:
            if not self._active:
                return
            wanted = self._wanted(settings)
            if self._subscription is not None and wanted == self._listening:
                return
            self._unsubscribe()
            self._listening = wanted
            try:
                self._subscribe()
            except Exception as error:
                # A topic has one type per process. The executor may still use the subscription of
                # the other type. The next call tries again.
                self._failure = f'cannot subscribe to {self.topic}: {shortened(error)}'
                return
        # The line below has the level debug. Once images arrive, `ImageLog` logs the topic and
        # reliability.
        self._node.get_logger().debug(
            f'listening to {self.topic} as {wanted.reliability.name.lower()}'
        )

    def offer(self) -> CameraOffer:
        """Query the graph for the current publishers of the topic."""
        topic, compressed = self._listening.topic, self._listening.compressed
        senders = self._graph.senders(topic, compressed)
        offered = _reliabilities(senders)
        listening = self._listening.reliability
        mismatch = self._failure
        if not senders:
            mismatch = self._graph.why_nobody(topic, compressed)
        elif listening == ReliabilityPolicy.RELIABLE and 'best_effort' in offered:
            mismatch = (
                f'{self.topic} is published best_effort, but image_reliability is reliable: '
                'set it to auto'
            )
        return CameraOffer(
            topic=self.topic,
            publishers=len(senders),
            qos=f'{listening.name.lower()}, published {", ".join(offered) or "by nobody"}',
            mismatch=mismatch,
            reliability=listening.name.lower().replace('_', ' '),
            nodes=_nodes(senders),
        )

    def _subscribe(self) -> None:
        """Create the subscription; its queue holds only the newest image."""
        self._subscription = self._node.create_subscription(
            CompressedImage if self._listening.compressed else Image,
            self._listening.topic,
            self._on_image,
            QoSProfile(depth=1, reliability=self._listening.reliability),
            callback_group=self._group,
            # The diagnostics report a QoS mismatch. Without the default callbacks, there is no
            # event handler to destroy with the subscription.
            event_callbacks=SubscriptionEventCallbacks(use_default_callbacks=False),
        )
        self._failure = ''

    def _unsubscribe(self) -> None:
        """Destroy the subscription, if there is one."""
        if self._subscription is not None:
            self._node.destroy_subscription(self._subscription)
            self._subscription = None

    def _wanted(self, settings: Settings) -> Listening:
        """Select the topic, its type and the reliability; for auto they depend on the graph."""
        listening = self._listening
        topic, compressed = self._graph.choose(
            settings.image_transport, (listening.topic, listening.compressed)
        )
        if settings.image_reliability != 'auto':
            reliability = ReliabilityPolicy[settings.image_reliability.upper()]
            return Listening(topic, compressed, reliability)
        # A reliable subscriber receives nothing from a best-effort publisher. A best-effort
        # subscriber may lose whole frames of a reliable publisher.
        senders = self._graph.senders(topic, compressed)
        if not senders:
            return Listening(topic, compressed, listening.reliability)
        if 'best_effort' in _reliabilities(senders):
            return Listening(topic, compressed, ReliabilityPolicy.BEST_EFFORT)
        return Listening(topic, compressed, ReliabilityPolicy.RELIABLE)


def _reliabilities(senders: Sequence[TopicEndpointInfo]) -> list[str]:
    """Return the reliabilities that publishers offer, sorted and without duplicates."""
    return sorted({sender.qos_profile.reliability.name.lower() for sender in senders})


def _nodes(senders: Sequence[TopicEndpointInfo]) -> str:
    """Return the names of the publishers' nodes, sorted and without duplicates."""
    names = {f'{one.node_namespace.rstrip("/")}/{one.node_name}' for one in senders}
    return shortened(', '.join(sorted(names)))
