"""What the doctor asks ROS: are the messages there, and what does the camera send."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
import importlib
import importlib.util
import time

import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image

from fer_ros.doctor import FAIL
from fer_ros.doctor import Finding
from fer_ros.doctor import OK
from fer_ros.doctor import WARN
from fer_ros.node.images import to_bgr
from fer_ros.node.images import working_bridge
from fer_ros.perception.images import ImageError

MESSAGES = ('sensor_msgs', 'vision_msgs', 'diagnostic_msgs', 'lifecycle_msgs')

# What the node offers only where a package is there.
OPTIONAL = {
    'sensor_msgs_py': 'emotion/faces, the positions of faces as points',
    'hri_msgs': 'ros4hri, the topics of REP 155',
}

# An image whose stamp is further from this machine's time than this is of another clock [s].
FAR_OFF = 2.0


def check_messages() -> Iterator[Finding]:
    """Look for the message packages and cv_bridge."""
    for package in MESSAGES:
        try:
            importlib.import_module(f'{package}.msg')
        except ImportError as error:
            name = package.replace('_', '-')
            yield Finding(FAIL, package, f'{error}; apt install ros-$ROS_DISTRO-{name}')
        else:
            yield Finding(OK, package, 'is there')
    for package, offer in OPTIONAL.items():
        there = importlib.util.find_spec(package) is not None
        told = 'is there' if there else f'is not installed, and so {offer}, is not offered'
        yield Finding(OK, package, told)
    bridge, reason = working_bridge()
    if bridge is None:
        yield Finding(OK, 'cv_bridge', f'not used ({reason}); the node decodes images itself')
    else:
        yield Finding(OK, 'cv_bridge', 'works with this NumPy')


@dataclass
class Heard:
    """What came on a topic: when, on the machine's own clock, and the last of it."""

    times: list[float] = field(default_factory=list)
    last: Image | CompressedImage | None = None

    def add(self, message: Image | CompressedImage) -> None:
        """Take in a message."""
        self.times.append(time.monotonic())
        self.last = message

    @property
    def rate(self) -> float:
        """Give how many came in a second, from the first to the last."""
        if len(self.times) < 2:
            return 0.0
        return (len(self.times) - 1) / (self.times[-1] - self.times[0])


def check_camera(topic: str, seconds: float, args: list[str] | None = None) -> Iterator[Finding]:
    """
    Listen to a camera.

    :param topic: of the images; the compressed ones are listened to as well.
    :param seconds: how long, from the first image on; without one, so long as well.
    :param args: from '--ros-args' on, for remapping; None for none.
    """
    context = Context()
    rclpy.init(context=context, args=args or [])
    node = rclpy.create_node('doctor', context=context)
    raw, compressed = Heard(), Heard()
    name = node.resolve_topic_name(topic)
    node.create_subscription(Image, name, raw.add, qos_profile_sensor_data)
    node.create_subscription(
        CompressedImage, f'{name}/compressed', compressed.add, qos_profile_sensor_data
    )
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    try:
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            executor.spin_once(timeout_sec=end - now)
            # Finding each other is no part of the rate.
            if len(raw.times) + len(compressed.times) == 1:
                end = time.monotonic() + seconds
        yield from _judge_camera(node, name, raw, seconds)
        if node.count_publishers(f'{name}/compressed'):
            yield from _judge_camera(node, f'{name}/compressed', compressed, seconds)
    finally:
        executor.shutdown()
        node.destroy_node()
        context.try_shutdown()


def _judge_camera(node: Node, name: str, heard: Heard, seconds: float) -> Iterator[Finding]:
    """Say what was heard of a camera."""
    senders = node.get_publishers_info_by_topic(name)
    if not senders:
        if node.count_publishers(f'{name}/compressed'):
            yield Finding(OK, name, 'only the compressed images are published')
            return
        similar = sorted(
            other
            for other, types in node.get_topic_names_and_types()
            if 'sensor_msgs/msg/Image' in types and node.count_publishers(other)
        )
        hint = f'; these are published: {", ".join(similar)}' if similar else ''
        yield Finding(WARN, name, f'nobody publishes it{hint}; say --topic, or start the camera')
        return
    kinds = {sender.topic_type for sender in senders}
    if kinds.isdisjoint(('sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage')):
        yield Finding(FAIL, name, f'carries {", ".join(sorted(kinds))}, no images; say --topic')
        return
    qos = ', '.join(sorted({one.qos_profile.reliability.name.lower() for one in senders}))
    last = heard.last
    if last is None:
        yield Finding(
            WARN,
            name,
            f'published ({qos}), but no image came in {seconds:g} s: look at the camera, and at '
            'the shared memory above',
        )
        return
    told = f'{heard.rate:.1f} Hz, {qos}, {_kind(last)}, frame {last.header.frame_id or "unnamed"}'
    age = node.get_clock().now().nanoseconds / 1e9 - last.header.stamp.sec
    if abs(age) > FAR_OFF:
        told += (
            f', stamped {age:.0f} s ago by this clock (a recording needs use_sim_time, two '
            'machines need one time)'
        )
    try:
        to_bgr(last)
    except ImageError as error:
        yield Finding(FAIL, name, f'{told}; {error}')
    else:
        yield Finding(OK, name, told)


def _kind(message: Image | CompressedImage) -> str:
    """Say what an image is."""
    if isinstance(message, CompressedImage):
        return f'{len(message.data)} bytes of {message.format}'
    return f'{message.width}x{message.height} {message.encoding}'
