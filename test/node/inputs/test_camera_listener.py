"""Test the subscription to the camera, and the warnings about an incompatible camera."""

from types import SimpleNamespace

import cv2
from diagnostic_msgs.msg import DiagnosticArray
import pytest
from rcl_interfaces.msg import Log
from rclpy.parameter import Parameter
from rclpy.qos import qos_profile_sensor_data
from rclpy.qos import QoSProfile
from rclpy.topic_endpoint_info import TopicEndpointInfo
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image

from fer_ros.messages.images import to_compressed_message
from fer_ros.node.emotion_node import EmotionNode
from fer_ros.node.inputs.camera_listener import CameraListener
from fer_ros.node.inputs.images import to_bgr
from fer_ros.node.message_types import MESSAGE_TYPES
from fer_ros.perception.settings import Settings
from graph import Graph
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


def listened(one, **settings):
    """Give the topic that a listener selects, and whether it is compressed."""
    wanted = one._wanted(Settings(**settings))
    return wanted.topic, wanted.compressed


@pytest.mark.parametrize('name', ['/eye/compressed', '/eye/jpeg', '/jpeg'])
@pytest.mark.parametrize('transport', ['auto', 'compressed'])
def test_a_topic_of_compressed_images_may_have_any_name(name, transport):
    one = listener(name=name, topics={name: [sender(0, CompressedImage)]})

    assert listened(one, image_transport=transport) == (name, True)


def test_raw_images_are_taken_where_a_topic_carries_both_types():
    one = listener(topics={'/image': [sender(0), sender(1, CompressedImage)]})

    assert listened(one) == ('/image', False)


def test_a_topic_of_compressed_images_comes_before_one_beside_it():
    both = {name: [sender(0, CompressedImage)] for name in ('/eye', '/eye/compressed')}

    assert listened(listener(name='/eye', topics=both)) == ('/eye', True)


def test_who_asks_for_raw_images_on_a_compressed_topic_is_told_to_set_auto():
    one = listener(name='/jpeg', topics={'/jpeg': [sender(0, CompressedImage)]})
    one._listening = one._wanted(Settings(image_transport='raw'))

    assert one.offer().mismatch == (
        '/jpeg carries sensor_msgs/msg/CompressedImage, not sensor_msgs/msg/Image: '
        'set image_transport to auto'
    )


def test_who_asks_for_compressed_images_of_a_raw_camera_is_told_to_set_auto():
    one = listener([sender(0)])
    one._listening = one._wanted(Settings(image_transport='compressed'))

    assert one.offer().mismatch == (
        'nobody publishes /image/compressed, but /image: set image_transport to auto'
    )


@pytest.mark.parametrize(
    ('name', 'transport', 'expected'),
    [
        ('/image', 'auto', ('/image', False)),
        ('/image', 'compressed', ('/image/compressed', True)),
        ('/eye/compressed', 'auto', ('/eye/compressed', True)),
        ('/eye/compressed', 'compressed', ('/eye/compressed', True)),
        ('/eye/compressed', 'raw', ('/eye/compressed', False)),
    ],
)
def test_before_a_camera_is_there_the_name_tells_the_type(name, transport, expected):
    assert listened(listener(name=name), image_transport=transport) == expected


def test_a_camera_that_went_away_is_awaited_as_it_was():
    topics = {'/jpeg': [sender(0, CompressedImage)]}
    one = listener(name='/jpeg', topics=topics)
    one._listening = one._wanted(Settings())

    topics.clear()

    assert listened(one) == ('/jpeg', True)
    assert one.offer().mismatch.startswith('nobody publishes /jpeg: start the camera')


def test_a_subscription_that_fails_is_tried_again():
    topics = {}
    one = listener(name='/jpeg', topics=topics)
    kinds, failures = [], [RuntimeError('incompatible type')]

    def create_subscription(kind, topic, *_, **__):
        if kind is CompressedImage and failures:
            raise failures.pop()
        kinds.append(kind)
        return kind

    one._node.create_subscription = create_subscription
    one._node.destroy_subscription = lambda _: None
    one._node.get_logger = lambda: SimpleNamespace(debug=lambda _: None)
    one.start(Settings())
    topics['/jpeg'] = [sender(0, CompressedImage)]

    one.follow(Settings())
    assert one.offer().mismatch == 'cannot subscribe to /jpeg: incompatible type'
    one.follow(Settings())
    one.follow(Settings())

    assert kinds == [Image, CompressedImage]
    assert one.offer().mismatch == ''


def jpeg(seconds):
    """Make a compressed image message that shows one face to the stand-in detector."""
    raw = picture(seconds=seconds)
    data = cv2.imencode('.jpg', to_bgr(raw))[1]
    return to_compressed_message(MESSAGE_TYPES, raw.header, data)


@pytest.mark.parametrize('topic', ['/eye/compressed', '/jpeg'])
def test_a_camera_is_followed_from_one_type_to_the_other_under_one_name(
    graph, parts, emotions, topic, monkeypatch, domain_id
):
    resolve = EmotionNode.resolve_topic_name
    monkeypatch.setattr(
        EmotionNode,
        'resolve_topic_name',
        lambda self, name, **options: topic if name == 'image' else resolve(self, name, **options),
    )
    node = started(graph)
    # Within one participant of DDS, a topic has one type.
    for seconds, kind, make in ((1, CompressedImage, jpeg), (2, Image, picture)):
        other = Graph(domain_id)
        try:
            camera = other.listener('camera_side').create_publisher(kind, topic, 1)
            send(camera, emotions, node, make(seconds=seconds))
        finally:
            other.close()
        wait_until(lambda: node.count_publishers(topic) == 0)


def test_a_camera_that_only_sends_the_other_transport_is_named(graph, parts):
    started(graph, Parameter('image_transport', value='raw'))
    graph.listener('camera_side').create_publisher(CompressedImage, 'image/compressed', 1)

    diagnosis(graph, 'nobody publishes /image, but /image/compressed: set image_transport to auto')


def test_who_listens_to_the_wrong_topic_is_told_where_images_are(graph, node):
    graph.listener('camera_side').create_publisher(Image, 'left/image_raw', 1)

    diagnosis(
        graph,
        'nobody publishes /image: start the camera, or remap image; images are on /left/image_raw',
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


def listener(raw=(), compressed=(), own=0, name='/image', topics=None):
    """Return a listener on a simulated graph. By default, its node runs on the first host."""
    if topics is None:
        topics = {'/image': raw, '/image/compressed': compressed}

    class Node:
        get_name = staticmethod(lambda: 'emotion')
        get_topic_names_and_types = staticmethod(list)

        @staticmethod
        def resolve_topic_name(topic):
            return name if topic == 'image' else f'/{topic}'

        @staticmethod
        def get_publishers_info_by_topic(topic):
            emotion = {'/emotion': [sender(own, name='emotion')]}
            return {**topics, **emotion}.get(topic, [])

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
