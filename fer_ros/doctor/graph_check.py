"""Check a camera on the ROS graph. This is the only module of the doctor that needs ROS."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
import os
import time

import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image

from fer_ros.doctor.finding import FAIL
from fer_ros.doctor.finding import Finding
from fer_ros.doctor.finding import OK
from fer_ros.doctor.finding import WARN
from fer_ros.doctor.rotation import check_rotation
from fer_ros.messages.pixels import has_16_bits
from fer_ros.messages.topic_names import COMPRESSED
from fer_ros.messages.topic_names import IMAGE_TYPES
from fer_ros.messages.topic_names import RAW
from fer_ros.messages.topic_names import SUFFIX
from fer_ros.node.inputs.camera_topics import camera_topics
from fer_ros.node.inputs.images import to_bgr
from fer_ros.perception.images.bit_depth import propose_bit_depth
from fer_ros.perception.images.decoding import ImageError
from fer_ros.perception.quoting import quoted
from fer_ros.perception.quoting import shortened

# A larger difference between a timestamp and the time of this machine is reported as a clock error
# [s].
FAR_OFF = 2.0

# Period at which the type of the topic is looked up until it is known [s].
LOOK_PERIOD = 0.1

# Fast DDS terminates the process if the domain id is larger.
LARGEST_DOMAIN = 232


@dataclass
class Heard:
    """The arrival times of a topic's messages on the monotonic clock [s], and the last message."""

    times: list[float] = field(default_factory=list)
    last: Image | CompressedImage | None = None

    def add(self, message: Image | CompressedImage) -> None:
        """Record a message."""
        self.times.append(time.monotonic())
        self.last = message

    @property
    def rate(self) -> float:
        """Return the mean rate of the messages [Hz]."""
        if len(self.times) < 2:
            return 0.0
        return (len(self.times) - 1) / (self.times[-1] - self.times[0])


def check_camera(
    topic: str,
    seconds: float,
    args: list[str] | None = None,
    required: bool = False,
    patience: float | None = None,
) -> Iterator[Finding]:
    """
    Subscribe to a camera and report its images.

    :param topic: image topic. The compressed topic beside it is checked as well.
    :param seconds: duration of the check from the first image on [s].
    :param args: ROS arguments for remapping, starting with '--ros-args'; None for none.
    :param required: whether a topic without a publisher is a failure.
    :param patience: maximum time to wait for the first image [s]; None for `seconds`.
    """
    domain = os.environ.get('ROS_DOMAIN_ID', '')
    if domain.isdecimal() and int(domain[:9]) > LARGEST_DOMAIN:
        told = (
            f'ROS_DOMAIN_ID is {quoted(domain)}: set it to an integer from 0 to {LARGEST_DOMAIN}'
        )
        yield Finding(FAIL, 'ROS 2', told)
        return
    context = Context()
    try:
        rclpy.init(context=context, args=args or [])
        node = rclpy.create_node('doctor', context=context)
    except Exception as error:  # the exception classes differ between ROS distributions
        context.try_shutdown()
        yield Finding(FAIL, 'ROS 2', f'cannot start a node: {shortened(error)}')
        return
    try:
        yield from _listen(node, topic, seconds, required, patience or seconds)
    finally:
        node.destroy_node()
        context.try_shutdown()


def _listen(
    node: Node, topic: str, seconds: float, required: bool, patience: float
) -> Iterator[Finding]:
    """Subscribe to a camera; see `check_camera`."""
    own, compressed = Heard(), Heard()
    try:
        name = node.resolve_topic_name(topic)
        small = f'{name}{SUFFIX}'
        node.create_subscription(CompressedImage, small, compressed.add, qos_profile_sensor_data)
    except Exception as error:  # the exception classes differ between ROS distributions
        yield Finding(FAIL, '--topic', f'{quoted(topic)} is not a topic name: {shortened(error)}')
        return
    executor = SingleThreadedExecutor(context=node.context)
    executor.add_node(node)
    try:
        end, found, kind = time.monotonic() + patience, False, None
        while (now := time.monotonic()) < end:
            executor.spin_once(timeout_sec=min(end - now, LOOK_PERIOD))
            if kind is None:
                # A topic of any name may carry raw or compressed images.
                kind = _kind_of_topic(node, name)
                if kind is not None:
                    node.create_subscription(kind, name, own.add, qos_profile_sensor_data)
            # The duration starts at the first image, so discovery does not lower the rate.
            if not found and (own.times or compressed.times):
                end, found = time.monotonic() + seconds, True
    finally:
        executor.shutdown()
    yield from _judge_camera(node, name, own, seconds, required)
    if node.count_publishers(small):
        yield from _judge_camera(node, small, compressed, seconds, required)
    yield from _judge_rotation(name, own.last or compressed.last)


