"""Test camera node, emotion node and subscriber in three processes over DDS, as on a robot."""

import os
from pathlib import Path
import signal
import subprocess
import sys

import cv2
import numpy as np
import pytest
from rclpy.qos import DurabilityPolicy
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2D
from vision_msgs.msg import Detection2DArray
from vision_msgs.msg import LabelInfo
from vision_msgs.msg import ObjectHypothesisWithPose

from fer_ros.node.life.process import CONFIGURATION_ERROR
from fer_ros.perception.models.bundle import find_bundle
from fer_ros.perception.models.bundle import load_card
from fer_ros.perception.settings import DEFAULT_MODEL
from graph import Graph
from graph import Inbox
from graph import PATIENCE
from graph import wait_until

ROOT = Path(__file__).resolve().parents[2]

# The folder with the module of each executable.
PACKAGES = {'camera_node': 'camera', 'emotion_node': 'node'}


class Processes:
    """Executables of the package, started like by a user, and stopped after the test."""

    def __init__(self, domain_id, folder):
        self._environment = {
            **os.environ,
            'ROS_DOMAIN_ID': str(domain_id),
            'PYTHONPATH': os.pathsep.join(
                part for part in (str(ROOT), os.environ.get('PYTHONPATH')) if part
            ),
        }
        self._folder = folder
        self.running = {}

    def start(self, name, **parameters):
        """Start `emotion_node` or `camera_node` with parameters."""
        arguments = [
            word for key, value in parameters.items() for word in ('-p', f'{key}:={value}')
        ]
        self._popen(name, '-m', f'fer_ros.{PACKAGES[name]}.{name}', '--ros-args', *arguments)

    def start_script(self, name, path):
        """Start a script."""
        self._popen(name, str(path))

    def _popen(self, name, *arguments):
        with (self._folder / f'{name}.log').open('w') as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, *arguments],
                env=self._environment,
                cwd=self._folder,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def all_run(self):
        """Fail immediately if an executable has ended, because further waiting is useless."""
        for name, process in self.running.items():
            assert process.poll() is None, self.log(name)
        return True

    def log(self, name):
        """Return the output of an executable so far."""
        return (self._folder / f'{name}.log').read_text()

    def stop(self, name, number=signal.SIGINT):
        """Stop an executable, and return its exit status."""
        process = self.running.pop(name)
        process.send_signal(number)
        try:
            return process.wait(PATIENCE)
        finally:
            process.kill()


def stamp_and_frame(header):
    return header.stamp.sec, header.stamp.nanosec, header.frame_id


@pytest.fixture
def processes(domain_id, tmp_path):
    made = Processes(domain_id, tmp_path)
    yield made
    for name in list(made.running):
        made.stop(name, signal.SIGKILL)


@pytest.fixture
def graph(domain_id):
    made = Graph(domain_id)
    yield made
    made.close()


def test_from_the_camera_to_the_behaviour(graph, processes):
    pytest.importorskip('skimage')
    labels = load_card(find_bundle(DEFAULT_MODEL)).labels
    emotions, images = Inbox(), Inbox()
    behaviour = graph.listener('behaviour')
    behaviour.create_subscription(Detection2DArray, 'emotion', emotions, 10)
    behaviour.create_subscription(Image, 'image', images, 10)

    def headers(inbox):
        return [stamp_and_frame(one.header) for one in list(inbox.messages)]

    processes.start('camera_node', source='astronaut', rate=10.0, frame_id='eye')
    processes.start('emotion_node', model=DEFAULT_MODEL)
    # A result has the header of its image. Under load, this process misses images that the node
    # receives. It therefore does not know the images of all results.
    wait_until(
        lambda: (
            processes.all_run()
            and len([one for one in emotions.messages if one.detections]) >= 10
            and len({*headers(emotions)} & {*headers(images)}) >= 10
        )
    )

    for message in list(emotions.messages):
        assert message.header.frame_id == 'eye'
        for found in message.detections:
            assert found.header == message.header
            assert found.id == '1'
            results = [(one.hypothesis.class_id, one.hypothesis.score) for one in found.results]
            emotions_only = [one for one in results if one[0] != 'uncertain']
            assert sorted(name for name, _ in emotions_only) == sorted(labels)
            assert sum(score for _, score in emotions_only) == pytest.approx(1, abs=1e-3)
    last = [one for one in emotions.messages if one.detections][-1]
    scores = [one.hypothesis.score for one in last.detections[0].results]
    assert last.detections[0].results[0].hypothesis.class_id == 'happy'
    assert scores == sorted(scores, reverse=True)
    stamps = [(one.header.stamp.sec, one.header.stamp.nanosec) for one in emotions.messages]
    assert stamps == sorted(set(stamps))


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_node_in_the_middle_of_its_work_ends_cleanly(graph, processes, number):
    emotions = Inbox()
    behaviour = graph.listener('behaviour')
    behaviour.create_subscription(Detection2DArray, 'emotion', emotions, 10)
    camera = behaviour.create_publisher(Image, 'image', 1)
    message = Image(height=48, width=64, step=64, encoding='mono8')
    message.data.frombytes(np.zeros(48 * 64, np.uint8).data)
    processes.start('emotion_node')
    wait_until(lambda: processes.all_run() and camera.get_subscription_count() > 0)

    behaviour.create_timer(0.02, lambda: camera.publish(message))
    emotions.wait_for(lambda _: True)

    assert processes.stop('emotion_node', number) == 0
    assert 'Traceback' not in processes.log('emotion_node')


