"""Test that a malformed or hostile image is rejected without any other effect."""

import json
import os
from pathlib import Path
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest

from benchmark.behaviour.hostile_files import chunk
from benchmark.behaviour.hostile_files import malformed_file
from benchmark.behaviour.hostile_messages import malformed_compressed
from benchmark.behaviour.hostile_messages import malformed_image
from benchmark.rig.usage import resident_memory
from stand_ins import picture
from stand_ins import send

# Allowed difference of the memory caused by allocators and caches [bytes].
SLACK = 40 * 2**20

# Maximum ratio of the resident memory after malformed compressed images to the memory before them.
MOST_GROWTH = 1.3


@pytest.mark.parametrize('count', [2500, pytest.param(10_000, marks=pytest.mark.slow)])
def test_thousands_of_random_messages_end_nothing_and_leave_nothing(node, camera, emotions, count):
    random = np.random.default_rng(20)
    halfway = 0
    for number in range(count):
        raw = random.random() < 0.7
        message = malformed_image(random) if raw else malformed_compressed(random, large=False)
        # The worker's method is called directly. On the topic, newer messages would replace most
        # of the messages.
        node._processor.process(message)
        if number == count // 2:
            halfway = resident_memory(os.getpid())
    statistics = node.statistics

    assert statistics.lost == 0, statistics.last_error
    assert statistics.refused + statistics.processed == count
    assert min(statistics.refused, statistics.processed) > count // 10
    assert resident_memory(os.getpid()) - halfway < SLACK
    send(camera, emotions, node, picture(seconds=7))


def test_malformed_images_over_the_topic_end_nothing(node, camera, emotions):
    random = np.random.default_rng(21)
    send(camera, emotions, node, picture(seconds=1))
    for _ in range(500):
        camera.publish(malformed_image(random))

    send(camera, emotions, node, picture(seconds=7))


@pytest.mark.parametrize('count', [300, pytest.param(4000, marks=pytest.mark.slow)])
def test_malformed_compressed_images_leave_no_memory_behind(count, domain_id):
    random = np.random.default_rng(22)
    eater = subprocess.Popen(
        [sys.executable, str(Path(__file__).parents[1] / 'support' / 'image_eater.py')],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={
            **os.environ,
            'PYTHONPATH': os.pathsep.join(sys.path),
            'ROS_DOMAIN_ID': str(domain_id),
        },
    )
    with eater:
        for _ in range(count):
            file = malformed_file(random)
            eater.stdin.write(struct.pack('>I', len(file)) + file)
        found = json.loads(eater.communicate()[0])

    assert eater.returncode == 0
    print(f'{count} images: {found}')
    assert found['lost'] == 0, found['last_error']
    assert found['processed'] + found['refused'] == count + 20
    assert found['refused'] > count / 2
    assert found['after'] <= MOST_GROWTH * found['before']


def test_a_small_file_of_a_huge_image_is_refused_before_it_is_made(tmp_path):
    side = 30_000
    packer = zlib.compressobj(9)
    row = bytes(1 + side)
    packed = b''.join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack('>IIBBBBB', side, side, 8, 0, 0, 0, 0)
    bomb = b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + chunk(b'IDAT', packed)
    (tmp_path / 'bomb.png').write_bytes(bomb + chunk(b'IEND', b''))
    assert len(bomb) < 2**20
    # The test needs a separate process, because OpenCV reads its limit when it is loaded.
    script = f"""
from pathlib import Path
from fer_ros.node.inputs.images import to_bgr
from fer_ros.perception.images.decoding import ImageError
from sensor_msgs.msg import CompressedImage
message = CompressedImage(format='png')
message.data.frombytes(open({str(tmp_path / 'bomb.png')!r}, 'rb').read())
try:
    to_bgr(message)
except ImageError as error:
    # psutil does not know the largest value.
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
