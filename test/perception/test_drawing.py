import numpy as np
import pytest

from fer_ros.perception.drawing import draw_faces
from fer_ros.perception.emotions import FERPLUS_LABELS
from fer_ros.perception.faces import Face

PROBABILITIES = np.array([0.05, 0.0, 0.05, 0.7, 0.1, 0.05, 0.05, 0.0])


def face(box, emotion='happy'):
    return Face(3, box, 0.9, PROBABILITIES, emotion)


def test_an_image_without_faces_stays_as_it_is():
    image = np.full((48, 64, 3), 50, np.uint8)

    assert (draw_faces(image, [], FERPLUS_LABELS) == image).all()


def test_the_image_given_is_not_drawn_on():
    image = np.full((480, 640, 3), 50, np.uint8)

    drawn = draw_faces(image, [face((100, 100, 200, 220))], FERPLUS_LABELS)

    assert (image == 50).all()
    assert (drawn != 50).any()


def test_the_inside_of_the_box_stays_free():
    image = np.full((480, 640, 3), 50, np.uint8)

    drawn = draw_faces(image, [face((100, 100, 200, 220))], FERPLUS_LABELS)

    assert (drawn[110:210, 110:190] == 50).all()


@pytest.mark.parametrize(
    ('height', 'width'), [(1, 1), (240, 320), (480, 640), (1080, 1920), (1, 20000)]
)
@pytest.mark.parametrize('emotion', ['happy', 'uncertain', 'contempt'])
def test_faces_anywhere_are_drawn_on_images_of_any_size(height, width, emotion):
    image = np.zeros((height, width, 3), np.uint8)
    boxes = [(0, 0, 1, 1), (0, 0, width, height), (width - 1, height - 1, width, height)]

    drawn = draw_faces(image, [face(box, emotion) for box in boxes], FERPLUS_LABELS)

    assert drawn.shape == image.shape
    assert drawn.any()


def test_the_longer_bar_is_that_of_the_likelier_emotion():
    image = np.zeros((480, 640, 3), np.uint8)
    happy, sad = (228, 240), (114, 0)

    drawn = draw_faces(image, [face((100, 100, 200, 220), 'uncertain')], FERPLUS_LABELS)

    lengths = [
        (drawn[:, :, 1:] == colour).all(axis=2).sum(axis=1).max() for colour in (happy, sad)
    ]
    assert lengths[0] == pytest.approx(7 * lengths[1], rel=0.3)
