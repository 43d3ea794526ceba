import cv2
from geometry_msgs.msg import PointStamped
import numpy as np
import pytest
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image

from fer_ros.doctor import FAIL
from fer_ros.doctor import OK
from fer_ros.doctor import WARN
from fer_ros.node.graph_check import check_camera
from fer_ros.node.graph_check import check_messages
from fer_ros.node.graph_check import Heard
from fer_ros.node.messages import to_compressed_message
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


def test_a_topic_may_be_remapped(graph):
    graph.listener('camera_side').create_publisher(PointStamped, 'points', 1)

    (finding,) = check_camera('image', 0.5, ['--ros-args', '-r', 'image:=points'])

    assert finding.subject == '/points'


def test_the_rate_is_that_of_the_camera_and_not_of_finding_it(monkeypatch):
    heard = Heard()
    for moment in (7.0, 7.1, 7.2):
        monkeypatch.setattr('time.monotonic', lambda moment=moment: moment)
        heard.add(picture())

    assert heard.rate == pytest.approx(10)


def test_a_camera_that_only_sends_compressed_images_is_told(graph):
    side = graph.listener('camera_side')
    camera = side.create_publisher(CompressedImage, 'image/compressed', qos_profile_sensor_data)
    jpeg = cv2.imencode('.jpg', np.full((20, 30, 3), 90, np.uint8))[1]
    message = to_compressed_message(picture(seconds=7).header, jpeg)
    side.create_timer(0.05, lambda: camera.publish(message))

    raw, compressed = check_camera('image', SECONDS)

    assert (raw.level, raw.sentence) == (OK, 'only the compressed images are published')
    assert compressed.level == OK
    assert 'bytes of bgr8; jpeg' in compressed.sentence
    # The stamp is of 1970.
    assert 'a recording needs use_sim_time' in compressed.sentence


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