@pytest.mark.parametrize(
    ('parameters', 'sentence'),
    [
        ({'model': 'gone'}, "there is no model 'gone'; available models: "),
        ({'min_confidence': '7'}, 'min_confidence is 7.0, but must be from 0.0 to 1.0'),
        ({'hold': 'long'}, "hold is 'long', but must be a number"),
        ({'backend': 'cuda'}, "backend is 'cuda', but must be one of auto"),
        ({'detector_model': '/nowhere.onnx'}, '/nowhere.onnx'),
    ],
)
def test_a_node_that_cannot_start_says_why_in_a_sentence(processes, parameters, sentence):
    processes.start('emotion_node', **parameters)

    assert processes.running['emotion_node'].wait(PATIENCE) == CONFIGURATION_ERROR
    log = processes.log('emotion_node')
    assert sentence in log
    assert 'Traceback' not in log


def test_the_labels_are_those_of_the_card(graph, processes):
    inbox = Inbox()
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    graph.listener('behaviour').create_subscription(
        LabelInfo, 'emotion/label_info', inbox, latched
    )

    processes.start('emotion_node')

    message = inbox.wait_for(lambda _: True)
    labels = load_card(find_bundle(DEFAULT_MODEL)).labels
    assert [one.class_name for one in message.class_map] == list(labels)


def latched_publisher(graph):
    """Make a publisher that stands in for the node's."""
    profile = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    stand_in = graph.listener('stand_in')
    return stand_in.create_publisher(Detection2DArray, 'emotion/present', profile)


def present_message(decided):
    """Make a message with everybody who is here, from the emotion of each id."""
    message = Detection2DArray()
    for id_, emotion in decided.items():
        face = Detection2D(id=str(id_))
        face.results = [ObjectHypothesisWithPose(), ObjectHypothesisWithPose()]
        face.results[0].hypothesis.class_id = emotion
        face.results[1].hypothesis.class_id = 'sad'
        message.detections.append(face)
    return message


def test_the_example_greets_who_smiles_and_sees_who_leaves(graph, processes, tmp_path):
    skimage = pytest.importorskip('skimage')
    shown = tmp_path / 'shown'
    shown.mkdir()
    for number in range(50):
        name = 'astronaut.png' if number < 20 else 'coffee.png'
        (shown / f'{number:02}.png').symlink_to(Path(skimage.__file__).parent / 'data' / name)
    processes.start_script('greeter', ROOT / 'examples' / 'greeter.py')
    processes.start('emotion_node')
    onlooker = graph.listener('onlooker')
    # The camera starts after the emotion node and the greeter have discovered each other.
    wait_until(
        lambda: (
            processes.all_run()
            and onlooker.count_publishers('emotion/present') > 0
            and onlooker.count_subscribers('emotion/present') > 0
        )
    )
    processes.start('camera_node', source=shown, rate=10.0, loop='true')

    for sentence in ('Hello, number 1! What a nice smile.', 'Goodbye, number 1.', 'number 2!'):
        wait_until(
            lambda sentence=sentence: processes.all_run() and sentence in processes.log('greeter')
        )

    log = processes.log('greeter')
    assert log.index('Hello, number 1!') < log.index('Goodbye, number 1.')
    assert log.count('number 1') == 2
    # The greeter is stopped last, so that it receives no message during its shutdown.
    processes.stop('emotion_node')
    assert processes.stop('greeter') == 0


