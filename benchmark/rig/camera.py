"""
A camera of exact rate for measurements: `python -m benchmark.rig.camera --faces 1`.

It says `ready` on standard output, and then does what it reads on standard input, a line each:
`RATE` (Hz; 0 for silence) until the next one.  The end of the input ends it.
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
from fer_ros.node.outputs.messages import to_image_message


def stamp_now(message: Image) -> None:
    """Stamp an image with the clock that the listener reads."""
    nanoseconds = time.time_ns()
    message.header.stamp.sec = nanoseconds // 10**9
    message.header.stamp.nanosec = nanoseconds % 10**9


def rate_from(line: str, before: float) -> float | None:
    """
    Read what is wanted.

    :param line: of the input; the empty one is its end.
    :param before: the rate so far.
    :return: the rate in Hz, None at the end.
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
    parser.add_argument('--rate', type=float, default=0.0, help='from the beginning on')
    parser.add_argument('--namespace', default='')
    arguments = parser.parse_args()
    images = scene(arguments.faces, (arguments.width, arguments.height), FRAMES)
    # All is prepared: what is measured is the node, and not this.
    messages = [to_image_message(Header(frame_id='camera'), image) for image in images]
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
        # A late image is not made up for by hurry.
        due = max(due + 1 / rate, time.monotonic())
    node.destroy_node()
    rclpy.try_shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
