"""Test the subscription to the camera, and the warnings about an incompatible camera."""

from types import SimpleNamespace

from diagnostic_msgs.msg import DiagnosticArray
import pytest
from rcl_interfaces.msg import Log
from rclpy.parameter import Parameter
from rclpy.qos import qos_profile_sensor_data
from rclpy.qos import QoSProfile
from rclpy.topic_endpoint_info import TopicEndpointInfo
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image

from fer_ros.node.inputs.camera_listener import CameraListener
from fer_ros.perception.settings import Settings
from graph import Inbox
from graph import wait_until
from guarded import guard
from stand_ins import picture
from stand_ins import send
from stand_ins import started


def diagnosis(graph, sentence):
    """Wait until the diagnostics contain a given message."""
    inbox = Inbox()
    graph.listener('monitor').create_subscription(DiagnosticArray, '/diagnostics', inbox, 10)
    return inbox.wait_for(lambda one: one.status[0].message.startswith(sentence))


def test_a_mismatch_that_was_asked_for_is_named_with_the_way_out(graph, parts):
    started(graph, Parameter('image_reliability', value='reliable'))
    graph.listener('camera_side').create_publisher(Image, 'image', qos_profile_sensor_data)

    diagnosis(
        graph,
        '/image is published best_effort, but image_reliability is reliable: set it to auto',
    )


def test_a_topic_of_something_else_is_named_as_such():
    points = sender(0)
    points.topic_type = 'sensor_msgs/msg/PointCloud2'

    offer = listener([points]).offer()

    assert offer.publishers == 0
    assert offer.mismatch == (
        '/image carries sensor_msgs/msg/PointCloud2, not sensor_msgs/msg/Image: '
        'remap image to the topic of a camera'
    )


def test_an_image_that_is_remapped_to_the_compressed_topic_is_told_the_raw_one():
    offer = listener(compressed=[sender(0, CompressedImage)], name='/eye/compressed').offer()

    assert offer.mismatch == (
        '/eye/compressed carries sensor_msgs/msg/CompressedImage, not sensor_msgs/msg/Image: '
        'remap image to /eye, and the compressed one is found with it'
    )


def test_a_camera_that_only_sends_the_other_transport_is_named(graph, parts):
    started(graph, Parameter('image_transport', value='raw'))
    graph.listener('camera_side').create_publisher(CompressedImage, 'image/compressed', 1)

    diagnosis(
        graph, 'nobody publishes /image, but /image/compressed: set image_transport to auto'
    )


def test_who_listens_to_the_wrong_topic_is_told_where_images_are(graph, node):
    graph.listener('camera_side').create_publisher(Image, 'left/image_raw', 1)

    diagnosis(
        graph,
        'nobody publishes /image: start the camera, or remap image; '
        'images are on /left/image_raw',
    )


def test_the_log_tells_of_a_missing_camera_now_and_then_and_when_it_is_there(
    graph, node, emotions
):
    log = Inbox()
    graph.listener('log_reader').create_subscription(Log, '/rosout', log, 100)
    diagnoses = Inbox()
    graph.listener('monitor').create_subscription(DiagnosticArray, '/diagnostics', diagnoses, 10)

    log.wait_for(lambda one: one.msg.startswith('nobody publishes /image: start the camera'))
    camera = graph.listener('camera_side').create_publisher(Image, 'image', 1)
    send(camera, emotions, node, picture())
    log.wait_for(lambda one: one.msg == '30x20 bgr8 on /image, reliable')

    complaints = [one for one in log.messages if one.msg.startswith('nobody publishes')]
    complained = [one for one in diagnoses.messages if 'nobody' in one.status[0].message]
    assert len(complaints) < len(complained)


def test_a_camera_is_followed_through_restarts_as_something_else(graph, node, emotions):
    side = graph.listener('camera_side')
    for seconds, profile, encoding, size in (
        (1, 1, 'bgr8', (20, 30)),
        (2, qos_profile_sensor_data, 'rgb8', (40, 30)),
        (3, 1, 'mono8', (9, 90)),
    ):
        camera = side.create_publisher(Image, 'image', profile)
        message = picture(seconds=seconds, size=size)
        message.encoding = encoding
        send(camera, emotions, node, message)
        side.destroy_publisher(camera)
        wait_until(lambda: node.count_publishers('image') == 0)


# GUIDs of Fast DDS contain the vendor, the host, and further bytes.
HOSTS = [bytes([0x01, 0x0F, host, host, *range(12)]) for host in (1, 2)]
ANOTHER_VENDOR = bytes([0x01, 0x10, 7, 7, *range(12)])


def sender(host, kind=Image, name='camera'):
    return TopicEndpointInfo(
        node_name=name,
        topic_type=f'sensor_msgs/msg/{kind.__name__}',
        qos_profile=QoSProfile(depth=1),
        endpoint_gid=list(HOSTS[host] if isinstance(host, int) else host),
    )


def listener(raw=(), compressed=(), own=0, name='/image'):
    """Return a listener on a simulated graph. By default, its node runs on the first host."""

    class Node:
        get_name = staticmethod(lambda: 'emotion')
        get_topic_names_and_types = staticmethod(list)

        @staticmethod
        def resolve_topic_name(topic):
            return name if topic == 'image' else f'/{topic}'

        @staticmethod
        def get_publishers_info_by_topic(topic):
            return {
                '/emotion': [sender(own, name='emotion')],
                '/image': raw,
                '/image/compressed': compressed,
                '/eye/compressed': compressed,
            }.get(topic, [])

    return CameraListener(Node(), None)


@pytest.mark.parametrize(
    ('raw', 'own', 'compressed'),
    [
        ([0], 0, False),
        ([1], 0, True),
        ([0, 1], 0, False),
        ([], 0, True),
        # If the middleware does not report hosts, no publisher is known to be remote.
        ([ANOTHER_VENDOR], ANOTHER_VENDOR, False),
    ],
)
def test_auto_takes_compressed_images_from_another_host(raw, own, compressed):
    one = listener([sender(host) for host in raw], [sender(1, CompressedImage)], own)

    assert one._wanted(Settings()).compressed == compressed


def test_the_subscription_is_made_changed_and_ended_under_the_lock():
    made = []
    one = listener([sender(0)])
    lock = guard(one, written=['_listening', '_subscription'])

    def create_subscription(kind, topic, *_, **__):
        assert lock.held
        made.append(topic)
        return topic

    def destroy_subscription(subscription):
        assert lock.held
        made.remove(subscription)

    one._node.create_subscription = create_subscription
    one._node.destroy_subscription = destroy_subscription
    one._node.get_logger = lambda: SimpleNamespace(debug=lambda _: None)

    one.start(Settings())
    assert made == ['/image']
    one.follow(Settings(image_transport='compressed'))
    assert made == ['/image/compressed']
    one.stop()
    assert made == []


def test_a_listener_that_was_stopped_does_not_follow_the_camera():
    one = listener([sender(0)])

    one.follow(Settings(image_transport='compressed'))

    assert one._subscription is None
    assert not one._listening.compressed


def test_where_nothing_is_compressed_the_raw_images_of_another_host_are_taken():
    assert not listener([sender(1)])._wanted(Settings()).compressed
