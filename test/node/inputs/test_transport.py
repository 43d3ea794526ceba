import cv2
import numpy as np
from rclpy.parameter import Parameter
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image

from graph import wait_until
from live_parameters import set_parameters
from stand_ins import decisions
from stand_ins import picture
from stand_ins import send
from stand_ins import sending_all_the_time
from stand_ins import started


def compressed_picture(seconds, data=None):
    message = CompressedImage(format='jpeg')
    image = np.full((20, 30, 3), (250, 20, 20), np.uint8)
    message.data.frombytes(cv2.imencode('.jpg', image)[1].tobytes() if data is None else data)
    message.header.stamp.sec = seconds
    return message


def test_a_camera_that_only_sends_compressed_images_is_heard(graph, node, emotions):
    camera = graph.listener('camera_side').create_publisher(CompressedImage, 'image/compressed', 1)

    answer = send(camera, emotions, node, compressed_picture(1))
    camera.publish(compressed_picture(2, b'no picture'))
    wait_until(lambda: node.statistics.refused == 1)
    send(camera, emotions, node, compressed_picture(3))

    assert decisions(answer) == ['happy']
    assert [message.header.stamp.sec for message in emotions.messages] == [1, 3]


def test_of_a_camera_on_this_host_the_raw_images_are_taken(graph, node, camera, emotions):
    compressed = graph.listener('other_side').create_publisher(
        CompressedImage, 'image/compressed', 1
    )

    send(camera, emotions, node, picture(seconds=1))

    assert compressed.get_subscription_count() == 0


def test_the_transport_that_is_asked_for_is_taken_at_once(graph, node, camera, emotions):
    compressed = graph.listener('other_side').create_publisher(
        CompressedImage, 'image/compressed', 1
    )
    send(camera, emotions, node, picture(seconds=1))

    assert set_parameters(graph, image_transport='compressed').successful
    wait_until(lambda: camera.get_subscription_count() == 0)
    send(compressed, emotions, node, compressed_picture(2))


def test_a_camera_that_comes_back_with_another_reliability_is_heard(graph, node, emotions):
    side = graph.listener('camera_side')
    first = side.create_publisher(Image, 'image', 1)
    send(first, emotions, node, picture(seconds=1))
    side.destroy_publisher(first)

    second = side.create_publisher(Image, 'image', qos_profile_sensor_data)

    send(second, emotions, node, picture(seconds=2))


def test_the_subscription_is_changed_again_and_again_under_load(graph, node, camera, emotions):
    with sending_all_the_time(camera):
        for number in range(60):
            wanted = ('best_effort', 'reliable')[number % 2]
            node._camera.follow(node._settings.changed({'image_reliability': wanted}))

    send(camera, emotions, node, picture(seconds=2))


def test_a_camera_that_sends_best_effort_is_heard(graph, node, emotions):
    camera = graph.listener('camera_side').create_publisher(
        Image, 'image', qos_profile_sensor_data
    )

    assert decisions(send(camera, emotions, node, picture())) == ['happy']


def test_a_fixed_reliability_is_kept(graph, parts):
    started(graph, Parameter('image_reliability', value='best_effort'))
    asker = graph.listener('asker')

    wait_until(lambda: len(asker.get_subscriptions_info_by_topic('/image')) == 1)
    (listening,) = asker.get_subscriptions_info_by_topic('/image')
    assert listening.qos_profile.reliability.name == 'BEST_EFFORT'
