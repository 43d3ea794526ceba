"""Test that no image for people shows a face that must be hidden."""

import threading
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from rclpy.parameter import Parameter
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image

from fer_ros.node.outputs import masking as masking_module
from fer_ros.node.outputs.ros4hri import Ros4Hri
from fer_ros.perception.detection.choice import DetectorError
from fer_ros.perception.drawing.annotations import Drawing
from fer_ros.perception.masking.regions import COLOUR
from fer_ros.perception.settings import Settings
from graph import Inbox
from graph import wait_until
from live_parameters import set_parameters
from stand_ins import BrightDetector
from stand_ins import picture
from stand_ins import send
from stand_ins import started

MASKED = 'emotion/image/masked/compressed'


def subscribed(graph, node, topic, kind):
    """Subscribe to a topic of the node, and wait until the node knows it."""
    inbox = Inbox()
    graph.listener('viewer').create_subscription(kind, topic, inbox, 10)
    annotated = node._outputs.annotated
    publishers = (annotated._image, annotated._compressed, annotated._masked)
    (publisher,) = (one for one in publishers if one.topic_name == f'/{topic}')
    wait_until(lambda: publisher.get_subscription_count() == 1)
    return inbox


def pixels_of(message):
    if isinstance(message, CompressedImage):
        return cv2.imdecode(np.frombuffer(message.data, np.uint8), cv2.IMREAD_COLOR)
    return np.frombuffer(message.data, np.uint8).reshape(message.height, message.width, 3)


def is_flat(pixels):
    return bool((np.abs(pixels.astype(int) - COLOUR) <= 2).all())


@pytest.mark.parametrize('draw', ['boxes', 'labels', 'blur', 'mask'])
def test_the_masked_image_hides_faces_and_shows_nothing_else(graph, parts, camera, emotions, draw):
    node = started(graph, Parameter('draw', value=draw))
    inbox = subscribed(graph, node, MASKED, CompressedImage)

    dark = picture((20, 20, 20), seconds=1, size=(120, 160))
    send(camera, emotions, node, dark)
    shown = inbox.wait_for(lambda image: image.header == dark.header)
    message = picture((250, 20, 20), seconds=2, size=(120, 160))
    send(camera, emotions, node, message)
    hidden = inbox.wait_for(lambda image: image.header == message.header)

    assert hidden.format == 'bgr8; jpeg compressed bgr8'
    assert (np.abs(pixels_of(shown).astype(int) - 20) <= 3).all()
    assert is_flat(pixels_of(hidden))


@pytest.mark.parametrize(
    ('topic', 'kind'),
    [('emotion/image', Image), ('emotion/image/compressed', CompressedImage)],
)
@pytest.mark.parametrize('draw', ['blur', 'mask'])
def test_the_annotated_image_hides_faces_that_no_setting_lets_through(
    graph, parts, camera, emotions, draw, topic, kind
):
    # The detector of the pipeline finds nothing, as with a strict threshold or between detections.
    detector, _ = parts
    detector.detect = lambda *_: []
    node = started(graph, Parameter('draw', value=draw))
    inbox = subscribed(graph, node, topic, kind)

    message = picture(seconds=1, size=(120, 160))
    send(camera, emotions, node, message)

    assert is_flat(pixels_of(inbox.wait_for(lambda image: image.header == message.header)))


@pytest.mark.parametrize('draw', ['labels', 'blur', 'mask'])
def test_no_topic_of_rep_155_shows_a_face_that_is_hidden(graph, parts, camera, emotions, draw):
    pytest.importorskip('hri_msgs')
    node = started(graph, Parameter('draw', value=draw), Parameter('ros4hri', value=True))
    inbox = Inbox()
    topic = '/humans/faces/f1/cropped'
    graph.listener('viewer').create_subscription(Image, topic, inbox, 10)
    seconds = 0

    def cropped():
        nonlocal seconds
        seconds += 1
        send(camera, emotions, node, picture(seconds=seconds))
        return inbox.messages

    wait_until(cropped)
    colours = np.unique(pixels_of(inbox.messages[0]).reshape(-1, 3), axis=0).tolist()
    # The bars beside a face that is not square are black.
    assert list(COLOUR) in colours
    assert [colour for colour in colours if colour not in ([0, 0, 0], list(COLOUR))] == []


