import faulthandler
from itertools import pairwise
import os
from pathlib import Path
import signal
import subprocess
import sys
import threading

import cv2
import numpy as np
import pytest
from rcl_interfaces.msg import ParameterType
from rcl_interfaces.srv import DescribeParameters
import rclpy
from rclpy.context import Context
from rclpy.parameter import Parameter
from rclpy.qos import qos_profile_sensor_data
from rclpy.qos import QoSProfile
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image

from fer_ros.camera import camera_node
from fer_ros.camera.camera_node import CameraNode
from fer_ros.node.life.process import CONFIGURATION_ERROR
from fer_ros.perception.settings import SettingError
from fer_ros.sources import live
from fer_ros.sources import webcam
from fer_ros.sources.base import SourceError
from graph import Inbox
from graph import PATIENCE
from graph import wait_until

ROOT = Path(__file__).resolve().parents[2]
PARAMETERS = [
    'source',
    'rate',
    'loop',
    'frame_id',
    'width',
    'height',
    'fourcc',
    'sequence',
    'bit_depth',
]


@pytest.fixture
def camera(graph):
    """Return a function that starts a camera node with parameters and can remap `image`."""

    def start(remap_to=None, namespace=None, **parameters):
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        arguments = ['--ros-args', '-r', f'image:={remap_to}'] if remap_to else None
        return graph.add(
            CameraNode(
                context=graph.context,
                namespace=namespace,
                parameter_overrides=overrides,
                cli_args=arguments,
            )
        )

    return start


@pytest.fixture
def folder(tmp_path):
    """Create a folder with three pictures of gray level 10, 20 and 30, in two sizes."""
    made = tmp_path / 'pictures'
    made.mkdir()
    for level, name in [(30, '10.png'), (20, '9.png'), (10, '1.png')]:
        height = 48 if level < 30 else 20
        assert cv2.imwrite(str(made / name), np.full((height, 64, 3), level, np.uint8))
    return made


@pytest.fixture
def video(tmp_path):
    """Create a video of six images. Image n has the gray level 40 n."""
    path = tmp_path / 'clip.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'MJPG'), 10, (64, 48))
    if not writer.isOpened():
        pytest.skip('this OpenCV writes no video')
    for index in range(6):
        writer.write(np.full((48, 64, 3), 40 * index, np.uint8))
    writer.release()
    return path


