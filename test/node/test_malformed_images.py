"""Whatever a camera sends, by fault or by intent, costs that image and nothing else."""

from pathlib import Path
import struct
import subprocess
import sys
import zlib

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image

from fer_ros.perception.images import ENCODINGS
from stand_ins import picture
from stand_ins import send

COUNT = 10_000
# What memory may differ by, from allocators and caches alone [bytes].
SLACK = 40 * 2**20

SIDES = (0, 1, 2, 7, 16, 20_000, 2**31, 2**32 - 1)
NAMES = (*ENCODINGS, '', '32FC1', '16UC1', 'BGR8', 'bgr8\n', 'nonsense', '8UC', 'ünïcode')
FORMATS = ('jpeg', 'png', '', 'bgr8; jpeg compressed bgr8', '16UC1; compressedDepth png', 'x' * 99)
JPEG = cv2.imencode('.jpg', np.full((16, 16, 3), 200, np.uint8))[1].tobytes()
PNG = cv2.imencode('.png', np.full((16, 16, 3), 200, np.uint8))[1].tobytes()


def stamped(random, message):
    """Give an image any stamp and frame that a message can have."""
    message.header.stamp.sec = int(random.integers(-(2**31), 2**31))
    message.header.stamp.nanosec = int(random.integers(0, 2**32))
    message.header.frame_id = str(random.choice(['', 'camera', '/' * 50]))
    return message


def random_image(random):
    """Make an image that is right in some of what it says."""
    height, width = (int(random.choice(SIDES)) for _ in range(2))
    if random.random() < 0.5:
        height, width = (int(side) for side in random.integers(1, 40, 2))
    encoding = str(random.choice(NAMES))
    found = ENCODINGS.get(encoding)
    row = width * (found.pixel_bytes if found else 1)
    step = min(int(random.choice([row, row, row + 3, 0, 1, 2**32 - 1])), 2**32 - 1)
    size = int(random.choice([step * height * 3 // 2, step * height, step * height - 1, 1, 0]))
    message = Image(height=height, width=width, encoding=encoding, step=step)
    message.is_bigendian = int(random.integers(0, 256))
    # What a message says may be more than anything can hold; what it has is little.
    message.data.frombytes(random.bytes(max(0, min(size, 200_000))))
    return stamped(random, message)


def random_compressed(random):
    """Make a file that is whole, cut off, altered or none at all."""
    data = bytearray(JPEG if random.random() < 0.5 else PNG)
    what = random.integers(0, 4)
    if what == 0:
        data = data[: int(random.integers(0, len(data)))]
    elif what == 1:
        for place in random.integers(0, len(data), 5):
            data[place] = int(random.integers(0, 256))
    elif what == 2:
        data = bytearray(random.bytes(int(random.integers(0, 300))))
    message = CompressedImage(format=str(random.choice(FORMATS)))
    message.data.frombytes(bytes(data))
    return stamped(random, message)


def resident_memory():
    """Give what this process has in memory, in bytes."""
    status = Path('/proc/self/status').read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in status if line.startswith('VmRSS'))


def test_ten_thousand_random_messages_end_nothing_and_leave_nothing(node, camera, emotions):
    random = np.random.default_rng(20)
    halfway = 0
    for number in range(COUNT):
        make = random_image if random.random() < 0.7 else random_compressed
        # The worker's way; through the topic most would be replaced by newer ones.
        node._look_at(make(random))
        if number == COUNT // 2:
            halfway = resident_memory()
    statistics = node.statistics

    assert statistics.lost == 0, statistics.last_error
    assert statistics.refused + statistics.processed == COUNT
    assert min(statistics.refused, statistics.processed) > COUNT // 10
    assert resident_memory() - halfway < SLACK
    send(camera, emotions, node, picture(seconds=7))


def test_malformed_images_over_the_topic_end_nothing(node, camera, emotions):
    random = np.random.default_rng(21)
    send(camera, emotions, node, picture(seconds=1))
    for _ in range(500):
        camera.publish(random_image(random))

    send(camera, emotions, node, picture(seconds=7))


def chunk(kind, data):
    return (
        struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
    )


def test_a_small_file_of_a_huge_image_is_refused_before_it_is_made(tmp_path):
    side = 30_000
    packer = zlib.compressobj(9)
    row = bytes(1 + side)
    packed = b''.join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack('>IIBBBBB', side, side, 8, 0, 0, 0, 0)
    bomb = b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + chunk(b'IDAT', packed)
    (tmp_path / 'bomb.png').write_bytes(bomb + chunk(b'IEND', b''))
    assert len(bomb) < 2**20
    # In a process of its own: OpenCV reads its limit when it is loaded.
    script = f"""
from pathlib import Path
from fer_ros.node.images import to_bgr
from fer_ros.perception.images import ImageError
from sensor_msgs.msg import CompressedImage
message = CompressedImage(format='png')
message.data.frombytes(open({str(tmp_path / 'bomb.png')!r}, 'rb').read())
try:
    to_bgr(message)
except ImageError as error:
    status = Path('/proc/self/status').read_text().split()
    print('refused', int(status[status.index('VmHWM:') + 1]) // 1024)
"""

    done = subprocess.run(
        [sys.executable, '-c', script], capture_output=True, text=True, check=True
    )

    word, most = done.stdout.split()
    assert word == 'refused'
    assert int(most) < 500


@pytest.mark.parametrize('second', [-(2**31), -1, 0, 2**31 - 1])
def test_any_stamp_is_answered_with_itself(node, camera, emotions, second):
    message = picture(seconds=1)
    message.header.stamp.sec = second
    message.header.stamp.nanosec = 2**32 - 1

    answer = send(camera, emotions, node, message)

    assert answer.header == message.header
