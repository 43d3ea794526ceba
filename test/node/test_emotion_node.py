import threading

from diagnostic_msgs.msg import DiagnosticArray
from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np
import pytest
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2DArray
from vision_msgs.msg import LabelInfo

from graph import Inbox
from graph import wait_until
from live_parameters import set_parameters
from stand_ins import decisions
from stand_ins import LABELS
from stand_ins import picture
from stand_ins import send
from stand_ins import started


def test_each_image_is_answered_with_its_own_header(node, camera, emotions):
    message = send(camera, emotions, node, picture())

    assert message.header.frame_id == 'the_camera'
    assert decisions(message) == ['happy']
    assert message.detections[0].id == '1'
    assert sum(one.hypothesis.score for one in message.detections[0].results) == pytest.approx(1)


def test_an_image_without_a_face_is_answered_with_an_empty_list(node, camera, emotions):
    assert decisions(send(camera, emotions, node, picture((0, 0, 0)))) == []


def test_a_broken_image_is_counted_and_logged_and_not_answered(node, camera, emotions, capfd):
    send(camera, emotions, node, picture(seconds=1))
    broken = picture(seconds=2)
    broken.height = 1000
    depth = picture(seconds=3)
    depth.encoding = '32FC1'

    camera.publish(broken)
    wait_until(lambda: node.statistics.refused == 1)
    camera.publish(depth)
    wait_until(lambda: node.statistics.refused == 2)
    send(camera, emotions, node, picture(seconds=4))

    assert [message.header.stamp.sec for message in emotions.messages] == [1, 4]
    assert 'image rejected (1 so far)' in capfd.readouterr().err


def test_a_face_in_10_bits_is_found_with_the_bit_depth_that_the_diagnostics_name(
    graph, node, camera, emotions
):
    diagnoses = Inbox()
    graph.listener('monitor').create_subscription(DiagnosticArray, '/diagnostics', diagnoses, 10)
    message = Image(height=20, width=30, encoding='mono16', step=60)
    message.data.frombytes(np.full((20, 30), 900, '<u2').tobytes())
    for second in range(1, 11):
        message.header.stamp.sec = second
        assert decisions(send(camera, emotions, node, message)) == []

    diagnoses.wait_for(lambda one: 'set bit_depth to 10' in one.status[0].message)
    assert set_parameters(graph, bit_depth=10).successful
    message.header.stamp.sec = 11
    answer = send(camera, emotions, node, message)

    assert len(answer.detections) == 1
    message.encoding = '16UC1'
    message.header.stamp.sec = 12
    assert len(send(camera, emotions, node, message).detections) == 1


def test_of_the_images_that_come_during_work_only_the_newest_is_looked_at(
    node, camera, emotions, parts
):
    detector, _ = parts
    send(camera, emotions, node, picture((11, 60, 60), seconds=1))
    detector.may_go_on.clear()
    camera.publish(picture((12, 60, 60), seconds=2))
    wait_until(lambda: detector.seen == [11, 12])
    for number in range(3, 8):
        camera.publish(picture((10 + number, 60, 60), seconds=number))
        wait_until(lambda number=number: node.statistics.received >= number)

    detector.may_go_on.set()
    emotions.wait_for(lambda message: message.header.stamp.sec == 7)

    assert detector.seen == [11, 12, 17]
    assert node.statistics.dropped == 4
    assert node.statistics.processed == 3


@pytest.mark.parametrize(('rate', 'period'), [(0.0, 0.0), (0.5, 2.0), (10.0, 0.1)])
def test_the_period_between_two_frames_follows_from_the_highest_rate(graph, parts, rate, period):
    node = started(graph, Parameter('max_rate', value=rate))

    assert node._shortest_period() == pytest.approx(period)