@pytest.mark.parametrize('draw', ['boxes', 'labels', 'blur', 'mask'])
def test_every_image_of_rep_155_is_cut_from_one_without_hidden_faces(draw):
    images = []
    topics = Ros4Hri(None, lambda: Settings(draw=draw))
    topics._humans = SimpleNamespace(publish=lambda header, result, image: images.append(image))
    image = np.full((20, 30, 3), 250, np.uint8)

    topics.publish(None, None, image)

    (given,) = images
    assert given.shape == image.shape
    assert (given == (image if draw == 'boxes' else COLOUR)).all()


def test_no_detector_is_loaded_while_nobody_wants_a_masked_image(
    graph, node, camera, emotions, monkeypatch
):
    loads = []
    load = masking_module.load_detectors
    monkeypatch.setattr(
        masking_module, 'load_detectors', lambda *names: loads.append(names) or load(*names)
    )
    plain = subscribed(graph, node, 'emotion/image', Image)
    send(camera, emotions, node, picture(seconds=1))
    plain.wait_for(lambda image: image.header.stamp.sec == 1)
    assert loads == []

    inbox = subscribed(graph, node, MASKED, CompressedImage)
    for seconds in (2, 3):
        send(camera, emotions, node, picture(seconds=seconds))
        inbox.wait_for(lambda image, seconds=seconds: image.header.stamp.sec == seconds)

    assert loads == [('auto', '')]


def test_the_detectors_are_released_when_nobody_looks_any_more(graph, node, camera, emotions):
    viewer, inbox = graph.listener('viewer'), Inbox()
    looking = viewer.create_subscription(CompressedImage, MASKED, inbox, 10)
    publisher = node._outputs.annotated._masked
    wait_until(lambda: publisher.get_subscription_count() == 1)
    send(camera, emotions, node, picture(seconds=1))
    inbox.wait_for(lambda image: True)
    assert node._outputs.annotated._masking._loaded is not None

    viewer.destroy_subscription(looking)
    wait_until(lambda: publisher.get_subscription_count() == 0)
    send(camera, emotions, node, picture(seconds=2))

    wait_until(lambda: node._outputs.annotated._masking._loaded is None)


def failing(*_):
    raise RuntimeError('out of memory')


@pytest.mark.parametrize('draw', ['boxes', 'blur'])
def test_an_image_that_cannot_be_masked_is_not_published(
    graph, parts, camera, emotions, monkeypatch, draw
):
    broken = BrightDetector()
    broken.detect = failing
    monkeypatch.setattr(masking_module, 'load_detectors', lambda *_: [broken])
    node = started(graph, Parameter('draw', value=draw))
    told = []
    monkeypatch.setattr(node._outputs.annotated, '_complain', told.append)
    masked = subscribed(graph, node, MASKED, CompressedImage)
    annotated = subscribed(graph, node, 'emotion/image', Image)

    send(camera, emotions, node, picture(seconds=1))
    wait_until(lambda: len(told) == 1)
    send(camera, emotions, node, picture(seconds=2))
    wait_until(lambda: len(told) == 2)

    assert 'out of memory' in told[0]
    assert masked.messages == []
    # With `boxes`, faces may be seen, so the annotated image is published.
    assert bool(annotated.messages) is (draw == 'boxes')


@pytest.mark.parametrize('draw', ['labels', 'blur', 'mask'])
def test_an_image_in_the_making_is_not_published_once_faces_must_be_hidden(
    graph, node, camera, emotions, monkeypatch, draw
):
    draws = Drawing.draw

    def slow(drawing, image, faces, labels, mode, *others):
        if mode == 'boxes' and not answers:
            answers.append(set_parameters(graph, draw=draw))
        return draws(drawing, image, faces, labels, mode, *others)

    answers = []
    monkeypatch.setattr(Drawing, 'draw', slow)
    inbox = subscribed(graph, node, 'emotion/image', Image)

    send(camera, emotions, node, picture(seconds=1, size=(120, 160)))
    wait_until(lambda: answers)
    send(camera, emotions, node, picture(seconds=2, size=(120, 160)))
    inbox.wait_for(lambda image: image.header.stamp.sec == 2)

    assert answers[0].successful
    assert [image.header.stamp.sec for image in inbox.messages] == [2]


