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

from fer_ros.node.inputs.camera_topics import camera_topics
from fer_ros.node.inputs.camera_topics import COMPRESSED
from fer_ros.node.inputs.camera_topics import RAW
from fer_ros.perception.quoting import shortened
from fer_ros.perception.settings import Settings

try:
    from rclpy.event_handler import SubscriptionEventCallbacks
except ImportError:  # Humble
    from rclpy.qos_event import SubscriptionEventCallbacks

# The first two bytes of a Fast DDS GUID are the vendor's number. The next two bytes are the number
# of the host.
FAST_DDS = bytes([0x01, 0x0F])
HOST_BYTES = slice(2, 4)

SUFFIX = '/compressed'

# An error message lists at most this many topics that the user may have meant.
MOST_NAMED = 3


@dataclass(frozen=True)
class Listening:
    """Settings of the subscription: the raw or the compressed topic, and the reliability."""

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
        self._listening = Listening(False, ReliabilityPolicy.RELIABLE)
        self._subscription: Subscription | None = None
        # The graph is checked in one thread, and transitions run in another one.
        self._lock = RLock()

    @property
    def topic(self) -> str:
        """Return the full name of the topic."""
        return self._topic(self._listening.compressed)

    def start(self, settings: Settings) -> None:
        """
        Subscribe to the camera.

        :param settings: settings that select the transport and the reliability.
        """
        with self._lock:
            self._listening = self._wanted(settings)
            self._subscribe()

    def stop(self) -> None:
        """End the subscription."""
        with self._lock:
            if self._subscription is not None:
                self._node.destroy_subscription(self._subscription)
                self._subscription = None

    def follow(self, settings: Settings) -> None:
        """
        Adapt the subscription to the current publishers.

        :param settings: settings that select the transport and the reliability.
        """
        with self._lock:
            wanted = self._wanted(settings)
            if self._subscription is None or wanted == self._listening:
                return
            self.stop()
            self._listening = wanted
            self._subscribe()
        # This line is at debug level. Once images arrive, `ImageLog` logs the topic and
        # reliability.
        self._node.get_logger().debug(
            f'listening to {self.topic} as {wanted.reliability.name.lower()}'
        )

    def offer(self) -> CameraOffer:
        """Query the graph for the current publishers of the topic."""
        senders = self._senders(self._listening.compressed)
        offered = _reliabilities(senders)
        listening = self._listening.reliability
        mismatch = ''
        if not senders:
            mismatch = self._why_nobody()
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

    def _why_nobody(self) -> str:
        """Describe why the topic has no camera, and the remedy."""
        compressed = self._listening.compressed
        kind = COMPRESSED if compressed else RAW
        others = {one.topic_type for one in self._publishers(compressed)} - {kind}
        if others:
            types = shortened(', '.join(sorted(others)))
            told = f'{self.topic} carries {types}, not {kind}'
            if COMPRESSED in others and self.topic.endswith(SUFFIX):
                raw = self.topic.removesuffix(SUFFIX)
                return f'{told}: remap image to {raw}, and the compressed one is found with it'
            return f'{told}: remap image to the topic of a camera'
        if self._senders(not compressed):
            other = self._topic(not compressed)
            return f'nobody publishes {self.topic}, but {other}: set image_transport to auto'
        found = camera_topics(self._node)[:MOST_NAMED]
        hint = f'; images are on {shortened(", ".join(found))}' if found else ''
        return f'nobody publishes {self.topic}: start the camera, or remap image{hint}'

    def _topic(self, compressed: bool) -> str:
        """Return the full name of the raw or of the compressed topic."""
        raw = self._node.resolve_topic_name('image')
        return f'{raw}{SUFFIX}' if compressed else raw

    def _publishers(self, compressed: bool) -> Sequence[TopicEndpointInfo]:
        """Query the graph for all publishers of a topic, whatever its message type."""
        return self._node.get_publishers_info_by_topic(self._topic(compressed))

    def _senders(self, compressed: bool) -> Sequence[TopicEndpointInfo]:
        """Query the graph for the publishers of images on a topic."""
        kind = COMPRESSED if compressed else RAW
        return [one for one in self._publishers(compressed) if one.topic_type == kind]

    def _subscribe(self) -> None:
        """Create the subscription; its queue holds only the newest image."""
        self._subscription = self._node.create_subscription(
            CompressedImage if self._listening.compressed else Image,
            self._topic(self._listening.compressed),
            self._on_image,
            QoSProfile(depth=1, reliability=self._listening.reliability),
            callback_group=self._group,
            # The diagnostics report a QoS mismatch. Without the default callbacks, there is no
            # event handler to destroy with the subscription.
            event_callbacks=SubscriptionEventCallbacks(use_default_callbacks=False),
        )

    def _wanted(self, settings: Settings) -> Listening:
        """Select the transport and the reliability; for auto they depend on the publishers."""
        compressed = settings.image_transport == 'compressed'
        if settings.image_transport == 'auto':
            compressed = self._is_compressed_better()
        if settings.image_reliability != 'auto':
            return Listening(compressed, ReliabilityPolicy[settings.image_reliability.upper()])
        # A reliable subscriber receives nothing from a best-effort publisher. A best-effort
        # subscriber may lose whole frames of a reliable publisher.
        senders = self._senders(compressed)
        if not senders:
            return Listening(compressed, self._listening.reliability)
        if 'best_effort' in _reliabilities(senders):
            return Listening(compressed, ReliabilityPolicy.BEST_EFFORT)
        return Listening(compressed, ReliabilityPolicy.RELIABLE)

    def _is_compressed_better(self) -> bool:
        """
        Check whether to subscribe to the compressed topic.

        The compressed topic is selected if only this topic is published.
        It is also selected if the camera is on another host, because raw images take long to
        transfer between hosts.
        """
        compressed = self._senders(compressed=True)
        raw = self._senders(compressed=False)
        if not raw or not compressed:
            return bool(compressed) and not raw
        own = self._node.get_publishers_info_by_topic(self._node.resolve_topic_name('emotion'))
        hosts = {_host(sender) for sender in own if sender.node_name == self._node.get_name()}
        return all(_host(sender) and _host(sender) not in hosts for sender in raw)


def _reliabilities(senders: Sequence[TopicEndpointInfo]) -> list[str]:
    """Return the reliabilities that publishers offer, sorted and without duplicates."""
    return sorted({sender.qos_profile.reliability.name.lower() for sender in senders})


def _nodes(senders: Sequence[TopicEndpointInfo]) -> str:
    """Return the names of the publishers' nodes, sorted and without duplicates."""
    names = {f'{one.node_namespace.rstrip("/")}/{one.node_name}' for one in senders}
    return shortened(', '.join(sorted(names)))


def _host(endpoint: TopicEndpointInfo) -> bytes:
    """Return the number of an endpoint's host; empty if the middleware does not provide it."""
    gid = bytes(endpoint.endpoint_gid)
    return gid[HOST_BYTES] if gid.startswith(FAST_DDS) else b''
