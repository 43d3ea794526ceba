"""
Process compressed images from standard input with a node, and print the used memory.

Each image is preceded by its length, 4 bytes, big endian. The process prints JSON with its
resident memory before and after the images and its peak, in KiB. It also prints the node's counts
of processed, rejected and lost images.
"""

import json
from pathlib import Path
import struct
import sys

from fer_ros.node.life.footprint import take_little_memory

take_little_memory()

import rclpy  # noqa: E402
from sensor_msgs.msg import CompressedImage  # noqa: E402

from fer_ros.node import model_slot  # noqa: E402
from fer_ros.node.emotion_node import EmotionNode  # noqa: E402
from stand_ins import BrightDetector  # noqa: E402
from stand_ins import ColourClassifier  # noqa: E402
from stand_ins import picture  # noqa: E402


def memory():
    """Return the resident memory and its peak so far [KiB]."""
    # psutil does not report the peak.
    lines = Path('/proc/self/status').read_text().splitlines()
    values = dict(line.split(':', 1) for line in lines)
    return int(values['VmRSS'].split()[0]), int(values['VmHWM'].split()[0])


def process_good_images(node):
    """Process valid images of a common camera size."""
    for second in range(10):
        node._processor.process(picture(seconds=second, size=(480, 640)))


def main():
    """Process all images of the input."""
    rclpy.init()
    model_slot.create_detector = lambda *_: BrightDetector()
    model_slot.ModelSlot._load_classifier = lambda *_: ColourClassifier()
    node = EmotionNode()
    node.start()
    process_good_images(node)
    before, _ = memory()
    while head := sys.stdin.buffer.read(4):
        message = CompressedImage(format='jpeg')
        message.data.frombytes(sys.stdin.buffer.read(*struct.unpack('>I', head)))
        node._processor.process(message)
    process_good_images(node)
    after, peak = memory()
    node.stop()
    node.destroy_node()
    rclpy.shutdown()
    counts = node.statistics
    print(
        json.dumps(
            {
                'before': before,
                'after': after,
                'peak': peak,
                'processed': counts.processed,
                'refused': counts.refused,
                'lost': counts.lost,
                'last_error': counts.last_error,
            }
        )
    )


if __name__ == '__main__':
    main()
