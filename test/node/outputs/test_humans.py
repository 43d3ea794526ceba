from dataclasses import replace
import itertools
import sys

from hri_msgs.msg import Expression
from hri_msgs.msg import IdsList
from hri_msgs.msg import NormalizedRegionOfInterest2D
from lifecycle_msgs.msg import State
import numpy as np
import pytest
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from fer_ros.node.outputs import humans
from fer_ros.node.outputs.humans import crop_face
from fer_ros.node.outputs.humans import Humans
from fer_ros.perception.classification.affect import affect_of_labels
from fer_ros.perception.emotions import FERPLUS_LABELS
from fer_ros.perception.faces import Attention
from fer_ros.perception.faces import Face
from fer_ros.perception.faces import HeadAngles
from fer_ros.perception.faces import HeadPose
from fer_ros.perception.faces import Position
from fer_ros.perception.settings import SettingError
from graph import Inbox
from graph import wait_until
from results import result_of
from stand_ins import picture
from stand_ins import send
from stand_ins import sending_all_the_time
from stand_ins import started

AFFECT = affect_of_labels(FERPLUS_LABELS)
ON, OFF = (Parameter('ros4hri', value=value) for value in (True, False))
# Longer than the interval between any two images of a test, with one exception.
PATIENT = Parameter('face_timeout', value=50.0)


def face(emotion='happy', box=(10.0, 20.0, 30.0, 60.0), id_=7, best='happy', most=0.65):
    rest = (1 - most) / (len(FERPLUS_LABELS) - 1)
    probabilities = np.full(len(FERPLUS_LABELS), rest)
    probabilities[FERPLUS_LABELS.index(best)] = most
    return Face(id_, box, 0.9, probabilities, emotion)


def topics_of_humans(node):
    names = [publisher.topic_name for publisher in node.publishers]
    return sorted(name for name in names if name.startswith('/humans'))


@pytest.fixture
def node(graph, parts):
    return started(graph, ON, PATIENT)


@pytest.fixture
def inboxes(graph):
    listener = graph.listener('hri')
    made = {}
    for name, kind in (
        ('tracked', IdsList),
        ('f1/roi', NormalizedRegionOfInterest2D),
        ('f1/expression', Expression),
    ):
        made[name] = Inbox()
        listener.create_subscription(kind, f'/humans/faces/{name}', made[name], 10)
    return made


def send_until(camera, inbox, wanted=lambda _: True):
    """
    Send images until a matching message is received.

    New topics must be discovered first, which takes several images.
    """
    seconds = itertools.count(10)

    def send_and_look():
        camera.publish(picture(seconds=next(seconds)))
        return any(wanted(message) for message in list(inbox.messages))

    wait_until(send_and_look)
    return inbox.wait_for(wanted)


# Image of a face


def test_a_cropped_face_keeps_its_proportions_in_the_middle_of_black():
    image = np.zeros((200, 200, 3), np.uint8)
    image[20:60, 50:70] = (1, 2, 200)

    cropped = crop_face(image, (50.0, 20.0, 70.0, 60.0), 128)

    assert cropped.shape == (128, 128, 3)
    assert (cropped[:, 32:96] == (1, 2, 200)).all()
    assert not cropped[:, :32].any()
    assert not cropped[:, 96:].any()


@pytest.mark.parametrize(
    'box',
    [(0, 0, 1, 1), (199, 99, 200, 100), (0, 0, 200, 100), (5.4, 5.4, 5.6, 99), (0, 50, 200, 51)],
)
def test_a_face_of_any_shape_is_cropped(box):
    image = np.full((100, 200, 3), 9, np.uint8)

    cropped = crop_face(image, box, 128)

    assert cropped.shape == (128, 128, 3)
    assert (cropped == 9).any()


# Topics


def test_a_face_is_told_as_rep_155_has_it(node, camera, emotions, inboxes):
    send(camera, emotions, node, picture())
    send_until(camera, inboxes['f1/expression'])
    send_until(camera, inboxes['f1/roi'])

    tracked = inboxes['tracked'].wait_for(lambda _: True)
    region = inboxes['f1/roi'].messages[0]
    expression = inboxes['f1/expression'].messages[0]
    assert tracked.ids == ['f1']
    assert (region.xmin, region.ymin, region.xmax, region.ymax) == (0, 0, 1, 1)
    assert region.c == pytest.approx(0.9)
    assert expression.expression == 'happy'
    assert 0.7 < expression.confidence < 1
    for message in (tracked, region, expression):
        assert message.header.frame_id == 'the_camera'
        assert message.header.stamp.sec > 0
    assert topics_of_humans(node) == [
        '/humans/faces/f1/cropped',
        '/humans/faces/f1/expression',
        '/humans/faces/f1/roi',
        '/humans/faces/tracked',
    ]


