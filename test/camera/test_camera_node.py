from itertools import pairwise

import cv2
import numpy as np
import pytest
from rclpy.qos import qos_profile_sensor_data
from rclpy.qos import QoSProfile
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CompressedImage

from camera_topics import listen
from camera_topics import pixels
from fer_ros.camera import camera_node
from graph import wait_until


def stamp_of(message):
    return message.header.stamp.sec * 10**9 + message.header.stamp.nanosec


# Images


def test_images_are_what_they_say(graph, camera):
    pytest.importorskip('skimage')
    inbox = listen(graph)

    node = camera(source='astronaut', rate=20.0, frame_id='head_camera')
    wait_until(lambda: len(inbox.messages) >= 5)
    node.stop()

    for message in inbox.messages:
        assert message.header.frame_id == 'head_camera'
        assert (message.encoding, message.is_bigendian) == ('bgr8', 0)
        assert (message.height, message.width, message.step) == (480, 640, 1920)
        assert len(message.data) == 480 * 1920
    stamps = [stamp_of(message) for message in inbox.messages]
    assert all(earlier < later for earlier, later in pairwise(stamps))
    assert not (pixels(inbox.messages[0]) == pixels(inbox.messages[-1])).all()


def test_stamps_are_of_the_nodes_own_clock(graph, camera, folder):
    inbox = listen(graph)
    clock = graph.listener('clock').create_publisher(Clock, '/clock', 1)
    time = Clock()
    time.clock.sec = 1234
    clock.get_subscription_count()

    camera(source=str(folder), loop=True, rate=50.0, use_sim_time=True)
    wait_until(lambda: clock.get_subscription_count() > 0)
    clock.publish(time)

    inbox.wait_for(lambda message: message.header.stamp.sec == 1234)


@pytest.mark.parametrize('profile', [qos_profile_sensor_data, QoSProfile(depth=10)])
def test_listeners_of_both_reliabilities_are_served(graph, camera, folder, profile):
    inbox = listen(graph, profile=profile)

    camera(source=str(folder), loop=True, rate=50.0)

    inbox.wait_for(lambda _: True)


def test_the_namespace_moves_the_topics(graph, camera, folder):
    inbox = listen(graph, topic='/robot/image')
    jpegs = listen(graph, CompressedImage, '/robot/image/compressed')

    camera(namespace='robot', source=str(folder), loop=True, rate=50.0)

    inbox.wait_for(lambda _: True)
    jpegs.wait_for(lambda _: True)


# Compression


def test_the_compressed_image_is_the_image(graph, camera, folder):
    inbox = listen(graph)
    jpegs = listen(graph, CompressedImage, 'image/compressed')

    camera(source=str(folder), loop=True, rate=50.0, frame_id='eye')
    jpeg = jpegs.wait_for(
        lambda jpeg: any(image.header == jpeg.header for image in list(inbox.messages))
    )
    image = inbox.wait_for(lambda image: image.header == jpeg.header)

    assert jpeg.format == 'bgr8; jpeg compressed bgr8'
    decoded = cv2.imdecode(np.frombuffer(jpeg.data, np.uint8), cv2.IMREAD_COLOR)
    assert decoded.shape == pixels(image).shape
    assert np.abs(decoded.astype(int) - pixels(image)).max() <= 3


def test_images_are_copied_and_compressed_only_for_those_who_listen(
    graph, camera, folder, monkeypatch
):
    made = []
    for name in ('to_image_message', 'to_compressed_message'):
        real = getattr(camera_node, name)
        monkeypatch.setattr(
            camera_node,
            name,
            lambda *given, name=name, real=real: made.append(name) or real(*given),
        )
    node = camera(source=str(folder), loop=True, rate=50.0)

    inbox = listen(graph)
    wait_until(lambda: len(inbox.messages) >= 3)
    assert set(made) == {'to_image_message'}

    jpegs = listen(graph, CompressedImage, 'image/compressed')
    jpegs.wait_for(lambda _: True)
    assert set(made) == {'to_image_message', 'to_compressed_message'}
    node.stop()


def test_the_compressed_topic_goes_along_with_the_image(graph, camera, folder):
    jpegs = listen(graph, CompressedImage, '/front/image_raw/compressed')

    node = camera(remap_to='/front/image_raw', source=str(folder), loop=True, rate=50.0)
    jpegs.wait_for(lambda _: True)

    assert node.count_publishers('/front/image_raw') == 1
    assert node.count_publishers('/image') == 0
