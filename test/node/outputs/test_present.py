"""The topic with everybody who is here: when it is published, and when it becomes empty."""

from types import SimpleNamespace

from builtin_interfaces.msg import Time
import numpy as np
import pytest
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy
from rclpy.qos import QoSProfile
from rclpy.time import Time as RclpyTime
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs.msg import Detection2DArray

from fer_ros.node.outputs.present import Present
from fer_ros.perception.faces import Face
from graph import Inbox
from graph import wait_until
from guarded import guard
from results import result_of
from stand_ins import decisions
from stand_ins import LABELS
from stand_ins import picture
from stand_ins import send
from stand_ins import started

LATCHED = QoSProfile(depth=10, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class Setting:
    """The publisher on a stand-in for a node, with a controlled clock."""

    def __init__(self, now=100.0):
        self.now = now
        self.messages = []
        self.alive = True
        self.present = Present(self)
        self.context = SimpleNamespace(ok=lambda: self.alive)

    def create_publisher(self, kind, topic, profile):
        assert (kind, topic) == (Detection2DArray, 'emotion/present')
        assert profile.durability == DurabilityPolicy.TRANSIENT_LOCAL
        assert profile.depth == 1
        return SimpleNamespace(publish=self.publish)

    def publish(self, message):
        if not self.alive:
            raise RuntimeError('the context is invalid')
        self.messages.append(message)

    def get_clock(self):
        return SimpleNamespace(now=lambda: RclpyTime(nanoseconds=round(self.now * 1e9)))

    def see(self, *faces, changed=(), left=(), held=None, labels=LABELS, second=7, arrives=True):
        """Process the result of an image."""
        if arrives:
            self.present.arrive()
        result = result_of(*faces, labels=labels, changed=changed, left=left, held=held)
        header = Header(frame_id='eye', stamp=Time(sec=second))
        self.present.publish(header, result, np.zeros((1, 1, 3), np.uint8))

    @property
    def ids(self):
        """Return the ids of each message."""
        return [[int(found.id) for found in one.detections] for one in self.messages]


def face(id_=1, emotion='happy', left=0.0, labels=LABELS):
    probabilities = np.full(len(labels), 1 / len(labels))
    return Face(id_, (left, 0.0, left + 10, 10.0), 0.9, probabilities, emotion)


def test_nobody_is_here_at_the_start():
    setting = Setting()

    assert setting.ids == [[]]
    assert setting.messages[0].header.stamp == Time(sec=100)


def test_everybody_is_published_after_each_change_and_not_in_between():
    setting = Setting()
    setting.see(face(1), changed=[1], second=1)
    setting.see(face(1), second=2)
    setting.see(face(2), face(1), changed=[2], second=3)
    setting.see(face(1, 'sad'), face(2), changed=[1], second=4)
    setting.see(face(2), left=[1], second=5)
    setting.see(second=6, held=[2])
    setting.see(left=[2], second=7)
    setting.see(second=8)

    assert setting.ids == [[], [1], [1, 2], [1, 2], [2], []]
    headers = [(one.header.stamp.sec, one.header.frame_id) for one in setting.messages[1:]]
    assert headers == [(second, 'eye') for second in (1, 3, 4, 5, 7)]


def test_a_hidden_person_is_still_here_with_the_last_box():
    setting = Setting()
    setting.see(face(1, left=20.0), changed=[1])
    setting.see(face(1, left=30.0))
    setting.see(face(2), changed=[2], held=[1, 2])

    first, second = setting.messages[-1].detections
    assert (first.id, first.bbox.center.position.x) == ('1', 35.0)
    assert second.id == '2'


def test_a_hidden_person_keeps_the_labels_of_the_last_face():
    setting = Setting()
    setting.see(face(1), changed=[1])
    two = ('good', 'bad')

    setting.see(face(2, 'bad', labels=two), changed=[2], held=[1, 2], labels=two)

    assert decisions(setting.messages[-1]) == ['happy', 'bad']
    assert [len(found.results) for found in setting.messages[-1].detections] == [3, 2]


def test_nobody_is_here_when_no_image_came_for_the_given_time():
    setting = Setting()
    setting.see(face(1), changed=[1])
    setting.present.expire(1.0)

    setting.now += 3.0
    setting.present.expire(1.0)
    assert setting.ids == [[], [1]]
    setting.now += 0.1
    setting.present.expire(1.0)
    setting.present.expire(1.0)

    assert setting.ids == [[], [1], []]
    assert setting.messages[-1].header.stamp == Time(sec=103, nanosec=100_000_000)


def test_images_keep_everybody_here_even_without_results():
    setting = Setting()
    setting.see(face(1), changed=[1])

    for _ in range(10):
        setting.now += 2.0
        setting.present.arrive()
        setting.present.expire(1.0)

    assert setting.ids == [[], [1]]


def test_who_is_still_here_after_a_silence_is_published_again():
    setting = Setting()
    setting.see(face(1), changed=[1])
    setting.present.expire(1.0)
    setting.now += 10.0
    setting.present.expire(1.0)

    setting.see(face(1))
    setting.see(face(1))

    assert setting.ids == [[], [1], [], [1]]


@pytest.mark.parametrize('later', [0.0, 5.0, 99.9])
def test_a_clock_that_stands_still_or_jumps_back_sends_nobody_away(later):
    setting = Setting()
    setting.see(face(1), changed=[1])
    setting.present.expire(1.0)

    setting.now -= later
    for _ in range(20):
        setting.present.expire(1.0)
    assert setting.ids == [[], [1]]

    # From then on the time counts anew.
    setting.now += 3.1
    setting.present.expire(1.0)
    assert setting.ids == [[], [1], []]


def test_a_simulated_clock_that_starts_late_sends_nobody_away():
    setting = Setting(now=0.0)
    setting.see(face(1), changed=[1])
    setting.present.expire(1.0)

    setting.now = 1.7e9
    setting.present.expire(1.0)

    assert setting.ids == [[], [1]]


def test_clearing_is_published_once():
    setting = Setting()
    setting.see(face(1), changed=[1])

    setting.present.clear()
    setting.present.clear()

    assert setting.ids == [[], [1], []]


def test_clearing_after_the_context_was_shut_down_is_no_error():
    setting = Setting()
    setting.see(face(1), changed=[1])
    setting.alive = False

    setting.present.clear()

    assert setting.ids == [[], [1]]


def test_who_is_here_is_read_and_written_under_the_lock():
    setting = Setting()
    lock = guard(setting.present, read=['_here'], written=['_here'])
    setting.see(face(1), changed=[1])
    setting.present.expire(1.0)
    setting.now += 10.0
    setting.present.expire(1.0)
    setting.see(face(1))
    setting.present.clear()

    assert not lock.held
    assert setting.ids == [[], [1], [], [1], []]


@pytest.fixture
def present(graph):
    """Give the messages to a subscriber that is there from the beginning."""
    inbox = Inbox()
    graph.listener('early').create_subscription(
        Detection2DArray, 'emotion/present', inbox, LATCHED
    )
    return inbox


def ids_of(message):
    return [found.id for found in message.detections]


def test_a_late_subscriber_knows_at_once_who_is_here(graph, node, camera, emotions):
    send(camera, emotions, node, picture(seconds=1))
    late = Inbox()

    graph.listener('late').create_subscription(Detection2DArray, 'emotion/present', late, LATCHED)

    found = late.wait_for(lambda _: True)
    assert (ids_of(found), decisions(found)) == (['1'], ['happy'])
    assert (found.header.stamp.sec, found.header.frame_id) == (1, 'the_camera')


def test_nobody_is_here_after_the_node_is_deactivated_and_the_same_person_is_after_it(
    graph, node, camera, emotions, present
):
    present.wait_for(lambda one: ids_of(one) == [])
    send(camera, emotions, node, picture(seconds=1))
    present.wait_for(lambda one: ids_of(one) == ['1'])

    node.trigger_deactivate()
    wait_until(lambda: ids_of(present.messages[-1]) == [])
    node.trigger_activate()
    message = picture(seconds=1)
    message.header.stamp.nanosec = 500_000_000
    send(camera, emotions, node, message)
    wait_until(lambda: ids_of(present.messages[-1]) == ['1'])
    node.trigger_deactivate()
    node.trigger_cleanup()
    wait_until(lambda: ids_of(present.messages[-1]) == [])


def test_nobody_is_here_when_the_camera_is_silent(graph, parts, camera, emotions, present):
    node = started(graph, Parameter('face_timeout', value=0.0))
    send(camera, emotions, node, picture(seconds=1))
    present.wait_for(lambda one: ids_of(one) == ['1'])

    wait_until(lambda: ids_of(present.messages[-1]) == [])


def test_nobody_is_here_when_all_images_are_refused(graph, parts, camera, emotions, present):
    node = started(graph, Parameter('face_timeout', value=0.0))
    send(camera, emotions, node, picture(seconds=1))
    present.wait_for(lambda one: ids_of(one) == ['1'])
    broken = picture(seconds=2)
    broken.encoding = 'mono12'

    def refuse_and_look():
        camera.publish(broken)
        return ids_of(present.messages[-1]) == []

    wait_until(refuse_and_look)


def test_a_paused_recording_leaves_everybody_here(graph, parts, emotions, present):
    node = started(graph, Parameter('use_sim_time', value=True))
    side = graph.listener('player')
    clock = side.create_publisher(Clock, '/clock', 1)
    camera = side.create_publisher(Image, 'image', 1)
    wait_until(lambda: clock.get_subscription_count() > 0)

    def set_clock(seconds):
        clock.publish(Clock(clock=Time(sec=seconds)))
        wait_until(lambda: node.get_clock().now().nanoseconds == seconds * 10**9)

    set_clock(1000)
    send(camera, emotions, node, picture(seconds=1000))
    present.wait_for(lambda one: ids_of(one) == ['1'])
    looks = []
    expire = node._outputs.present.expire

    def count_and_expire(patience):
        expire(patience)
        looks.append(patience)

    node._outputs.present.expire = count_and_expire
    # The steady clock of the checks goes on: these are more than `face_timeout` + 2 s.
    wait_until(lambda: len(looks) > 14)
    assert ids_of(present.messages[-1]) == ['1']

    set_clock(1004)
    wait_until(lambda: ids_of(present.messages[-1]) == [])


def test_an_image_with_a_result_counts_even_after_an_image_without_one():
    setting = Setting()
    setting.see(face(), changed=(1,))
    setting.present.expire(1.0)

    setting.now += 2.9
    # While frames give no result, the node does not report their arrival.
    setting.see(face(), arrives=False)
    setting.present.expire(1.0)
    setting.now += 2.9
    setting.present.expire(1.0)

    assert setting.ids == [[], [1]]