def test_the_example_speaks_to_each_person_once_for_each_change(graph, processes):
    present = latched_publisher(graph)
    processes.start_script('greeter', ROOT / 'examples' / 'greeter.py')
    wait_until(lambda: processes.all_run() and present.get_subscription_count() > 0)

    # The publisher keeps one message, so a message that is answered must arrive before the next.
    for decided, sentence in (
        ({7: 'uncertain', 8: 'sad'}, 'Number 8, is'),
        ({7: 'happy', 8: 'sad'}, 'Hello, number 7'),
        ({7: 'neutral', 8: 'sad'}, ''),
        ({8: 'sad'}, 'Goodbye, number 7'),
        ({8: 'sad'}, ''),
        ({8: 'happy'}, 'Hello, number 8'),
    ):
        present.publish(present_message(decided))
        wait_until(
            lambda sentence=sentence: processes.all_run() and sentence in processes.log('greeter')
        )

    assert processes.log('greeter').splitlines() == [
        'Number 8, is everything all right?',
        'Hello, number 7! What a nice smile.',
        'Goodbye, number 7.',
        'Hello, number 8! What a nice smile.',
    ]


def test_the_example_greets_who_is_already_there_and_learns_of_a_restart(processes, domain_id):
    # A node that starts again publishes an empty message, and counts from 1.
    runs = (
        [({3: 'happy', 4: 'neutral'}, 'Hello, number 3!')],
        [({}, 'Goodbye, number 4.'), ({1: 'happy'}, 'Hello, number 1!')],
    )
    for run in runs:
        graph = Graph(domain_id)
        try:
            present = latched_publisher(graph)
            for decided, sentence in run:
                present.publish(present_message(decided))
                if 'greeter' not in processes.running:
                    processes.start_script('greeter', ROOT / 'examples' / 'greeter.py')
                wait_until(
                    lambda sentence=sentence: (
                        processes.all_run() and sentence in processes.log('greeter')
                    )
                )
        finally:
            graph.close()

    log = processes.log('greeter').splitlines()
    assert log[0] == 'Hello, number 3! What a nice smile.'
    assert sorted(log[1:3]) == ['Goodbye, number 3.', 'Goodbye, number 4.']
    assert log[3:] == ['Hello, number 1! What a nice smile.']


@pytest.mark.parametrize('encoding', ['rgb8', 'bgra8', 'mono8', 'nv12', 'mono16'])
def test_a_real_face_is_found_in_other_encodings_too(graph, processes, encoding):
    skimage = pytest.importorskip('skimage')
    picture = cv2.imread(str(Path(skimage.__file__).parent / 'data' / 'astronaut.png'))
    height, width = picture.shape[:2]
    gray = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    planes = cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420)
    colours = planes[height:].reshape(2, -1).T.reshape(height // 2, width)
    rows = {
        'rgb8': picture[:, :, ::-1],
        'bgra8': cv2.cvtColor(picture, cv2.COLOR_BGR2BGRA),
        'mono8': gray,
        'nv12': np.concatenate([planes[:height], colours]),
        'mono16': gray.astype(np.uint16) * 257,
    }[encoding]
    rows = np.ascontiguousarray(rows).view(np.uint8).reshape(len(rows), -1)
    padded = np.concatenate([rows, np.zeros((len(rows), 20), np.uint8)], axis=1)
    message = Image(height=height, width=width, encoding=encoding, step=padded.shape[1])
    message.data.frombytes(np.ascontiguousarray(padded).data)
    message.header.frame_id = encoding
    emotions = Inbox()
    behaviour = graph.listener('behaviour')
    behaviour.create_subscription(Detection2DArray, 'emotion', emotions, 10)
    camera = behaviour.create_publisher(Image, 'image', 1)
    processes.start('emotion_node')
    wait_until(lambda: processes.all_run() and camera.get_subscription_count() > 0)
    behaviour.create_timer(0.2, lambda: camera.publish(message))

    answer = emotions.wait_for(lambda one: len(one.detections) == 1)

    assert answer.header == message.header
    assert answer.detections[0].results[0].hypothesis.class_id == 'happy'
