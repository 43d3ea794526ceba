"""Test a replayed recording with simulated time: paused, restarted, and at any rate."""

import threading

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray
import pytest
from rcl_interfaces.srv import SetParametersAtomically
from rclpy.parameter import Parameter
from rclpy.qos import qos_profile_sensor_data
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2DArray

from graph import Inbox
from graph import wait_until
from stand_ins import decisions
from stand_ins import picture
from stand_ins import send
from stand_ins import started


class Player:
    """Publishes images with the timestamps of a recording, and the clock, like rosbag2."""

    def __init__(self, graph, node, emotions):
        self._node = node
        self._emotions = emotions
        side = graph.listener('player')
        self._clock = side.create_publisher(Clock, '/clock', 1)
        self._camera = side.create_publisher(Image, 'image', 1)
        wait_until(lambda: self._clock.get_subscription_count() > 0)

    def set_clock(self, seconds):
        """Publish the simulated time."""
        time = Time(sec=int(seconds), nanosec=round(seconds % 1 * 1e9))
        self._clock.publish(Clock(clock=time))
        nanoseconds = time.sec * 10**9 + time.nanosec
        wait_until(lambda: self._node.get_clock().now().nanoseconds == nanoseconds)

    def play(self, seconds, colour=(250, 20, 20), age=0.05):
        """Publish an image slightly after the time of its timestamp, and return the result."""
        self.set_clock(seconds + age)
        message = picture(colour)
        message.header.stamp = Time(sec=int(seconds), nanosec=round(seconds % 1 * 1e9))
        answered = len(self._emotions.messages)
        wait_until(lambda: self._node.count_subscribers('emotion') > 0)
        wait_until(lambda: self._camera.get_subscription_count() > 0)
        self._camera.publish(message)
        wait_until(lambda: len(self._emotions.messages) > answered)
        answer = self._emotions.messages[-1]
        assert answer.header == message.header
        return answer


@pytest.fixture
def simulated(graph, parts):
    return started(graph, Parameter('use_sim_time', value=True))


@pytest.fixture
def player(graph, simulated, emotions):
    return Player(graph, simulated, emotions)


def test_a_camera_is_followed_and_told_of_while_the_clock_stands_still(graph, simulated, emotions):
    inbox = Inbox()
    graph.listener('monitor').create_subscription(DiagnosticArray, '/diagnostics', inbox, 10)
    inbox.wait_for(lambda one: 'nobody publishes /image' in one.status[0].message)
    camera = graph.listener('camera_side').create_publisher(
        Image, 'image', qos_profile_sensor_data
    )

    send(camera, emotions, simulated, picture(seconds=1))

    inbox.wait_for(
        lambda one: any(value.value.startswith('best_effort,') for value in one.status[0].values)
    )


def test_the_age_of_an_image_is_told_by_the_recordings_clock(simulated, player):
    for number in range(5):
        player.play(1000 + number)

    wait_until(lambda: simulated.statistics.processed == 5)
    values = simulated.statistics.values()
    assert (values['age_p50_ms'], values['age_p95_ms']) == ('50.0', '50.0')


def test_a_recording_that_begins_again_begins_with_nobody(graph, simulated, player):
    changes = Inbox()
    graph.listener('greeter').create_subscription(Detection2DArray, 'emotion/changes', changes, 10)
    wait_until(lambda: simulated.count_subscribers('emotion/changes') > 0)
    rounds = []

    for _ in range(3):
        rounds.append([player.play(1000 + number / 4) for number in range(8)])

    ids = [[message.detections[0].id for message in one] for one in rounds]
    # The first timestamp of a round could be wrong; the second one agrees with it.
    assert ids == [['1'] * 8, ['1'] + ['2'] * 7, ['2'] + ['3'] * 7]
    assert all(decisions(message) == ['happy'] for one in rounds for message in one)
    changes.wait_for(lambda one: any(found.id == '3' for found in one.detections))
    told = [
        (found.id, bool(found.results)) for one in changes.messages for found in one.detections
    ]
    assert sorted(told) == [('1', False), ('1', True), ('2', False), ('2', True), ('3', True)]
    wait_until(lambda: simulated.statistics.processed == 24)
    assert simulated.statistics.values()['age_p95_ms'] == '50.0'


def test_a_pause_changes_nothing(simulated, player):
    before = player.play(1000)
    for _ in range(3):
        player.set_clock(1000.1)

    after = player.play(1000.2)

    assert [before.detections[0].id, after.detections[0].id] == ['1', '1']


@pytest.mark.parametrize('rate', [1, 10])
def test_a_face_keeps_its_id_at_any_rate(player, rate):
    # From a 30 Hz camera, a replay at ten times the speed leaves every tenth image.
    step = rate / 30

    answers = [player.play(1000 + number * step) for number in range(6)]

    assert {message.detections[0].id for message in answers} == {'1'}


def test_diagnostics_go_on_while_a_model_is_loaded(graph, simulated, monkeypatch):
    inbox = Inbox()
    graph.listener('monitor').create_subscription(DiagnosticArray, '/diagnostics', inbox, 10)
    inbox.wait_for(lambda _: True)
    loading, may_go_on = threading.Event(), threading.Event()
    load = simulated._models._load_classifier

    def load_slowly(settings):
        loading.set()
        assert may_go_on.wait(60)
        return load(settings)

    monkeypatch.setattr(simulated._models, '_load_classifier', load_slowly)
    asker = graph.listener('asker')
    client = asker.create_client(SetParametersAtomically, '/emotion/set_parameters_atomically')
    assert client.wait_for_service(60)
    wanted = Parameter('model', value='another').to_parameter_msg()
    future = client.call_async(SetParametersAtomically.Request(parameters=[wanted]))
    assert loading.wait(60)
    inbox.messages.clear()

    inbox.wait_for(lambda _: len(inbox.messages) >= 2)

    assert not future.done()
    may_go_on.set()
    wait_until(future.done)
    assert future.result().result.successful
