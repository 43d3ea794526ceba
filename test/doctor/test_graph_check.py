from pathlib import Path

import cv2
from geometry_msgs.msg import PointStamped
import numpy as np
import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image
from vision_msgs.msg import LabelInfo

from fer_ros.doctor.finding import FAIL
from fer_ros.doctor.finding import OK
from fer_ros.doctor.finding import WARN
from fer_ros.doctor.graph_check import check_camera
from fer_ros.doctor.graph_check import Heard
from fer_ros.messages.images import to_compressed_message
from fer_ros.messages.images import to_image_message
from fer_ros.node.inputs.camera_topics import camera_topics
from fer_ros.node.message_types import MESSAGE_TYPES
from graph import wait_until
from stand_ins import picture

# Time for two nodes to discover each other on a machine under load [s].
PATIENCE = 8.0
# Duration of the check from the first image on [s]. It exceeds the transfer time of an occasional
# image.
SECONDS = 1.0
# Number of ticks of a 50 Hz timer before the only image is published.
SETTLE_TICKS = 50


@pytest.fixture(autouse=True)
def same_graph(domain_id, monkeypatch):
    monkeypatch.setenv('ROS_DOMAIN_ID', str(domain_id))


def test_a_topic_that_nobody_publishes_is_named_with_those_that_are(graph):
    graph.listener('camera_side').create_publisher(Image, 'left/image_raw', 1)

    (finding,) = check_camera('image', PATIENCE)

    assert finding.level == WARN
    assert finding.sentence.startswith(
        'the topic has no publisher; these topics have images: /left/image_raw'
    )


def test_a_topic_that_must_be_published_is_a_failure_without_a_publisher(graph):
    (finding,) = check_camera('image', 0.1, required=True)

    assert finding.level == FAIL
    remedy = 'select another topic with --topic, or start the camera'
    assert finding.sentence == f'the topic has no publisher; {remedy}'


def test_the_images_of_an_emotion_node_are_no_cameras_in_any_namespace(graph):
    robot = graph.add(
        rclpy.create_node('eyes', namespace='/robot', context=graph.context),
        SingleThreadedExecutor,
    )
    robot.create_publisher(LabelInfo, 'mood/label_info', 1)
    for topic in ('mood/image', '/humans/faces/f1/cropped', '/shared'):
        robot.create_publisher(Image, topic, 1)
    side = graph.listener('camera_side')
    for topic in ('left/image_raw', '/shared'):
        side.create_publisher(Image, topic, 1)

    wait_until(lambda: camera_topics(side) == ['/left/image_raw', '/shared'])


def test_topics_of_compressed_images_are_those_of_cameras_too(graph):
    side = graph.listener('camera_side')
    side.create_publisher(Image, '/raw', 1)
    for topic in ('/raw/compressed', '/raw/zstd', '/jpeg', '/e/compressed', '/d/compressedDepth'):
        side.create_publisher(CompressedImage, topic, 1)

    wait_until(lambda: camera_topics(side) == ['/e/compressed', '/jpeg', '/raw'])


def test_a_topic_of_compressed_images_may_have_any_name(graph):
    side = graph.listener('camera_side')
    camera = side.create_publisher(CompressedImage, '/jpeg', qos_profile_sensor_data)
    data = cv2.imencode('.jpg', np.full((20, 30, 3), 90, np.uint8))[1]
    message = to_compressed_message(MESSAGE_TYPES, picture(seconds=7).header, data)
    side.create_timer(0.05, lambda: camera.publish(message))

    (finding,) = check_camera('/jpeg', SECONDS, patience=PATIENCE)

    assert finding.level == OK
    assert 'bytes of bgr8; jpeg' in finding.sentence


@pytest.mark.parametrize('topic', ['a b', '', '1a', '//x', '\x1b[31m\nok', 'x' * 5000, 'a/'])
def test_a_topic_whose_name_is_none_is_a_failure_in_one_short_line(topic):
    (finding,) = check_camera(topic, 0.1, required=True)

    assert finding.level == FAIL
    assert ' is not a topic name: ' in finding.sentence
    assert finding.sentence.isprintable()
    assert len(finding.sentence) < 500


@pytest.mark.parametrize(
    'args', [['--ros-args', '-r', 'a:b:=c d'], ['--ros-args', '--params-file', '/gone\n.yaml']]
)
def test_arguments_that_ros_refuses_are_a_failure_in_one_short_line(args):
    (finding,) = check_camera('image', 0.1, args)

    assert (finding.level, finding.subject) == (FAIL, 'ROS 2')
    assert finding.sentence.startswith('cannot start a node: ')
    assert finding.sentence.isprintable()