def test_without_a_face_an_empty_list_is_told_for_every_image(node, camera, emotions, inboxes):
    wait_until(lambda: node.count_subscribers('/humans/faces/tracked') > 0)

    for seconds in (1, 2, 3):
        message = send(camera, emotions, node, picture((0, 0, 0), seconds))
        tracked = inboxes['tracked'].wait_for(
            lambda one, message=message: one.header == message.header
        )
        assert list(tracked.ids) == []


def test_a_face_is_tracked_while_its_id_is_held_and_then_its_topics_are_gone(
    node, camera, emotions, inboxes
):
    wait_until(lambda: node.count_subscribers('/humans/faces/tracked') > 0)
    send(camera, emotions, node, picture(seconds=10))

    lost = send(camera, emotions, node, picture((0, 0, 0), seconds=20))
    held = inboxes['tracked'].wait_for(lambda one: one.header == lost.header)
    gone = send(camera, emotions, node, picture((0, 0, 0), seconds=71))
    left = inboxes['tracked'].wait_for(lambda one: one.header == gone.header)

    assert list(held.ids) == ['f1']
    assert list(left.ids) == []
    # Other nodes must also see that the publishers are gone.
    wait_until(lambda: node.count_publishers('/humans/faces/f1/roi') == 0)
    assert topics_of_humans(node) == ['/humans/faces/tracked']


def test_a_face_is_cropped_only_while_somebody_subscribes(
    graph, node, camera, emotions, monkeypatch
):
    drawn = []
    monkeypatch.setattr(humans, 'crop_face', lambda *face: drawn.append(1) or crop_face(*face))
    for seconds in range(1, 4):
        send(camera, emotions, node, picture(seconds=seconds))
    assert drawn == []

    inbox = Inbox()
    graph.listener('viewer').create_subscription(Image, '/humans/faces/f1/cropped', inbox, 1)
    cropped = send_until(camera, inbox)

    assert (cropped.width, cropped.height, cropped.encoding) == (128, 128, 'bgr8')
    rows = np.frombuffer(cropped.data, np.uint8).reshape(128, 128, 3)
    assert (rows[64, 64] == (250, 20, 20)).all()
    assert not rows[5, 64].any()


# Switching at runtime


def test_nothing_of_it_exists_while_it_is_off(graph, parts, camera, emotions):
    node = started(graph)

    send(camera, emotions, node, picture())

    assert topics_of_humans(node) == []


def test_it_is_switched_on_and_off_between_two_frames(graph, parts, camera, emotions, inboxes):
    node = started(graph, PATIENT)
    send(camera, emotions, node, picture(seconds=1))

    assert node.set_parameters([ON])[0].successful
    send_until(camera, inboxes['f1/roi'])

    assert node.set_parameters([OFF])[0].successful
    assert topics_of_humans(node) == []
    # Subscribers are informed that the face is gone.
    wait_until(lambda: list(inboxes['tracked'].messages[-1].ids) == [])


def test_switching_under_load_leaves_nothing_behind(node, camera, emotions):
    before = len(list(node.publishers))
    with sending_all_the_time(camera):
        for _ in range(20):
            assert node.set_parameters([OFF])[0].successful
            assert node.set_parameters([ON])[0].successful
    assert node.set_parameters([OFF])[0].successful

    # The count before included the publisher of the face list.
    assert len(list(node.publishers)) == before - 1
    assert node.statistics.lost == 0


def test_nothing_is_left_when_the_node_is_deactivated(node, camera, emotions):
    send(camera, emotions, node, picture())

    node.trigger_deactivate()

    assert node._state_machine.current_state[0] == State.PRIMARY_STATE_INACTIVE
    assert topics_of_humans(node) == []
    node.trigger_activate()
    assert topics_of_humans(node) == ['/humans/faces/tracked']
    node.trigger_deactivate()
    node.trigger_cleanup()
    assert topics_of_humans(node) == []


@pytest.fixture
def no_hri_msgs(monkeypatch):
    monkeypatch.setitem(sys.modules, 'hri_msgs.msg', None)
    monkeypatch.delitem(sys.modules, 'fer_ros.node.outputs.humans')
    monkeypatch.setenv('ROS_DISTRO', 'kilted')


def test_without_hri_msgs_switching_it_on_is_refused_with_what_to_install(
    graph, parts, camera, emotions, no_hri_msgs
):
    node = started(graph)

    (result,) = node.set_parameters([ON])

    assert not result.successful
    assert 'apt install ros-kilted-hri-msgs' in result.reason
    assert node.get_parameter('ros4hri').value is False
    send(camera, emotions, node, picture())