@pytest.fixture
def run(domain_id, tmp_path):
    """Return a function that starts the executable like a user does."""
    started = []

    def start(*words, **parameters):
        pairs = [('-p', f'{key}:={value}') for key, value in parameters.items()]
        arguments = [word for pair in pairs for word in pair]
        process = subprocess.Popen(
            [sys.executable, '-m', 'fer_ros.camera.camera_node', '--ros-args', *arguments, *words],
            env={
                **os.environ,
                'ROS_DOMAIN_ID': str(domain_id),
                'PYTHONPATH': os.pathsep.join(filter(None, [str(ROOT), *sys.path])),
            },
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def listen(graph, message_type=Image, topic='image', profile=10):
    inbox = Inbox()
    graph.listener().create_subscription(message_type, topic, inbox, profile)
    return inbox


def pixels(message):
    return np.frombuffer(message.data, np.uint8).reshape(message.height, message.width, 3)


def levels_of(messages):
    return [round(float(pixels(message).mean())) for message in messages]


def stamp_of(message):
    return message.header.stamp.sec * 10**9 + message.header.stamp.nanosec


# Images


def test_images_are_what_they_say(graph, camera):
    pytest.importorskip('skimage')
    inbox = listen(graph)

    node = camera(source='astronaut', rate=20.0, frame_id='head_camera')
    wait_until(lambda: len(inbox.messages) >= 5)
    node.stop()

    for message in inbox.messages:
        assert message.header.frame_id == 'head_camera'
        assert (message.encoding, message.is_bigendian) == ('bgr8', 0)
        assert (message.height, message.width, message.step) == (480, 640, 1920)
        assert len(message.data) == 480 * 1920
    stamps = [stamp_of(message) for message in inbox.messages]
    assert all(earlier < later for earlier, later in pairwise(stamps))
    assert not (pixels(inbox.messages[0]) == pixels(inbox.messages[-1])).all()


def test_stamps_are_of_the_nodes_own_clock(graph, camera, folder):
    inbox = listen(graph)
    clock = graph.listener('clock').create_publisher(Clock, '/clock', 1)
    time = Clock()
    time.clock.sec = 1234
    clock.get_subscription_count()

    camera(source=str(folder), loop=True, rate=50.0, use_sim_time=True)
    wait_until(lambda: clock.get_subscription_count() > 0)
    clock.publish(time)

    inbox.wait_for(lambda message: message.header.stamp.sec == 1234)


@pytest.mark.parametrize('profile', [qos_profile_sensor_data, QoSProfile(depth=10)])
def test_listeners_of_both_reliabilities_are_served(graph, camera, folder, profile):
    inbox = listen(graph, profile=profile)

    camera(source=str(folder), loop=True, rate=50.0)

    inbox.wait_for(lambda _: True)


def test_the_namespace_moves_the_topics(graph, camera, folder):
    inbox = listen(graph, topic='/robot/image')
    jpegs = listen(graph, CompressedImage, '/robot/image/compressed')

    camera(namespace='robot', source=str(folder), loop=True, rate=50.0)

    inbox.wait_for(lambda _: True)
    jpegs.wait_for(lambda _: True)


# Compression


def test_the_compressed_image_is_the_image(graph, camera, folder):
    inbox = listen(graph)
    jpegs = listen(graph, CompressedImage, 'image/compressed')

    camera(source=str(folder), loop=True, rate=50.0, frame_id='eye')
    jpeg = jpegs.wait_for(
        lambda jpeg: any(image.header == jpeg.header for image in list(inbox.messages))
    )
    image = inbox.wait_for(lambda image: image.header == jpeg.header)

    assert jpeg.format == 'bgr8; jpeg compressed bgr8'
    decoded = cv2.imdecode(np.frombuffer(jpeg.data, np.uint8), cv2.IMREAD_COLOR)
    assert decoded.shape == pixels(image).shape
    assert np.abs(decoded.astype(int) - pixels(image)).max() <= 3


def test_images_are_copied_and_compressed_only_for_those_who_listen(
    graph, camera, folder, monkeypatch
):
    made = []
    for name in ('to_image_message', 'to_compressed_message'):
        real = getattr(camera_node, name)
        monkeypatch.setattr(
            camera_node,
            name,
            lambda *given, name=name, real=real: made.append(name) or real(*given),
        )
    node = camera(source=str(folder), loop=True, rate=50.0)

    inbox = listen(graph)
    wait_until(lambda: len(inbox.messages) >= 3)
    assert set(made) == {'to_image_message'}

    jpegs = listen(graph, CompressedImage, 'image/compressed')
    jpegs.wait_for(lambda _: True)
    assert set(made) == {'to_image_message', 'to_compressed_message'}
    node.stop()


def test_the_compressed_topic_goes_along_with_the_image(graph, camera, folder):
    jpegs = listen(graph, CompressedImage, '/front/image_raw/compressed')

    node = camera(remap_to='/front/image_raw', source=str(folder), loop=True, rate=50.0)
    jpegs.wait_for(lambda _: True)

    assert node.count_publishers('/front/image_raw') == 1
    assert node.count_publishers('/image') == 0


# Sources


def test_a_folder_is_published_once_in_order_and_then_the_node_ends(graph, folder, run):
    (folder / '5.jpg').write_bytes(b'broken')
    process = run(source=folder, rate=5)
    inbox = listen(graph)

    log, _ = process.communicate(timeout=PATIENCE)

    assert process.returncode == 0
    assert log.count('5.jpg') == 1
    assert '3 images published, 1 skipped' in log
    wait_until(lambda: len(inbox.messages) >= 3)
    assert levels_of(inbox.messages) == [10, 20, 30]
    assert [message.height for message in inbox.messages] == [48, 48, 20]


@pytest.mark.parametrize(
    ('parameters', 'frames'),
    [
        ({}, {'camera/picture_1', 'camera/picture_2', 'camera/picture_3'}),
        ({'frame_id': ''}, {'picture_1', 'picture_2', 'picture_3'}),
        ({'sequence': True}, {'camera'}),
    ],
)
def test_each_picture_of_a_folder_has_its_frame_unless_it_is_a_sequence(
    graph, camera, folder, parameters, frames
):
    inbox = listen(graph)

    node = camera(source=str(folder), loop=True, rate=50.0, **parameters)
    wait_until(lambda: len(inbox.messages) >= 9)
    node.stop()

    assert {message.header.frame_id for message in inbox.messages} == frames


def test_a_video_is_published_to_its_end(graph, video, run):
    process = run(source=video)
    inbox = listen(graph)

    log, _ = process.communicate(timeout=PATIENCE)

    assert process.returncode == 0
    assert '6 images' in log
    wait_until(lambda: len(inbox.messages) >= 6)
    assert levels_of(inbox.messages) == pytest.approx([0, 40, 80, 120, 160, 200], abs=3)


def test_a_source_that_ends_waits_for_a_listener(graph, folder, run):
    process = run(source=folder, rate=100)
    while 'waiting for a subscriber' not in process.stdout.readline():
        assert process.poll() is None
    inbox = listen(graph)

    assert process.wait(PATIENCE) == 0
    wait_until(lambda: len(inbox.messages) >= 1)


def test_a_video_loops(graph, camera, video):
    inbox = listen(graph)

    node = camera(source=str(video), loop=True, rate=50.0)
    wait_until(lambda: len(inbox.messages) >= 20)
    node.stop()

    levels = levels_of(inbox.messages)
    assert any(later < earlier for earlier, later in pairwise(levels))
    assert max(levels) > 150


def test_one_picture_repeats_with_loop_and_is_scaled(graph, camera, folder):
    inbox = listen(graph)

    camera(source=str(folder / '1.png'), loop=True, rate=20.0, width=32)
    wait_until(lambda: len(inbox.messages) >= 3)

    assert {(one.height, one.width, one.step) for one in inbox.messages} == {(24, 32, 96)}


def test_a_webcam_is_published_and_may_go_and_come_back(graph, camera, monkeypatch):
    class Device:
        plugged = True

        def set(self, what, value):
            pass

        def grab(self):
            threading.Event().wait(0.01)
            return self.plugged

        def retrieve(self):
            return True, np.full((48, 64, 3), 99, np.uint8)

        def read(self):
            return self.retrieve()

        def release(self):
            pass

    device = Device()
    monkeypatch.setattr(live, 'RETRY_PERIOD', 0.05)
    monkeypatch.setattr(webcam, 'open_device', lambda _: device if device.plugged else None)
    exists = Path.exists
    monkeypatch.setattr(Path, 'exists', lambda path: str(path) == '/dev/video0' or exists(path))
    inbox = listen(graph)

    # A user may type the device number as an integer.
    node = camera(source=0)
    assert node.get_parameter('source').value == '0'
    inbox.wait_for(lambda message: levels_of([message]) == [99])

    device.plugged = False
    wait_until(lambda: node._source._capture is None)
    seen = len(inbox.messages)
    device.plugged = True
    wait_until(lambda: len(inbox.messages) > seen + 2)
    node.stop()


def test_images_come_in_step_whatever_a_single_one_costs(domain_id, folder, monkeypatch):
    """The schedule follows the clock, so a slow image does not delay the images after it."""
    waits = []

    class Stopping(threading.Event):
        def wait(self, timeout=None):
            waits.append(timeout)
            clock['now'] += timeout
            return len(waits) > 8

    clock = {'now': 100.0}
    costs = iter([0.0, 0.02, 0.0, 0.09, 0.0, 0.35, 0.0, 0.0, 0.0])
    shown = []

    def publish(self, image):
        shown.append(round(clock['now'] - 100, 6))
        clock['now'] += next(costs)

    monkeypatch.setattr(camera_node, 'Event', Stopping)
    monkeypatch.setattr(camera_node.time, 'monotonic', lambda: clock['now'])
    monkeypatch.setattr(CameraNode, '_publish', publish)
    context = Context()
    rclpy.init(context=context, domain_id=domain_id)

    node = CameraNode(
        context=context,
        parameter_overrides=[
            Parameter('source', value=str(folder)),
            Parameter('loop', value=True),
            Parameter('rate', value=10.0),
        ],
    )
    node.start()
    node._worker.join(PATIENCE)
    node.destroy_node()
    context.try_shutdown()

    # The sixth image takes longer than one period. A new schedule starts at its end.
    assert shown[:6] == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    assert shown[6:] == [0.85, 0.95]


class Silent:
    """A source that has no image three times in succession."""

    name, endless, skipped = 'silent', True, 0

    def __iter__(self):
        yield from [(None, 0.5)] * 3


@pytest.fixture
def waiting(graph, folder, monkeypatch):
    """Return a node whose clock stays at 100 s, and the times that it waits for."""
    node = CameraNode(
        context=graph.context, parameter_overrides=[Parameter('source', value=str(folder))]
    )
    waits = []
    monkeypatch.setattr(node, '_wait_until', lambda due: waits.append(due))
    monkeypatch.setattr(camera_node.time, 'monotonic', lambda: 100.0)
    yield node, waits
    node.destroy_node()


def test_a_source_without_an_image_is_asked_again_after_its_period(waiting):
    node, waits = waiting
    node._source = Silent()

    assert node._play()

    assert waits == [100.5] * 4


def test_listeners_are_looked_for_at_intervals_and_given_time_to_settle(waiting, monkeypatch):
    node, waits = waiting
    counts = iter([0, 0, 0, 1])
    monkeypatch.setattr(node, '_listeners', lambda: next(counts))

    node._wait_for_listener()

    look, settle = 100 + camera_node.LOOK_PERIOD, 100 + camera_node.SETTLE_TIME
    assert waits == [look, look, settle]


# Parameters


def test_every_parameter_is_described(graph, camera, folder):
    node = camera(source=str(folder), loop=True)
    asker = graph.listener('asker')
    client = asker.create_client(DescribeParameters, '/camera/describe_parameters')
    assert client.wait_for_service(PATIENCE)
    answered = threading.Event()
    future = client.call_async(DescribeParameters.Request(names=PARAMETERS))
    future.add_done_callback(lambda _: answered.set())
    assert answered.wait(PATIENCE)

    described = dict(zip(PARAMETERS, future.result().descriptors, strict=True))
    assert all(one.description and one.read_only for one in described.values())
    assert described['rate'].type == ParameterType.PARAMETER_DOUBLE
    assert described['rate'].floating_point_range[0].to_value == 240.0
    assert described['width'].integer_range[0].to_value == 8192
    assert described['loop'].type == ParameterType.PARAMETER_BOOL
    node.stop()


def test_an_int_is_taken_for_a_rate(camera, folder):
    assert camera(source=str(folder), rate=3).get_parameter('rate').value == 3.0


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('rate', -1.0),
        ('rate', 1000.0),
        ('rate', float('nan')),
        ('rate', 'fast'),
        ('width', -1),
        ('height', 100000),
        ('loop', 'yes'),
        ('source', True),
    ],
)
def test_a_wrong_value_is_no_start(camera, name, value):
    with pytest.raises(SettingError, match=name):
        camera(**{name: value})