@pytest.mark.parametrize('domain', ['233', '9' * 1000])
def test_a_domain_that_ends_the_process_is_a_failure_before_it_does(monkeypatch, domain):
    monkeypatch.setenv('ROS_DOMAIN_ID', domain)

    (finding,) = check_camera('image', 0.1)

    assert finding.level == FAIL
    assert finding.sentence.startswith("ROS_DOMAIN_ID is '")
    assert finding.sentence.endswith(': set it to an integer from 0 to 232')
    assert len(finding.sentence) < 200


def test_one_image_does_not_keep_the_doctor_listening(graph):
    side = graph.listener('camera_side')
    camera = side.create_publisher(Image, 'image', 1)
    ticks = []

    def send_once():
        # The publisher discovers the doctor slightly before the doctor discovers the publisher.
        if camera.get_subscription_count():
            ticks.append(True)
        if len(ticks) == SETTLE_TICKS:
            camera.publish(picture())

    side.create_timer(0.02, send_once)

    (finding,) = check_camera('image', SECONDS, patience=PATIENCE)

    assert finding.sentence.startswith('0.0 Hz, reliable, 30x20 bgr8')


def test_text_from_an_image_is_shown_in_one_short_line(graph):
    side = graph.listener('camera_side')
    camera = side.create_publisher(Image, 'image', 1)
    message = picture()
    message.encoding = '\x1b[31m\nFAIL ' + 'x' * 100_000
    message.header.frame_id = 'f\nr' + 'y' * 100_000
    side.create_timer(0.05, lambda: camera.publish(message))

    (finding,) = check_camera('image', SECONDS, patience=PATIENCE)

    assert finding.level == FAIL
    assert finding.sentence.isprintable()
    assert len(finding.sentence) < 1000


def test_the_rotation_of_a_camera_is_named_once(graph):
    skimage = pytest.importorskip('skimage')
    photograph = cv2.imread(str(Path(skimage.__file__).parent / 'data' / 'astronaut.png'))
    upside_down = np.ascontiguousarray(photograph[::-1, ::-1])
    side = graph.listener('camera_side')
    camera = side.create_publisher(Image, 'image', qos_profile_sensor_data)
    message = to_image_message(MESSAGE_TYPES, picture().header, upside_down)
    side.create_timer(0.05, lambda: camera.publish(message))

    camera_finding, rotation = check_camera('image', SECONDS, patience=PATIENCE)

    assert camera_finding.level == OK
    assert rotation.level == WARN
    assert 'set rotation: 180' in rotation.sentence


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
    message = to_compressed_message(MESSAGE_TYPES, picture(seconds=7).header, jpeg)
    side.create_timer(0.05, lambda: camera.publish(message))

    raw, compressed = check_camera('image', SECONDS, patience=PATIENCE)

    assert (raw.level, raw.sentence) == (OK, 'only compressed images are published')
    assert compressed.level == OK
    assert 'bytes of bgr8; jpeg' in compressed.sentence
    # The timestamp of the image is in 1970.
    assert 'set use_sim_time for a recording' in compressed.sentence


def test_a_camera_with_fewer_significant_bits_gets_a_bit_depth_proposed(graph):
    side = graph.listener('camera_side')
    camera = side.create_publisher(Image, 'image', qos_profile_sensor_data)
    message = Image(height=20, width=30, encoding='mono16', step=60)
    message.data.frombytes(np.full((20, 30), 1000, '<u2').tobytes())
    side.create_timer(0.05, lambda: camera.publish(message))

    (finding,) = check_camera('image', SECONDS, patience=PATIENCE)

    assert finding.level == WARN
    assert finding.sentence.endswith('set the parameter bit_depth of the emotion node to 10')


@pytest.mark.parametrize(('encoding', 'level'), [('bgr8', OK), ('32FC1', FAIL)])
def test_a_camera_is_told_with_its_rate_and_its_kind(graph, encoding, level):
    side = graph.listener('camera_side')
    camera = side.create_publisher(Image, 'image', qos_profile_sensor_data)
    message = picture(size=(20, 30))
    message.encoding = encoding
    side.create_timer(0.05, lambda: camera.publish(message))

    (finding,) = check_camera('image', SECONDS, patience=PATIENCE)

    assert finding.level == level
    assert f'Hz, best_effort, 30x20 {encoding}, frame_id the_camera' in finding.sentence
