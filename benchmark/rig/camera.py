"""
A camera with an exact rate for measurements: `python -m benchmark.rig.camera --faces 1`.

The camera prints `ready`, and then reads rates from standard input, one per line. Each rate (Hz; 0
for a pause) applies until the next line. The camera ends at the end of the input.
"""

from __future__ import annotations

import argparse
import select
import sys
import time

import rclpy
from rclpy.qos import QoSProfile
from rclpy.qos import ReliabilityPolicy
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from benchmark.rig.scenes import FRAMES
from benchmark.rig.scenes import scene
from fer_ros.messages.images import to_image_message
from fer_ros.node.message_types import MESSAGE_TYPES


def stamp_now(message: Image) -> None:
    """Set the timestamp of an image by the clock that the subscriber uses."""
    nanoseconds = time.time_ns()
    message.header.stamp.sec = nanoseconds // 10**9
    message.header.stamp.nanosec = nanoseconds % 10**9


def rate_from(line: str, before: float) -> float | None:
    """
    Parse a line of the input.

    :param line: line of the input; an empty string is the end of the input.
    :param before: the current rate in Hz.
    :return: the new rate in Hz; None at the end of the input.
    """
    if not line:
        return None
    return float(line) if line.strip() else before


def main() -> int:
    """Publish until the input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--faces', type=int, default=1)
    parser.add_argument('--width', type=int, default=640)
    parser.add_argument('--height', type=int, default=480)
    parser.add_argument(
        '--rate',
        type=float,
        default=0.0,
        help='images per second at the start (default: %(default)s)',
    )
    parser.add_argument('--namespace', default='')
    arguments = parser.parse_args()
    images = scene(arguments.faces, (arguments.width, arguments.height), FRAMES)
    # All messages are created in advance, so that their creation does not affect the measurement.
    messages = [
        to_image_message(MESSAGE_TYPES, Header(frame_id='camera'), image) for image in images
    ]
    rclpy.init()
    node = rclpy.create_node('camera', namespace=arguments.namespace)
    profile = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
    publisher = node.create_publisher(Image, 'image', profile)
    print('ready', flush=True)
    rate: float | None = arguments.rate
    due, number = time.monotonic(), 0
    while rate is not None:
        rest = max(0.0, due - time.monotonic()) if rate else None
        if select.select([sys.stdin], [], [], rest)[0]:
            rate = rate_from(sys.stdin.readline(), rate)
            due = time.monotonic()
            continue
        message = messages[number % len(messages)]
        stamp_now(message)
        publisher.publish(message)
        number += 1
        assert rate
        # After a late image, the schedule restarts, and no image is published early to catch up.
        due = max(due + 1 / rate, time.monotonic())
    node.destroy_node()
    rclpy.try_shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