def test_without_hri_msgs_a_node_that_is_to_publish_them_does_not_start(graph, parts, no_hri_msgs):
    with pytest.raises(SettingError, match='apt install ros-kilted-hri-msgs'):
        started(graph, ON)


# Many faces


def test_a_thousand_faces_come_and_go_and_leave_no_topic_behind(graph):
    node = graph.listener('crowded')
    before = len(list(node.publishers))
    shown = Humans(node, lambda: 128)
    image = np.zeros((100, 100, 3), np.uint8)

    for first in range(1, 1001, 4):
        faces = [face(id_=id_) for id_ in range(first, first + 4)]
        shown.publish(Header(), result_of(*faces, labels=FERPLUS_LABELS, affect=AFFECT), image)
        assert len(list(node.publishers)) == before + 1 + 3 * 4
    shown.publish(Header(), result_of(labels=FERPLUS_LABELS, affect=AFFECT), image)

    assert len(list(node.publishers)) == before + 1
    assert topics_of_humans(node) == ['/humans/faces/tracked']
    shown.destroy()
    assert len(list(node.publishers)) == before


@pytest.fixture
def networks():
    pytest.importorskip('tf2_msgs')
    hri_msgs = pytest.importorskip('hri_msgs.msg')
    if not hasattr(hri_msgs, 'FacialLandmarks'):
        pytest.skip('this hri_msgs has no FacialLandmarks')


def with_attention():
    """Return a result with one face that looks into the camera."""
    rotation = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, -1.0], [-1.0, 0.0, 0.0]])
    head = HeadPose(
        rotation, Position(np.array([0.0, 0.0, 1.0]), np.eye(3)), HeadAngles(0, 0, 0), rough=False
    )
    landmarks = np.zeros((70, 2), np.float32)
    landmarks[36:42], landmarks[42:48] = (40, 60), (80, 30)  # the eyes, rolled
    attention = Attention(
        'attending', np.array([0.9, 0.05, 0.05]), head, np.array([0.0, 0.0, -1.0]), landmarks
    )
    one = replace(face(box=(20.0, 10.0, 110.0, 120.0)), attention=attention)
    return replace(result_of(one, labels=FERPLUS_LABELS, affect=AFFECT), attention=True)


def test_attention_adds_landmarks_frames_and_the_upright_face(graph, networks):
    from hri_msgs.msg import FacialLandmarks
    from tf2_msgs.msg import TFMessage

    node = graph.listener('shower')
    shown = Humans(node, lambda: 64)
    listener = graph.listener('hri')
    landmarks, frames, aligned = Inbox(), Inbox(), Inbox()
    listener.create_subscription(FacialLandmarks, '/humans/faces/f7/landmarks', landmarks, 10)
    listener.create_subscription(TFMessage, '/tf', frames, 10)
    listener.create_subscription(Image, '/humans/faces/f7/aligned', aligned, 10)
    image = np.zeros((200, 200, 3), np.uint8)
    image[57:63, 37:43], image[27:33, 77:83] = 255, 255
    header = Header(frame_id='camera')
    header.stamp.sec = 5

    def all_came():
        shown.publish(header, with_attention(), image)
        return landmarks.messages and frames.messages and aligned.messages

    wait_until(all_came)
    shown.destroy()

    assert {one.child_frame_id for one in frames.messages[0].transforms} == {'face_f7', 'gaze_f7'}
    assert frames.messages[0].transforms[0].header == header
    assert landmarks.messages[0].header == header
    message = aligned.messages[0]
    assert (message.height, message.width) == (64, 64)
    pixels = np.frombuffer(message.data, np.uint8).reshape(64, 64, 3)[:, :, 0]
    rows, columns = np.nonzero(pixels > 128)
    # Both eyes are in the same rows, a third of the side apart.
    assert np.ptp(rows) < 14
    assert np.ptp(columns) > 18


def test_the_size_of_the_images_is_that_of_the_parameter():
    cropped = crop_face(np.zeros((100, 100, 3), np.uint8), (10.0, 10.0, 60.0, 90.0), 48)

    assert cropped.shape == (48, 48, 3)


def test_without_attention_the_topics_are_those_of_before(graph):
    node = graph.listener('shower')
    shown = Humans(node, lambda: 128)
    shown.publish(
        Header(),
        result_of(face(), labels=FERPLUS_LABELS, affect=AFFECT),
        np.zeros((90, 90, 3), np.uint8),
    )

    names = [publisher.topic_name for publisher in node.publishers]

    assert '/tf' not in names
    assert '/humans/faces/f7/landmarks' not in names
    shown.destroy()