def test_only_what_changed_is_told_to_who_listens_to_changes(graph, node, camera, emotions):
    changes = Inbox()
    graph.listener('changes').create_subscription(Detection2DArray, 'emotion/changes', changes, 10)
    wait_until(lambda: node._outputs.topics._changes.get_subscription_count() == 1)
    assert set_parameters(graph, hold=0.0, smoothing=0.0, face_timeout=0.0).successful
    blue, red, nobody = (250, 20, 20), (20, 20, 250), (0, 0, 0)

    for seconds, colour in enumerate([blue, blue, red, red, nobody, nobody, blue], start=1):
        send(camera, emotions, node, picture(colour, seconds))

    changes.wait_for(lambda message: message.header.stamp.sec == 7)
    told = [
        (message.header.stamp.sec, found.id, decisions(message) if found.results else 'left')
        for message in changes.messages
        for found in message.detections
    ]
    assert told == [
        (1, '1', ['happy']),
        (3, '1', ['neutral']),
        (5, '1', 'left'),
        (7, '2', ['happy']),
    ]


def test_diagnostics_tell_how_the_node_is(graph, node, camera, emotions):
    inbox = Inbox()
    graph.listener('monitor').create_subscription(DiagnosticArray, '/diagnostics', inbox, 10)
    send(camera, emotions, node, picture(seconds=1))
    broken = picture(seconds=2)
    broken.encoding = '32FC1'
    camera.publish(broken)

    message = inbox.wait_for(lambda one: ' frames failed: ' in one.status[0].message)

    (status,) = message.status
    values = {one.key: one.value for one in status.values}
    assert status.name == '/emotion: faces'
    assert status.level == DiagnosticStatus.WARN
    assert "the encoding is '32FC1'" in status.message
    assert list(values) == [
        'frames_received',
        'frames_processed',
        'frames_dropped',
        'input_rate_hz',
        'age_p50_ms',
        'age_p95_ms',
        'detect_ms',
        'classify_ms',
        'publish_ms',
        'faces',
        'image_mean',
        'last_face_s',
        'backend',
        'device',
        'detector',
        'model',
        'model_sha256',
        'image_qos',
        'last_error',
    ]
    counts = [values[f'frames_{name}'] for name in ('received', 'processed', 'dropped')]
    assert counts == ['2', '1', '1']
    assert values['faces'] == '1'
    assert values['backend'] == 'made_up'
    assert values['image_qos'] == 'reliable, published reliable'
    assert float(values['detect_ms']) >= 0


def test_diagnostics_name_a_camera_that_is_missing(graph, node):
    inbox = Inbox()
    graph.listener('monitor').create_subscription(DiagnosticArray, '/diagnostics', inbox, 10)

    message = inbox.wait_for(lambda one: 'nobody publishes /image' in one.status[0].message)

    assert message.status[0].level == DiagnosticStatus.WARN


def test_who_comes_late_still_learns_the_labels(graph, node):
    inbox = Inbox()
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)

    graph.listener('late').create_subscription(LabelInfo, 'emotion/label_info', inbox, latched)

    message = inbox.wait_for(lambda _: True)
    assert [one.class_name for one in message.class_map] == list(LABELS)
    assert message.threshold == pytest.approx(0.4)


def test_groups_are_merged_in_results_and_labels(graph, node, camera, emotions):
    labels = Inbox()
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    graph.listener('late').create_subscription(LabelInfo, 'emotion/label_info', labels, latched)

    assert set_parameters(graph, groups=['low=sad,neutral']).successful

    message = send(camera, emotions, node, picture((20, 100, 100)))
    names = [one.hypothesis.class_id for one in message.detections[0].results]
    assert names == ['low', 'happy']
    labels.wait_for(lambda info: [one.class_name for one in info.class_map] == ['happy', 'low'])


def test_images_of_changing_size_and_encoding_are_followed(node, camera, emotions):
    for seconds, size in enumerate([(20, 30), (48, 64), (1, 1), (30, 20)], start=1):
        send(camera, emotions, node, picture(seconds=seconds, size=size))
    gray = Image(height=9, width=7, step=8, encoding='mono8')
    gray.data.frombytes(bytes([200]) * 72)
    gray.header.stamp.sec = 50

    # For gray, all emotions are equally likely. A tie is resolved in favour of the first label.
    assert len(send(camera, emotions, node, gray).detections) == 1


def test_the_node_stops_in_the_middle_of_everything(graph, node, camera, emotions):
    send(camera, emotions, node, picture(seconds=1))
    for seconds in range(2, 30):
        camera.publish(picture(seconds=seconds))

    node.stop()

    assert 'perception' not in [thread.name for thread in threading.enumerate()]
