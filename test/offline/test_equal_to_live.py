"""A recording has the messages that the node publishes for the same images."""

import cv2
import numpy as np
import pytest
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy
from rclpy.qos import QoSProfile
from recorded import as_plain
from recorded import recorded_messages
from sensor_msgs.msg import CameraInfo
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2DArray
from vision_msgs.msg import LabelInfo

from bags import depth_image
from bags import messages_of
from bags import PERIOD
from bags import START
from bags import write_mcap
from bags import write_ros2
from depth_camera import DepthCamera
from fer_ros.messages.images import to_image_message
from fer_ros.node.message_types import MESSAGE_TYPES
from fer_ros.offline.job import Job
from fer_ros.offline.models import load_models
from fer_ros.offline.recordings import open_recording
from fer_ros.perception.settings import Settings
from fer_ros.sources.astronaut import load_astronaut
from graph import Inbox
from graph import wait_until
from stand_ins import started

# A short timeout, so that the person of the test leaves while the face is hidden.
SETTINGS = {'face_timeout': 0.2, 'hold': 0.1}


def pictures():
    """Make images of a moving face that is hidden for half a second, and of one without a face."""
    photo = load_astronaut()
    found = []
    for number in range(24):
        left = 100 + 2 * number
        view = photo[slice(number, number + 240), slice(left, left + 320)].copy()
        if number > 17:
            view = cv2.convertScaleAbs(view, alpha=0.4)
        if 8 <= number < 18:
            view[:] = 40
        found.append(view)
    return found


def turned(images):
    return [cv2.rotate(one, cv2.ROTATE_90_COUNTERCLOCKWISE) for one in images]


def enlarged(images):
    return [cv2.resize(one, (1280, 960)) for one in images]


def write_video(path, images):
    height, width = images[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'MJPG'), 20, (width, height))
    if not writer.isOpened():
        pytest.skip('this OpenCV writes no video')
    for one in images:
        writer.write(one)
    writer.release()
    return path


def with_noisy_depth(messages):
    """Replace the depth images by some that differ from each other and within the face."""
    generator = np.random.default_rng(0)
    found = []
    for topic, kind, time, message in messages:
        if topic == '/depth':
            stamp = START + len(found) // 3 * PERIOD
            message = depth_image(stamp, (240, 320))
            values = 1500 + 5 * len(found) + generator.integers(-50, 50, (240, 320))
            message.data = values.astype(np.uint16).view(np.uint8).ravel()
        found.append((topic, kind, time, message))
    return found


RECORDINGS = {
    'video': lambda folder: write_video(folder / 'clip.avi', pictures()),
    'rotated_video': lambda folder: write_video(folder / 'clip.avi', turned(pictures())),
    'mcap': lambda folder: write_mcap(folder / 'bag.mcap', messages_of(pictures())),
    'large': lambda folder: write_mcap(folder / 'bag.mcap', messages_of(enlarged(pictures()))),
    'sqlite': lambda folder: write_ros2(folder / 'bag', messages_of(pictures())),
    'depth': lambda folder: write_mcap(
        folder / 'bag.mcap', with_noisy_depth(messages_of(pictures(), depth=True))
    ),
}


class Live:
    """The node and everything that it publishes."""

    def __init__(self, graph, settings):
        overrides = [
            Parameter(name, value=list(value) if isinstance(value, tuple) else value)
            for name, value in settings.items()
        ]
        self.inboxes = {'/emotion': Inbox(), '/emotion/changes': Inbox()}
        if settings.get('attention'):
            self.inboxes['/emotion/attention'] = Inbox()
        self.labels = Inbox()
        self.graph = graph
        side = graph.listener('recorder')
        self.camera = graph.listener('camera_side').create_publisher(Image, 'image', 1)
        for topic, inbox in self.inboxes.items():
            side.create_subscription(Detection2DArray, topic, inbox, 100)
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        side.create_subscription(LabelInfo, '/emotion/label_info', self.labels, latched)
        self.node = started(graph, *overrides)
        self.depth = None

    def show(self, frame):
        """Publish an image, with its depth, and wait for the result."""
        stamp = {'sec': frame.seconds, 'nanosec': frame.nanoseconds}
        header = Image().header
        header.frame_id = frame.frame_id
        header.stamp.sec, header.stamp.nanosec = stamp['sec'], stamp['nanosec']
        if frame.depth is not None:
            if self.depth is None:
                self.depth = DepthCamera(self.graph, self.node)
                self.depth.wait()
            self.depth.send(of_rclpy(CameraInfo, frame.calibration))
            self.depth.send(of_rclpy(Image, frame.depth))
        wait_until(lambda: self.camera.get_subscription_count() > 0)
        wait_until(lambda: self.node.count_subscribers('emotion/changes') > 0)
        self.camera.publish(to_image_message(MESSAGE_TYPES, header, frame.image))
        for topic, inbox in self.inboxes.items():
            if topic != '/emotion/changes':
                inbox.wait_for(lambda found: found.header == header)


def of_rclpy(kind, message):
    """Convert a message of rosbags to one of rclpy."""
    made = kind()
    for name in made.get_fields_and_field_types():
        value = getattr(message, name)
        if isinstance(value, np.ndarray) and name == 'data':
            made.data.frombytes(value.tobytes())
        elif isinstance(value, np.ndarray):
            setattr(made, name, value.tolist())
        elif not hasattr(value, '__msgtype__'):
            setattr(made, name, value)
    made.header.frame_id = message.header.frame_id
    made.header.stamp.sec = message.header.stamp.sec
    made.header.stamp.nanosec = message.header.stamp.nanosec
    return made


@pytest.mark.parametrize(
    ('kind', 'settings'),
    [
        ('video', {}),
        ('mcap', {'groups': ('good=happy,surprise',), 'baseline': 1.0}),
        ('sqlite', {'detect_every': 3}),
        ('rotated_video', {'rotation': 90}),
        ('depth', {'min_confidence': 0.9}),
        ('video', {'attention': True}),
        ('large', {'search_time': 0.2}),
    ],
)
def test_a_recording_gives_what_the_node_publishes_bit_for_bit(
    kind, settings, graph, analysed, tmp_path
):
    settings = {**SETTINGS, **settings}
    path = RECORDINGS[kind](tmp_path)
    chosen = Settings().changed(settings)
    outcome, staged = analysed(path, load_models(chosen), **settings)
    assert outcome.reason == ''

    live = Live(graph, settings)
    for frame in open_recording(path, Job(settings=chosen)).frames():
        live.show(frame)

    recorded = recorded_messages(staged / 'result.mcap')
    changes = [as_plain(one) for topic, _, one in recorded if topic == '/emotion/changes']
    live.inboxes['/emotion/changes'].wait_for(lambda one: as_plain(one) == changes[-1])
    for topic, inbox in live.inboxes.items():
        expected = [as_plain(one) for one in inbox.messages]
        found = [as_plain(one) for name, _, one in recorded if name == topic]
        # Otherwise the test would compare nothing.
        assert sum(bool(one['detections']) for one in found) >= 3
        assert found == expected
    (labels,) = (as_plain(one) for topic, _, one in recorded if topic == '/emotion/label_info')
    expected = as_plain(live.labels.messages[-1])
    assert {**labels, 'header': None} == {**expected, 'header': None}
    if kind == 'depth':
        faces = [
            one for message in live.inboxes['/emotion'].messages for one in message.detections
        ]
        assert all(one.results[0].pose.pose.position.z > 1 for one in faces)
        assert len({one.results[0].pose.pose.position.z for one in faces}) > 5
