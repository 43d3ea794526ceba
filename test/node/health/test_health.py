"""Test the node's reports about its camera and its clock, without a ROS graph."""

import time
from types import SimpleNamespace

import numpy as np
import pytest
from rclpy.time import Time
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image

from fer_ros.node.health import report
from fer_ros.node.health.clock_watch import ClockWatch
from fer_ros.node.health.diagnostics import STALE
from fer_ros.node.health.image_log import ImageLog
from fer_ros.node.health.report import CAMERA_COMPLAINT_PERIOD
from fer_ros.node.health.report import Health
from fer_ros.node.health.statistics import Statistics
from fer_ros.node.inputs.camera_listener import CameraOffer

WORKER = SimpleNamespace(busy=0.0)
COMPLAINT = 'nobody publishes /eye: start the camera'


class Node:
    """A stand-in for a node that stores log lines and published messages."""

    def __init__(self):
        self.lines = []
        self.published = []
        self.publishers = {}
        self.simulated = False

    def get_logger(self):
        return SimpleNamespace(info=self.lines.append, warning=self.lines.append)

    def create_publisher(self, kind, topic, depth):
        assert topic == '/diagnostics'
        return SimpleNamespace(publish=self.published.append)

    def get_clock(self):
        return SimpleNamespace(now=lambda: Time(nanoseconds=5), ros_time_is_active=self.simulated)

    def count_publishers(self, topic):
        return self.publishers.get(topic, 0)

    get_name = staticmethod(lambda: 'emotion')
    get_namespace = staticmethod(lambda: '/')
    get_fully_qualified_name = staticmethod(lambda: '/emotion')
    get_node_names_and_namespaces = staticmethod(lambda: [('emotion', '/'), ('camera', '/')])


class Setting:
    """A health report with a controlled clock and a controlled camera."""

    def __init__(self, monkeypatch):
        self.now = 1000.0
        monkeypatch.setattr('time.monotonic', lambda: self.now)
        # Default arguments are bound when a function is defined, so the patched clock must be
        # passed explicitly.
        monkeypatch.setattr(report, 'ClockWatch', lambda node: ClockWatch(node, time.monotonic))
        monkeypatch.setattr(report, 'ImageLog', lambda log: ImageLog(log, time.monotonic))
        self.node, self.statistics = Node(), Statistics()
        self.offer = CameraOffer(
            topic='/eye',
            publishers=1,
            qos='best_effort, published best_effort',
            mismatch='',
            reliability='best effort',
            nodes='/driver',
        )
        camera = SimpleNamespace(offer=lambda: self.offer)
        self.health = Health(self.node, camera, self.statistics)
        self.health.begin()

    def change_offer(self, **values):
        self.offer = CameraOffer(**{**vars(self.offer), **values})

    def see(self, message, images=5):
        """Receive and check images at 10 Hz."""
        for _ in range(images):
            self.now += 0.1
            self.statistics.arrive()
            self.health.see(message, np.arange(36, dtype=np.uint8).reshape(3, 4, 3) * 7)

    def tell(self, worker=WORKER):
        """Publish the diagnostics, and return their message."""
        self.health.publish(
            pipeline=None, worker=worker, shut_down=False, refusal='', makeshift=''
        )
        return self.node.published[-1].status[0].message


@pytest.fixture
def setting(monkeypatch):
    return Setting(monkeypatch)


def test_the_first_image_is_logged_with_its_rate_topic_and_reliability(setting):
    setting.see(Image(encoding='bgr8'))

    setting.tell()
    setting.tell()

    assert setting.node.lines == ['4x3 bgr8 at 10 Hz on /eye, best effort']


def test_a_change_of_format_topic_and_publisher_is_logged(setting):
    setting.see(Image(encoding='bgr8'))
    setting.tell()
    setting.node.lines.clear()

    setting.see(CompressedImage(format='jpeg'))
    setting.change_offer(topic='/eye/compressed', reliability='reliable', nodes='/other')
    setting.tell()

    assert setting.node.lines == [
        '4x3 jpeg at 10 Hz on /eye/compressed, reliable; the publisher is now /other'
    ]


def test_the_rate_is_unknown_before_some_images_came(setting):
    setting.see(Image(encoding='bgr8'), images=4)

    setting.tell()

    assert setting.node.lines == []


def test_a_node_at_rest_logs_nothing_of_its_camera(setting):
    setting.see(Image(encoding='bgr8'))
    setting.change_offer(mismatch=COMPLAINT)
    setting.now += 2 * STALE

    sentence = setting.tell(worker=None)

    assert sentence.startswith('not active: ')
    assert setting.node.lines == []


def test_a_missing_camera_is_logged_after_a_while_and_then_now_and_then(setting):
    setting.change_offer(mismatch=COMPLAINT)

    logged = []
    for _ in range(3 * round(CAMERA_COMPLAINT_PERIOD)):
        setting.now += 1.0
        assert setting.tell() == COMPLAINT
        logged += [setting.now - 1000.0] * len(setting.node.lines)
        setting.node.lines.clear()

    # The first line appears when the graph must be known. Each further line appears after slightly
    # more than the period.
    first, again = STALE + 1, CAMERA_COMPLAINT_PERIOD + 1
    assert logged == [first, first + again, first + 2 * again]


def test_a_camera_that_is_there_again_is_logged_and_complained_of_anew(setting):
    setting.see(Image(encoding='bgr8'))
    setting.tell()
    setting.now += 2 * STALE
    sentence = setting.tell()
    assert sentence.startswith('no image has arrived for 4 s on /eye (publishers: 1)')

    setting.see(Image(encoding='bgr8'))
    setting.tell()
    setting.now += 2 * STALE
    setting.tell()

    line = '4x3 bgr8 at 10 Hz on /eye, best effort'
    assert setting.node.lines == [line, sentence, line, sentence]


def test_the_first_image_after_an_activation_is_logged(setting):
    for _ in range(2):
        setting.see(Image(encoding='bgr8'))
        setting.tell()
        setting.health.begin()

    assert setting.node.lines == 2 * ['4x3 bgr8 at 10 Hz on /eye, best effort']


@pytest.mark.parametrize(
    ('publishers', 'cause'),
    [({'/clock': 1}, 'although it has a publisher'), ({'/eye': 1}, 'and it has no publisher')],
)
def test_a_clock_that_stands_still_is_told_with_its_cause(setting, publishers, cause):
    setting.node.simulated, setting.node.publishers = True, publishers
    setting.tell()
    setting.now += 10 * STALE
    setting.see(Image(encoding='bgr8'))

    sentence = setting.tell()

    assert sentence.startswith('use_sim_time is true, but /clock has not advanced for ')
    assert cause in sentence


def test_errors_are_told_once(setting):
    setting.see(Image(encoding='bgr8'))
    setting.statistics.refuse('no image')

    assert setting.tell() == '1 frames failed: no image'
    assert setting.tell() == 'active'


def test_the_worker_that_hangs_is_an_error(setting):
    setting.see(Image(encoding='bgr8'))

    sentence = setting.tell(SimpleNamespace(busy=report.STALE * 10))

    assert sentence.startswith('the current image has been processed for 20 s')