def test_the_search_knows_the_rotation_of_the_camera(graph, parts, camera, emotions, monkeypatch):
    seen = []

    class Watching(BrightDetector):
        def detect(self, image, min_score, min_size):
            seen.append(image.shape[:2])
            return super().detect(image, min_score, min_size)

    monkeypatch.setattr(masking_module, 'load_detectors', lambda *_: [Watching()])
    node = started(graph, Parameter('rotation', value=90))
    inbox = subscribed(graph, node, MASKED, CompressedImage)

    send(camera, emotions, node, picture(seconds=1, size=(120, 160)))

    assert pixels_of(inbox.wait_for(lambda image: True)).shape[:2] == (120, 160)
    assert seen[0] == (160, 120)


def test_nothing_is_published_if_there_is_no_detector(graph, node, camera, emotions, monkeypatch):
    def missing(*_):
        raise DetectorError('no detector can hide faces')

    monkeypatch.setattr(masking_module, 'load_detectors', missing)
    told = []
    monkeypatch.setattr(node._outputs.annotated, '_complain', told.append)
    inbox = subscribed(graph, node, MASKED, CompressedImage)

    send(camera, emotions, node, picture(seconds=1))

    wait_until(lambda: told)
    assert 'no detector can hide faces' in told[0]
    assert inbox.messages == []


def test_nothing_is_published_while_the_detector_loads(graph, node, camera, emotions, monkeypatch):
    may_go_on = threading.Event()

    def slow(*_):
        assert may_go_on.wait(60)
        return [BrightDetector()]

    monkeypatch.setattr(masking_module, 'load_detectors', slow)
    inbox = subscribed(graph, node, MASKED, CompressedImage)

    send(camera, emotions, node, picture(seconds=1))
    send(camera, emotions, node, picture(seconds=2))
    wait_until(lambda: node.statistics.processed == 2)
    assert inbox.messages == []
    may_go_on.set()

    assert is_flat(pixels_of(inbox.wait_for(lambda image: image.header.stamp.sec == 2)))


def test_another_chosen_detector_is_used_from_the_next_image_on(
    graph, node, camera, emotions, monkeypatch
):
    loads = []

    def load(*names):
        loads.append(names)
        return [BrightDetector()]

    monkeypatch.setattr(masking_module, 'load_detectors', load)
    inbox = subscribed(graph, node, MASKED, CompressedImage)
    send(camera, emotions, node, picture(seconds=1))
    inbox.wait_for(lambda image: image.header.stamp.sec == 1)

    assert set_parameters(graph, detector='blazeface').successful
    send(camera, emotions, node, picture(seconds=2))

    assert is_flat(pixels_of(inbox.wait_for(lambda image: image.header.stamp.sec == 2)))
    assert loads == [('auto', ''), ('blazeface', '')]


def test_the_masked_image_has_no_thumbnail_and_no_other_data_than_pixels(
    graph, node, camera, emotions
):
    inbox = subscribed(graph, node, MASKED, CompressedImage)

    send(camera, emotions, node, picture(seconds=1, size=(120, 160)))

    jpeg = bytes(inbox.wait_for(lambda image: True).data)
    # APP1 to APP15 carry EXIF data and thumbnails, COM carries comments.
    segments, place = [], 2
    while jpeg[place + 1] != 0xDA:
        segments.append(jpeg[place + 1])
        place += 2 + int.from_bytes(jpeg[place:][2:4], 'big')
    assert not [one for one in segments if 0xE1 <= one <= 0xEF or one == 0xFE]
    assert segments[0] == 0xE0
    # APP0 has no thumbnail: its width and height are 0.
    assert jpeg[18:20] == b'\x00\x00'
