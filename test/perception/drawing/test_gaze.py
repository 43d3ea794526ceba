from dataclasses import replace

import numpy as np
import pytest

from fer_ros.perception.drawing.annotations import Drawing
from fer_ros.perception.drawing.gaze import draw_gaze
from fer_ros.perception.faces import Attention
from fer_ros.perception.faces import Face
from fer_ros.perception.faces import HeadAngles
from fer_ros.perception.faces import HeadPose
from fer_ros.perception.faces import Position

FACING = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, -1.0], [-1.0, 0.0, 0.0]])
START = (100, 94)


def face(gaze=None, state='away'):
    position = Position(np.array([0.0, 0.0, 1.0]), np.eye(3))
    head = HeadPose(FACING, position, HeadAngles(0.0, 0.0, 0.0), rough=True)
    gaze = None if gaze is None else np.array(gaze) / np.linalg.norm(gaze)
    attention = Attention(state, np.array([0.1, 0.8, 0.1]), head, gaze)
    return Face(1, (70.0, 70.0, 130.0, 130.0), 0.9, np.array([1.0]), 'happy', None, attention)


def drawn(one):
    image = np.zeros((200, 200, 3), np.uint8)
    draw_gaze(image, one, 1)
    return image.max(axis=2) > 150


@pytest.mark.parametrize(
    ('gaze', 'side'), [((1, 0, -1), (1, 0)), ((-1, 0, -1), (-1, 0)), ((0, -1, -1), (0, -1))]
)
def test_the_ray_points_where_the_person_looks(gaze, side):
    rows, columns = np.nonzero(drawn(face(gaze)))

    middle = np.array([columns.mean(), rows.mean()]) - START
    assert middle @ side > 8
    assert abs(middle @ side[::-1]) < 2


def test_a_gaze_into_the_camera_is_a_point():
    rows, columns = np.nonzero(drawn(face((0, 0, -1))))

    assert np.ptp(rows) < 8
    assert np.ptp(columns) < 8


def test_an_attending_person_has_another_colour():
    images = [np.zeros((200, 200, 3), np.uint8) for _ in range(2)]
    for image, state in zip(images, ('attending', 'away'), strict=True):
        draw_gaze(image, face((0, 0, -1), state), 1)

    assert (images[0] != images[1]).any()


def test_without_a_gaze_the_head_is_drawn_and_without_a_head_nothing():
    assert drawn(face()).any()
    assert not drawn(replace(face(), attention=None)).any()


def test_the_annotated_image_has_the_ray():
    image = np.zeros((200, 200, 3), np.uint8)
    one = face((1, 0, -0.5))

    with_ray, without = (
        Drawing().draw(image, [which], ['happy']) for which in (one, replace(one, attention=None))
    )

    assert (with_ray != without).any()
