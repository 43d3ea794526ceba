"""Test the node's reports about itself with real topics on a real ROS graph."""

from collections import Counter
import gc
import time

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray
from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np
import pytest
from rcl_interfaces.msg import Log
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.qos import qos_profile_sensor_data
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image

from fer_ros.messages.images import to_image_message
from fer_ros.node.emotion_node import EmotionNode
from fer_ros.node.message_types import MESSAGE_TYPES
from graph import Inbox
from graph import wait_until
from stand_ins import started


def image_of(low, high, offset=0.0):
    """Create an image of noise with the current time as its timestamp."""
    pixels = np.random.default_rng(1).integers(low, high + 1, (24, 32, 3)).astype(np.uint8)
    message = to_image_message(MESSAGE_TYPES, Image().header, pixels)
    stamp = time.time() + offset
    message.header.stamp = Time(sec=int(stamp), nanosec=int(stamp % 1 * 1e9))
    return message


def sending(graph, make, profile=1, period=0.05):
    """Publish the messages of a function periodically."""
    side = graph.listener('camera_side')
    camera = side.create_publisher(Image, 'image', profile)
    side.create_timer(period, lambda: camera.publish(make()))
    return side


@pytest.fixture(autouse=True)
def no_node_of_before():
    """Remove the nodes of earlier tests, which remain in the graph until garbage collection."""
    gc.collect()


@pytest.fixture
def diagnoses(graph):
    inbox = Inbox()
    graph.listener('monitor').create_subscription(DiagnosticArray, '/diagnostics', inbox, 10)
    return inbox


@pytest.fixture
def log(graph):
    inbox = Inbox()
    graph.listener('log_reader').create_subscription(Log, '/rosout', inbox, 500)
    return inbox


def level_of(message):
    return message.status[0].level


def values_of(message):
    return {one.key: one.value for one in message.status[0].values}


def test_images_as_they_should_be_raise_no_warning(graph, node, diagnoses):
    sending(graph, lambda: image_of(0, 255))

    found = diagnoses.wait_for(lambda one: one.status[0].message == 'active')

    values = values_of(found)
    assert 100 < int(values['image_mean']) < 155
    assert float(values['last_face_s']) >= 0
    assert float(values['age_p50_ms']) >= 0


@pytest.mark.parametrize(
    ('make', 'sentence', 'aged'),
    [
        (lambda: image_of(0, 5), 'the images are nearly black (mean ', True),
        (lambda: image_of(250, 255), 'the images are nearly white (mean ', True),
        (lambda: image_of(90, 90), 'the images have one colour (mean 90 of 255)', True),
        (
            lambda: image_of(0, 255, 30.0),
            'the timestamps of the images are 30 s in the future',
            False,
        ),
        (
            lambda: image_of(0, 255, -60.0),
            'the timestamps of the images are 60 s in the past',
            False,
        ),
        (lambda: image_of(0, 255, -1.7e9), 'the timestamps of the images are 1.7e+09 s in', False),
    ],
)
def test_images_that_cannot_be_right_are_a_warning(graph, node, diagnoses, make, sentence, aged):
    sending(graph, make)

    found = diagnoses.wait_for(lambda one: one.status[0].message.startswith(sentence))

    assert level_of(found) == DiagnosticStatus.WARN
    assert bool(values_of(found)['age_p50_ms']) == aged


def test_a_silent_clock_is_a_warning_until_it_advances(graph, parts, diagnoses):
    node = started(graph, Parameter('use_sim_time', value=True))
    side = sending(graph, lambda: image_of(0, 255))

    found = diagnoses.wait_for(
        lambda one: one.status[0].message.startswith('use_sim_time is true, but /clock')
    )
    assert level_of(found) == DiagnosticStatus.WARN
    assert 'it has no publisher' in found.status[0].message
    assert values_of(found)['age_p50_ms'] == values_of(found)['age_p95_ms'] == ''
    assert node.statistics.processed > 0
    assert node.statistics.age == 0.0

    clock = side.create_publisher(Clock, '/clock', 1)

    def advance():
        now = time.time()
        clock.publish(Clock(clock=Time(sec=int(now), nanosec=int(now % 1 * 1e9))))

    side.create_timer(0.02, advance)

    wait_until(lambda: node.get_clock().now().nanoseconds > 0)
    diagnoses.messages.clear()
    found = diagnoses.wait_for(lambda one: one.status[0].message == 'active')
    assert -500 < float(values_of(found)['age_p50_ms']) < 10_000