def _kind_of_topic(node: Node, name: str) -> type[Image] | type[CompressedImage] | None:
    """Return the type of a topic of images; None if nobody publishes images on it yet."""
    kinds = {sender.topic_type for sender in node.get_publishers_info_by_topic(name)}
    if RAW in kinds:
        return Image
    return CompressedImage if COMPRESSED in kinds else None


def _judge_camera(
    node: Node, name: str, heard: Heard, seconds: float, required: bool
) -> Iterator[Finding]:
    """Report the messages received from a camera; see `check_camera`."""
    senders = node.get_publishers_info_by_topic(name)
    if not senders:
        if node.count_publishers(f'{name}{SUFFIX}'):
            yield Finding(OK, name, 'only compressed images are published')
        else:
            yield _judge_silence(node, name, required)
        return
    kinds = {sender.topic_type for sender in senders}
    if kinds.isdisjoint(IMAGE_TYPES):
        told = shortened(', '.join(sorted(kinds)))
        yield Finding(
            FAIL, name, f'the messages are {told}, not images; select an image topic with --topic'
        )
        return
    qos = ', '.join(sorted({one.qos_profile.reliability.name.lower() for one in senders}))
    last = heard.last
    if last is None:
        yield Finding(
            WARN,
            name,
            f'the topic has a publisher ({qos}), but no image arrived within {seconds:g} s. Check '
            'the camera, and start it with config/fastdds.xml, because large images do not fit '
            'into the default shared memory segment of Fast DDS',
        )
        return
    frame = shortened(last.header.frame_id, 80) or 'unnamed'
    told = f'{heard.rate:.1f} Hz, {qos}, {_kind(last)}, frame_id {frame}'
    age = node.get_clock().now().nanoseconds / 1e9 - last.header.stamp.sec
    if abs(age) > FAR_OFF:
        told += (
            f'; the timestamp is {abs(age):.0f} s {"older" if age > 0 else "newer"} than the '
            'clock of this machine: set use_sim_time for a recording, or synchronise the clocks '
            'of both machines'
        )
    try:
        image = to_bgr(last)
    except ImageError as error:
        yield Finding(FAIL, name, f'{told}; {shortened(error)}')
        return
    depth = propose_bit_depth(int(image.max())) if has_16_bits(last) else 0
    if depth:
        told += (
            f'; the values use at most {depth} of 16 bits: if the camera has {depth} significant '
            f'bits, set the parameter bit_depth of the emotion node to {depth}'
        )
    yield Finding(WARN if depth else OK, name, told)


def _judge_rotation(name: str, last: Image | CompressedImage | None) -> Iterator[Finding]:
    """Report whether the camera is rotated, if its last image shows a face."""
    if last is None:
        return
    try:
        image = to_bgr(last)
    except ImageError:  # reported with the camera
        return
    yield from check_rotation(name, image)


def _judge_silence(node: Node, name: str, required: bool) -> Finding:
    """Report a topic without a publisher, and list the existing image topics."""
    found = camera_topics(node)
    hint = f'; these topics have images: {shortened(", ".join(found))}' if found else ''
    level = FAIL if required else WARN
    remedy = 'select another topic with --topic, or start the camera'
    return Finding(level, name, f'the topic has no publisher{hint}; {remedy}')


def _kind(message: Image | CompressedImage) -> str:
    """Return the size and the encoding of an image as text."""
    if isinstance(message, CompressedImage):
        return f'{len(message.data)} bytes of {shortened(message.format, 40)}'
    return f'{message.width}x{message.height} {shortened(message.encoding, 40)}'
