import numpy as np
import pytest

from fer_ros.messages.humans import to_expression
from fer_ros.messages.humans import to_face_id
from fer_ros.messages.humans import to_region
from fer_ros.perception.classification.affect import affect_of_labels
from fer_ros.perception.emotions import FERPLUS_LABELS
from fer_ros.perception.faces import Face
from results import result_of

hri_msgs = pytest.importorskip('hri_msgs.msg')
Expression = hri_msgs.Expression
Header = pytest.importorskip('std_msgs.msg').Header
MESSAGE_TYPES = pytest.importorskip('fer_ros.node.message_types').MESSAGE_TYPES

AFFECT = affect_of_labels(FERPLUS_LABELS)


def face(emotion='happy', box=(10.0, 20.0, 30.0, 60.0), id_=7, best='happy', most=0.65):
    rest = (1 - most) / (len(FERPLUS_LABELS) - 1)
    probabilities = np.full(len(FERPLUS_LABELS), rest)
    probabilities[FERPLUS_LABELS.index(best)] = most
    return Face(id_, box, 0.9, probabilities, emotion)


def expression_of(found, labels=FERPLUS_LABELS, affect=AFFECT):
    result = result_of(found, labels=labels, affect=affect)
    return to_expression(MESSAGE_TYPES, Header(), result, found)


@pytest.mark.parametrize(
    ('emotion', 'expression'),
    [
        ('angry', 'angry'),
        ('disgust', 'disgusted'),
        ('fear', 'scared'),
        ('happy', 'happy'),
        ('sad', 'sad'),
        ('surprise', 'surprised'),
        ('neutral', 'neutral'),
    ],
)
def test_each_emotion_has_its_word_in_hri_msgs(emotion, expression):
    message = expression_of(face(emotion, best=emotion))

    assert message.expression == expression == getattr(Expression, expression.upper())
    assert message.confidence == pytest.approx(0.65)


@pytest.mark.parametrize('emotion', ['uncertain', 'contempt'])
def test_what_hri_msgs_has_no_word_for_is_left_open(emotion):
    message = expression_of(face(emotion))

    assert (message.expression, message.confidence) == ('', 0)
    assert message.valence > 0.4


@pytest.mark.parametrize(
    ('name', 'expression'), [('skeptical', 'skeptical'), ('upset', ''), ('header', '')]
)
def test_a_group_is_told_where_its_name_is_a_word_of_hri_msgs(name, expression):
    found = Face(1, (0, 0, 9, 9), 0.9, np.array([0.8, 0.2]), name)

    message = expression_of(found, (name, 'happy'), np.zeros((2, 2)))

    assert message.expression == expression


def test_valence_and_arousal_are_the_expectation_over_the_distribution():
    probabilities = np.array([0, 0, 0.25, 0.5, 0.25, 0, 0, 0])
    found = Face(1, (0, 0, 9, 9), 0.9, probabilities, 'happy')

    message = expression_of(found)

    # Fear (-0.64, 0.60), happy (0.81, 0.51) and sad (-0.63, -0.27) in Russell and Mehrabian 1977.
    assert message.valence == pytest.approx(0.5 * 0.81 - 0.25 * 0.64 - 0.25 * 0.63)
    assert message.arousal == pytest.approx(0.5 * 0.51 + 0.25 * 0.60 - 0.25 * 0.27)


@pytest.mark.parametrize(
    ('namespace', 'name'),
    [('/', 'f7'), ('', 'f7'), ('/left', 'left_f7'), ('/robot/eye_', 'robot_eye_f7')],
)
def test_an_id_may_stand_in_a_topic_and_differs_from_that_of_another_node(namespace, name):
    assert to_face_id(namespace, 7) == name


def test_a_region_is_given_in_fractions_of_the_image():
    found = face(box=(10.0, 20.0, 30.0, 60.5))
    result = result_of(found, labels=FERPLUS_LABELS, image_size=(60, 100))

    message = to_region(MESSAGE_TYPES, Header(), result, found)

    region = (message.xmin, message.ymin, message.xmax, message.ymax, message.c)
    assert region == pytest.approx((0.1, 1 / 3, 0.3, 1, 0.9))
