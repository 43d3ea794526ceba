import numpy as np
import pytest

from fer_ros.messages.markers import to_markers
from fer_ros.perception.faces import Face
from fer_ros.perception.faces import Position
from results import result_of

visualization_msgs = pytest.importorskip('visualization_msgs.msg')
Header = pytest.importorskip('std_msgs.msg').Header
MESSAGE_TYPES = pytest.importorskip('fer_ros.node.message_types').MESSAGE_TYPES

LABELS = ('happy', 'sad', 'neutral')


def face(id_=3, emotion='sad', point=(0.1, -0.2, 1.5)):
    position = None if point is None else Position(np.array(point), np.eye(3))
    probabilities = np.array([0.2, 0.5, 0.3])
    return Face(id_, (0.0, 0.0, 9.0, 9.0), 0.9, probabilities, emotion, position)


def test_a_face_is_a_ball_in_its_place_with_words_above_it():
    header = Header(frame_id='the_camera')

    array = to_markers(MESSAGE_TYPES, header, result_of(face(), labels=LABELS))

    ball, words = array.markers
    marker = visualization_msgs.Marker
    assert (ball.type, words.type) == (marker.SPHERE, marker.TEXT_VIEW_FACING)
    assert ball.header == words.header == header
    assert (ball.id, ball.action) == (words.id, words.action) == (3, marker.ADD)
    assert ball.ns != words.ns
    point = ball.pose.position
    assert (point.x, point.y, point.z) == (0.1, -0.2, 1.5)
    assert words.pose.position.y < point.y
    assert words.text == '3 sad 50 %'
    assert min(ball.color.a, words.color.a, ball.scale.x, words.scale.z) > 0
    assert ball.lifetime.sec == 1


def test_who_is_not_measured_has_no_marker_and_who_left_loses_it():
    unmeasured = result_of(face(point=None), labels=LABELS, left=(4, 2**32 - 1))
    uncertain = result_of(face(2**32 - 1, 'uncertain'), labels=LABELS)

    array = to_markers(MESSAGE_TYPES, Header(), unmeasured)

    delete = visualization_msgs.Marker.DELETE
    shown = to_markers(MESSAGE_TYPES, Header(), uncertain)
    assert {one.action for one in array.markers} == {delete}
    assert {(one.ns, one.id) for one in array.markers} >= {(m.ns, m.id) for m in shown.markers}
    assert shown.markers[1].text == f'{2**32 - 1} uncertain'
