"""Read from the ROS graph which topic of a camera to subscribe to, and why it has no images."""

from __future__ import annotations

from collections.abc import Sequence

from rclpy.node import Node
from rclpy.topic_endpoint_info import TopicEndpointInfo

from fer_ros.messages.topic_names import COMPRESSED
from fer_ros.messages.topic_names import IMAGE_TYPES
from fer_ros.messages.topic_names import RAW
from fer_ros.messages.topic_names import SUFFIX
from fer_ros.node.inputs.camera_topics import camera_topics
from fer_ros.perception.quoting import shortened

# The first two bytes of a Fast DDS GUID are the vendor's number. The next two bytes are the number
# of the host.
FAST_DDS = bytes([0x01, 0x0F])
HOST_BYTES = slice(2, 4)

# An error message lists at most this many topics that the user may have meant.
MOST_NAMED = 3


class CameraGraph:
    """Selects the topic of a camera by its publishers."""

    def __init__(self, node: Node) -> None:
        """
        Create the selection.

        :param node: node whose topic `image` is read.
        """
        self._node = node

    def guess(self) -> tuple[str, bool]:
        """Return the topic and its type before a camera is known; the name is the only hint."""
        name = self._name()
        return name, name.endswith(SUFFIX)

    def choose(self, transport: str, current: tuple[str, bool]) -> tuple[str, bool]:
        """
        Select the topic and its type.

        If `image` is remapped to a topic of compressed images, this topic is selected.
        With `auto`, the compressed topic beside the raw one is selected if only the compressed one
        is published. The compressed topic is also selected if the camera is on another host,
        because raw images take long to transfer between hosts.

        :param transport: value of the parameter `image_transport`.
        :param current: current topic and type, which remain if nobody publishes images.
        :return: full name of the topic, and whether its type is CompressedImage.
        """
        name = self._name()
        if transport == 'raw':
            return name, False
        publishers = self._publishers(name)
        raw = _of_kind(publishers, RAW)
        if not raw and _of_kind(publishers, COMPRESSED):
            return name, True
        beside = f'{name}{SUFFIX}'
        compressed = self.senders(beside, compressed=True)
        if transport == 'compressed':
            return (name if name.endswith(SUFFIX) and not compressed else beside), True
        if raw:
            is_far = bool(compressed) and self._is_far(raw)
            return (beside, True) if is_far else (name, False)
        if compressed:
            return beside, True
        # Nobody publishes images. A camera that returns is usually the same as before.
        return current

    def _is_far(self, senders: Sequence[TopicEndpointInfo]) -> bool:
        """Check whether all publishers are on other hosts than this node."""
        own = self._node.get_publishers_info_by_topic(self._node.resolve_topic_name('emotion'))
        hosts = {_host(sender) for sender in own if sender.node_name == self._node.get_name()}
        return all(_host(sender) and _host(sender) not in hosts for sender in senders)

    def why_nobody(self, topic: str, compressed: bool) -> str:
        """
        Describe why a topic has no camera, and the remedy.

        :param topic: full name of the topic that the node subscribes to.
        :param compressed: whether the node expects compressed images.
        :return: a sentence for the diagnostics.
        """
        kind = COMPRESSED if compressed else RAW
        others = {one.topic_type for one in self._publishers(topic)} - {kind}
        if others:
            told = f'{topic} carries {shortened(", ".join(sorted(others)))}, not {kind}'
            if others.isdisjoint(IMAGE_TYPES):
                return f'{told}: remap image to the topic of a camera'
            if topic == self._name():
                return f'{told}: set image_transport to auto'
            return f'{told}: remap image to {topic}'
        name = self._name()
        for other, is_compressed in (name, False), (f'{name}{SUFFIX}', True):
            if other != topic and self.senders(other, is_compressed):
                return f'nobody publishes {topic}, but {other}: set image_transport to auto'
        found = camera_topics(self._node)[:MOST_NAMED]
        hint = f'; images are on {shortened(", ".join(found))}' if found else ''
        return f'nobody publishes {topic}: start the camera, or remap image{hint}'

    def _name(self) -> str:
        """Return the full name that `image` has, with its remapping."""
        return self._node.resolve_topic_name('image')

    def _publishers(self, topic: str) -> Sequence[TopicEndpointInfo]:
        """Query the graph for all publishers of a topic, whatever its message type."""
        return self._node.get_publishers_info_by_topic(topic)

    def senders(self, topic: str, compressed: bool) -> Sequence[TopicEndpointInfo]:
        """Query the graph for the publishers of raw or of compressed images on a topic."""
        return _of_kind(self._publishers(topic), COMPRESSED if compressed else RAW)


def _of_kind(publishers: Sequence[TopicEndpointInfo], kind: str) -> list[TopicEndpointInfo]:
    """Select the publishers of a message type."""
    return [one for one in publishers if one.topic_type == kind]


def _host(endpoint: TopicEndpointInfo) -> bytes:
    """Return the number of an endpoint's host; empty if the middleware does not provide it."""
    gid = bytes(endpoint.endpoint_gid)
    return gid[HOST_BYTES] if gid.startswith(FAST_DDS) else b''