@pytest.mark.parametrize('source', ['', 'gone.mp4', '/dev/video987'])
def test_a_missing_source_is_no_start(camera, source):
    with pytest.raises(SourceError):
        camera(source=source)


# The executable


@pytest.mark.parametrize(
    ('parameters', 'sentence'),
    [
        (
            {'source': 'gone.mp4'},
            "there is no file or folder 'gone.mp4'; a source can be astronaut",
        ),
        ({'source': '987'}, 'there is no camera /dev/video987'),
        ({'source': '987', 'fourcc': 'MJPEG'}, "fourcc is 'MJPEG', not four characters"),
        ({'source': 'empty_folder'}, 'the folder empty_folder contains no pictures'),
        ({'source': 'broken.mp4'}, 'cannot read broken.mp4, neither as a video nor as a picture'),
        ({'rate': '-1'}, 'rate is -1.0, but must be from 0.0 to 240.0'),
        ({'rate': 'fast'}, "rate is 'fast', but must be a number"),
    ],
)
def test_what_cannot_be_played_ends_with_a_sentence(run, tmp_path, parameters, sentence):
    (tmp_path / 'empty_folder').mkdir()
    (tmp_path / 'broken.mp4').write_bytes(b'\0\0\0\x20ftypisom' + bytes(100))

    process = run(**parameters)
    log, _ = process.communicate(timeout=PATIENCE)

    assert process.returncode == CONFIGURATION_ERROR
    assert sentence in log
    assert len(log.splitlines()) == 1


