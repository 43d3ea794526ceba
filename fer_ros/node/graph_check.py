"""What the doctor asks ROS: are the messages there, and what does the camera send."""

from __future__ import annotations

from collections.abc import Iterator
import importlib
import time

import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image

from fer_ros.doctor import FAIL
from fer_ros.doctor import Finding
from fer_ros.doctor import OK
from fer_ros.doctor import WARN
from fer_ros.node.images import to_bgr
from fer_ros.node.images import working_bridge
from fer_ros.perception.images import ImageError

MESSAGES = ('sensor_msgs', 'vision_msgs', 'diagnostic_msgs', 'lifecycle_msgs')


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
    bridge, reason = working_bridge()
    if bridge is None:
        yield Finding(OK, 'cv_bridge', f'not used ({reason}); the node decodes images itself')
    else:
        yield Finding(OK, 'cv_bridge', 'works with this NumPy')


def check_camera(topic: str, seconds: float) -> Iterator[Finding]:
    """
    Listen to a camera.

    :param topic: of the images.
    :param seconds: how long.
    """
    context = Context()
    rclpy.init(context=context)
    node = rclpy.create_node('doctor', context=context)
    images: list[Image] = []
    node.create_subscription(Image, topic, images.append, qos_profile_sensor_data)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    try:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            executor.spin_once(timeout_sec=max(0.0, end - time.monotonic()))
        yield from _judge_camera(node, topic, images, seconds)
    finally:
        executor.shutdown()
        node.destroy_node()
        context.try_shutdown()


def _judge_camera(
    node: Node, topic: str, images: list[Image], seconds: float
) -> Iterator[Finding]:
    """Say what was heard of a camera."""
    name = node.resolve_topic_name(topic)
    senders = node.get_publishers_info_by_topic(name)
    if not senders:
        similar = sorted(
            other
            for other, types in node.get_topic_names_and_types()
            if 'sensor_msgs/msg/Image' in types and node.count_publishers(other)
        )
        hint = f'; these are published: {", ".join(similar)}' if similar else ''
        yield Finding(WARN, name, f'nobody publishes it{hint}; say --topic, or start the camera')
        return
    qos = ', '.join(sorted({one.qos_profile.reliability.name.lower() for one in senders}))
    if not images:
        yield Finding(WARN, name, f'published ({qos}), but no image came in {seconds:g} s')
        return
    last = images[-1]
    told = (
        f'{len(images) / seconds:.1f} Hz, {qos}, {last.width}x{last.height} {last.encoding}, '
        f'frame {last.header.frame_id or "without a name"}'
    )
    try:
        to_bgr(last)
    except ImageError as error:
        yield Finding(FAIL, name, f'{told}; {error}')
    else:
        yield Finding(OK, name, told)
