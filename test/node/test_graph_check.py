import pytest
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image

from fer_ros.doctor import FAIL
from fer_ros.doctor import OK
from fer_ros.doctor import WARN
from fer_ros.node.graph_check import check_camera
from fer_ros.node.graph_check import check_messages
from stand_ins import picture

# Long enough for two nodes to find each other on a machine that has much else to do.
SECONDS = 8.0


@pytest.fixture(autouse=True)
def same_graph(domain_id, monkeypatch):
    monkeypatch.setenv('ROS_DOMAIN_ID', str(domain_id))


def test_the_messages_are_there():
    assert {finding.level for finding in check_messages()} == {OK}


def test_a_topic_that_nobody_publishes_is_named_with_those_that_are(graph):
    graph.listener('camera_side').create_publisher(Image, 'left/image_raw', 1)

    (finding,) = check_camera('image', SECONDS)

    assert finding.level == WARN
    assert finding.sentence.startswith('nobody publishes it; these are published: /left/image_raw')


@pytest.mark.parametrize(('encoding', 'level'), [('bgr8', OK), ('32FC1', FAIL)])
def test_a_camera_is_told_with_its_rate_and_its_kind(graph, encoding, level):
    side = graph.listener('camera_side')
    camera = side.create_publisher(Image, 'image', qos_profile_sensor_data)
    message = picture(size=(20, 30))
    message.encoding = encoding
    side.create_timer(0.05, lambda: camera.publish(message))

    (finding,) = check_camera('image', SECONDS)

    assert finding.level == level
    assert f'Hz, best_effort, 30x20 {encoding}, frame the_camera' in finding.sentence