def test_an_age_by_a_clock_that_stopped_is_no_value(graph, parts, diagnoses):
    node = started(graph, Parameter('use_sim_time', value=True))
    image = image_of(0, 255)
    image.header.stamp = Time(sec=100)
    side = sending(graph, lambda: image)
    clock = side.create_publisher(Clock, '/clock', 1)
    wait_until(lambda: clock.get_subscription_count() > 0)
    clock.publish(Clock(clock=Time(sec=100, nanosec=50_000_000)))

    found = diagnoses.wait_for(lambda one: '/clock has not advanced' in one.status[0].message)

    assert 'although it has a publisher' in found.status[0].message
    wait_until(lambda: node.statistics.age > 0)
    diagnoses.messages.clear()
    found = diagnoses.wait_for(lambda one: '/clock has not advanced' in one.status[0].message)
    assert node.statistics.values()['age_p50_ms'] == '50.0'
    assert values_of(found)['age_p50_ms'] == values_of(found)['age_p95_ms'] == ''


def test_a_second_node_of_the_name_is_a_warning_also_when_it_comes_later(graph, node, diagnoses):
    sending(graph, lambda: image_of(0, 255))
    diagnoses.wait_for(lambda one: one.status[0].message == 'active')

    twin = rclpy.create_node('emotion', context=graph.context)
    graph.add(twin, SingleThreadedExecutor)

    found = diagnoses.wait_for(
        lambda one: '2 nodes have the name /emotion' in one.status[0].message
    )
    assert level_of(found) == DiagnosticStatus.WARN


def test_nobody_seen_for_long_is_said_as_information(graph, node, diagnoses, monkeypatch):
    monkeypatch.setattr('fer_ros.node.health.diagnostics.FACELESS', 0.1)
    sending(graph, lambda: image_of(20, 40))

    found = diagnoses.wait_for(
        lambda one: one.status[0].message.startswith('active; no face detected for ')
    )

    assert level_of(found) == DiagnosticStatus.OK
    assert values_of(found)['last_face_s'] == ''


def test_the_log_tells_the_story_once(graph, parts, log):
    node = graph.add(EmotionNode(context=graph.context))
    wait_until(lambda: node.count_subscribers('/rosout') > 0)
    node.start()
    sending(graph, lambda: image_of(0, 255), qos_profile_sensor_data, 0.02)

    first = log.wait_for(lambda one: one.msg.startswith('32x24 bgr8 at '))

    assert first.msg.endswith(' Hz on /image, best effort')
    node.trigger_deactivate()
    node.trigger_cleanup()
    node.trigger_shutdown()
    log.wait_for(lambda one: one.msg == 'shut down')
    lines = [one.msg for one in log.messages if one.name == 'emotion']
    expected = [
        'active: waiting for images on /image',
        first.msg,
        'inactive: images are ignored',
        'unconfigured: models, publishers and subscribers are released',
        'shut down',
    ]
    assert [line for line in lines if line in expected] == expected
    assert max(Counter(lines).values()) == 1


def test_a_node_that_cannot_start_leaves_the_reason_to_its_process(graph, parts, log):
    node = graph.add(
        EmotionNode(context=graph.context, parameter_overrides=[Parameter('model', value='gone')])
    )
    wait_until(lambda: node.count_subscribers('/rosout') > 0)

    with pytest.raises(Exception, match="there is no model 'gone'"):
        node.start()

    # A failed transition through the service is reported only in the log.
    node.trigger_configure()
    node.get_logger().info('the last line')
    log.wait_for(lambda one: one.msg == 'the last line')
    assert len([one for one in log.messages if 'gone' in one.msg]) == 1
