"""Test the demo with stand-ins for the two nodes, which print and act as a test specifies."""

import csv
import os
from pathlib import Path
import re
import signal
import subprocess
import sys
import time

import cv2
import psutil
import pytest

for needed in ('rclpy', 'vision_msgs', 'ament_index_python'):
    pytest.importorskip(needed)

CLIENT = Path(__file__).resolve().parents[2] / 'scripts' / 'demo_client.py'

NODE = """
import sys
import time

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.qos import DurabilityPolicy
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2D
from vision_msgs.msg import Detection2DArray
from vision_msgs.msg import LabelInfo
from vision_msgs.msg import ObjectHypothesisWithPose
from vision_msgs.msg import VisionClass

rclpy.init()
node = rclpy.create_node(NAME)


def run(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        rclpy.spin_once(node, timeout_sec=0.05)


try:
    BODY
except (KeyboardInterrupt, ExternalShutdownException):
    pass
rclpy.try_shutdown()
"""

CAMERA = """
    publisher = node.create_publisher(Image, 'image', 1)
    while not publisher.get_subscription_count():
        time.sleep(0.02)
    time.sleep(0.5)
    for _ in range(IMAGES):
        image = Image(height=48, width=64, encoding='mono8', step=64)
        image.data.frombytes(bytes(48 * 64))
        image.header.stamp = node.get_clock().now().to_msg()
        publisher.publish(image)
        time.sleep(0.05)
    time.sleep(0.5)
"""

EMOTION = """
    labels = node.create_publisher(
        LabelInfo,
        'emotion/label_info',
        QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL),
    )
    names = enumerate(['sad', 'happy'])
    labels.publish(LabelInfo(class_map=[VisionClass(class_id=i, class_name=n) for i, n in names]))
    faces = node.create_publisher(Detection2DArray, 'emotion', 10)
    pictures = node.create_publisher(Image, 'emotion/image', 1)

    def answer(image):
        face = Detection2D(header=image.header, id='7')
        for name, score in (('uncertain', 0.4), ('happy', 0.6), ('sad', 0.4)):
            result = ObjectHypothesisWithPose()
            result.hypothesis.class_id, result.hypothesis.score = name, score
            face.results.append(result)
        faces.publish(Detection2DArray(header=image.header, detections=[face, face]))
        pictures.publish(image)

    node.create_subscription(Image, 'image', answer, 1)
    run(100)
"""


@pytest.fixture
def start(tmp_path):
    """Return a function that starts the demo with two stand-in nodes."""
    started = []

    def start_demo(camera, emotion, *arguments):
        index = tmp_path / 'share' / 'ament_index' / 'resource_index' / 'packages'
        index.mkdir(parents=True)
        (index / 'fer_ros').touch()
        executables = tmp_path / 'lib' / 'fer_ros'
        executables.mkdir(parents=True)
        for name, body in (('camera_node', camera), ('emotion_node', emotion)):
            code = NODE.replace('NAME', repr(name)).replace('    BODY', body)
            (executables / name).write_text(code)
        prefixes = f'{tmp_path}:{os.environ.get("AMENT_PREFIX_PATH", "")}'
        modules = f'{CLIENT.parents[1]}:{os.environ.get("PYTHONPATH", "")}'
        demo = subprocess.Popen(
            [sys.executable, str(CLIENT), '--output', str(tmp_path / 'output'), *arguments],
            env={**os.environ, 'AMENT_PREFIX_PATH': prefixes, 'PYTHONPATH': modules},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(demo)
        return demo

    yield start_demo
    for demo in started:
        demo.kill()
        demo.communicate()
    deadline = time.monotonic() + 10
    while (left := processes_of(tmp_path)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not left


def processes_of(folder):
    """Return the command lines of the processes that run an executable in this folder."""
    lines = [process.info['cmdline'] or [] for process in psutil.process_iter(['cmdline'])]
    return [words for words in lines if any(f'{folder}/lib/' in word for word in words)]


def test_a_source_that_ends_is_shown_from_its_first_image_to_its_last(start, tmp_path):
    demo = start(CAMERA.replace('IMAGES', '20'), EMOTION)

    said, complaints = demo.communicate(timeout=90)

    assert demo.returncode == 0, complaints
    last = said.splitlines()[-1]
    found = re.fullmatch(
        r'demo: (\d+) frames, (\d+) faces, top emotion (\w+), '
        r'median age ([\d.]+) ms, ([\d.]+) frames/s',
        last,
    )
    assert found, last
    frames, faces, top, _, rate = found.groups()
    assert 15 <= int(frames) <= 20
    assert int(faces) == 2 * int(frames)
    assert top == 'uncertain'
    assert 5 < float(rate) < 30
    with (tmp_path / 'output' / 'emotions.csv').open(newline='') as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == int(faces)
    assert {(row['id'], row['emotion'], row['happy'], row['sad']) for row in rows} == {
        ('7', 'uncertain', '0.600000', '0.400000')
    }
    assert cv2.imread(str(tmp_path / 'output' / 'annotated.png')).shape == (48, 64, 3)
    assert cv2.VideoCapture(str(tmp_path / 'output' / 'annotated.mp4')).read()[0]


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_its_summary(start, number):
    demo = start(CAMERA.replace('IMAGES', '10000'), EMOTION, '--seconds', '100')
    assert 'frames/s' in demo.stdout.readline()
    demo.send_signal(number)

    said, complaints = demo.communicate(timeout=30)

    assert demo.returncode == 0, complaints
    assert said.splitlines()[-1].startswith('demo: ')


def test_a_node_that_dies_is_named_with_its_last_words(start):
    dies = "    print('there is no such camera')\n    sys.exit(3)"
    demo = start(dies, EMOTION)

    said, complaints = demo.communicate(timeout=90)

    assert demo.returncode == 1
    assert complaints == (
        'demo: camera_node ended with exit status 3\n  camera_node: there is no such camera\n'
    )
    assert said == ''


def test_a_source_without_an_image_is_a_failure(start):
    demo = start('    pass', EMOTION)

    _, complaints = demo.communicate(timeout=90)

    assert demo.returncode == 1
    assert complaints == 'demo: no message arrived on /emotion\n'


def test_killed_itself_it_leaves_no_node_behind(start):
    demo = start(CAMERA.replace('IMAGES', '10000'), EMOTION, '--seconds', '100')
    assert 'frames/s' in demo.stdout.readline()
    demo.kill()  # the fixture checks that no process remains