def test_a_source_that_goes_away_ends_with_a_sentence(graph, folder, run):
    process = run(source=folder, rate=20, loop=True)
    inbox = listen(graph)
    inbox.wait_for(lambda _: True)
    for picture in folder.iterdir():
        picture.unlink()

    log, _ = process.communicate(timeout=PATIENCE)

    assert process.returncode == 1
    assert 'cannot read any of the 3 pictures' in log
    assert 'Traceback' not in log


def test_an_error_nobody_expects_ends_the_node_with_its_traceback(monkeypatch, folder, domain_id):
    def fail(self, image):
        raise ZeroDivisionError('unexpected')

    monkeypatch.setattr(CameraNode, '_publish', fail)
    monkeypatch.setenv('ROS_DOMAIN_ID', str(domain_id))
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with pytest.raises(ZeroDivisionError):
            camera_node.main(['--ros-args', '-p', f'source:={folder}', '-p', 'loop:=true'])
    finally:
        # Undo the changes of `main`, because the test process continues to run.
        faulthandler.cancel_dump_traceback_later()
        for number, handler in handlers.items():
            signal.signal(number, handler)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize('again', [False, True])
@pytest.mark.parametrize('endless', [True, False])
def test_a_signal_ends_the_node_cleanly(graph, folder, run, number, again, endless):
    process = run(source=folder, rate=20, loop=endless)
    if endless:
        listen(graph).wait_for(lambda _: True)
    else:
        while 'waiting for a subscriber' not in process.stdout.readline():
            assert process.poll() is None

    process.send_signal(number)
    if again:
        process.send_signal(number)
    log, _ = process.communicate(timeout=PATIENCE)

    assert process.returncode == 0
    assert 'Traceback' not in log
