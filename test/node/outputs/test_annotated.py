import threading

import numpy as np
import pytest
from rclpy.parameter import Parameter
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image

from fer_ros.messages.images import to_image_message
from fer_ros.node.message_types import MESSAGE_TYPES
from fer_ros.perception.drawing.annotations import Drawing
from fer_ros.perception.masking.regions import COLOUR
from graph import Inbox
from graph import wait_until
from stand_ins import decisions
from stand_ins import picture
from stand_ins import send
from stand_ins import started


def test_images_are_drawn_only_while_somebody_looks(graph, node, camera, emotions, monkeypatch):
    drawings = []
    draw = Drawing.draw
    monkeypatch.setattr(Drawing, 'draw', lambda *arguments: drawings.append(1) or draw(*arguments))
    send(camera, emotions, node, picture(seconds=1, size=(120, 160)))
    wait_until(lambda: node.statistics.processed == 1)
    assert drawings == []

    raw, compressed = Inbox(), Inbox()
    viewer = graph.listener('viewer')
    viewer.create_subscription(Image, 'emotion/image', raw, 1)
    viewer.create_subscription(CompressedImage, 'emotion/image/compressed', compressed, 1)
    wait_until(lambda: node.count_subscribers('emotion/image') == 1)
    wait_until(lambda: node._outputs.annotated._image.get_subscription_count() == 1)
    wait_until(lambda: node._outputs.annotated._compressed.get_subscription_count() == 1)
    message = picture(seconds=2, size=(120, 160))
    send(camera, emotions, node, message)

    seen = raw.wait_for(lambda image: image.header == message.header)
    assert (seen.height, seen.width, seen.encoding) == (120, 160, 'bgr8')
    assert bytes(seen.data) != bytes(message.data)
    jpeg = compressed.wait_for(lambda image: image.header == message.header)
    assert bytes(jpeg.data[:2]) == b'\xff\xd8'
    assert drawings == [1]


def test_who_looks_at_the_drawing_keeps_no_result_waiting(
    graph, node, camera, emotions, monkeypatch
):
    began, may_go_on = threading.Event(), threading.Event()
    draw = Drawing.draw

    def draw_at_leisure(*given):
        began.set()
        assert may_go_on.wait(60)
        return draw(*given)

    monkeypatch.setattr(Drawing, 'draw', draw_at_leisure)
    inbox = Inbox()
    graph.listener('viewer').create_subscription(Image, 'emotion/image', inbox, 10)
    wait_until(lambda: node._outputs is not None)
    wait_until(lambda: node._outputs.annotated._image.get_subscription_count() == 1)

    send(camera, emotions, node, picture(seconds=1))
    assert began.wait(60)
    # While the first image is drawn, all results are published. Of the waiting images, only the
    # last one is drawn.
    for seconds in (2, 3):
        send(camera, emotions, node, picture(seconds=seconds))
    wait_until(lambda: node._worker.busy == 0)
    may_go_on.set()

    inbox.wait_for(lambda image: image.header.stamp.sec == 3)
    assert [image.header.stamp.sec for image in inbox.messages] == [1, 3]


def test_what_cannot_be_drawn_is_said_and_costs_no_answer(
    graph, node, camera, emotions, monkeypatch
):
    told = []
    monkeypatch.setattr(node._outputs.annotated, '_complain', told.append)
    monkeypatch.setattr(Drawing, 'draw', lambda *given: {}['ink'])
    graph.listener('viewer').create_subscription(Image, 'emotion/image', Inbox(), 1)
    wait_until(lambda: node._outputs.annotated._image.get_subscription_count() == 1)

    send(camera, emotions, node, picture(seconds=1))
    send(camera, emotions, node, picture(seconds=2))

    wait_until(lambda: told)
    assert told[0] == "an image cannot be drawn: KeyError: 'ink'"
    assert node.statistics.lost == 0


def test_nothing_is_drawn_any_more_when_the_node_is_deactivated(graph, node, camera, emotions):
    graph.listener('viewer').create_subscription(Image, 'emotion/image', Inbox(), 1)
    wait_until(lambda: node._outputs.annotated._image.get_subscription_count() == 1)
    send(camera, emotions, node, picture(seconds=1))
    wait_until(lambda: 'drawing' in [thread.name for thread in threading.enumerate()])

    node.trigger_deactivate()

    assert 'drawing' not in [thread.name for thread in threading.enumerate()]


def noise(nanoseconds, brightest):
    random = np.random.default_rng(0).integers(0, brightest, (20, 30, 3), np.uint8)
    message = to_image_message(MESSAGE_TYPES, Image().header, random)
    message.header.stamp.sec, message.header.stamp.nanosec = 1, nanoseconds
    return message


@pytest.mark.parametrize(
    ('before', 'during'), [(0, 200), (200, 60)], ids=['not yet believed', 'lost a moment ago']
)
def test_a_face_that_is_not_among_the_answers_is_hidden_all_the_same(
    graph, parts, camera, emotions, before, during
):
    node = started(graph, Parameter('draw', value='blur'))
    inbox = Inbox()
    graph.listener('viewer').create_subscription(Image, 'emotion/image', inbox, 10)
    wait_until(lambda: node.count_subscribers('emotion/image') > 0)
    for number in range(1, 6):
        send(camera, emotions, node, noise(number * 100_000_000, max(before, 1)))

    answer = send(camera, emotions, node, noise(540_000_000, during))

    assert decisions(answer) == []
    drawn = inbox.wait_for(lambda one: one.header == answer.header)
    pixels = np.frombuffer(drawn.data, np.uint8).reshape(-1, 3)
    assert (pixels == COLOUR).all()
