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
@pytest.mark.parametrize('mode', ['boxes', 'labels', 'blur'])
@pytest.mark.parametrize('emotion', ['happy', 'uncertain', 'contempt'])
def test_faces_anywhere_are_drawn_on_images_of_any_size(height, width, emotion, mode):
    image = np.zeros((height, width, 3), np.uint8)
    boxes = [(0, 0, 1, 1), (0, 0, width, height), (width - 1, height - 1, width, height)]

    drawn = draw_faces(image, [face(box, emotion) for box in boxes], FERPLUS_LABELS, mode)

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


def test_bars_hide_no_other_face():
    image = np.full((480, 640, 3), 50, np.uint8)
    faces = [face((left, 200, left + 40, 250)) for left in range(50, 600, 60)]

    drawn = draw_faces(image, faces, FERPLUS_LABELS)

    for left in range(50, 600, 60):
        assert (drawn[210:240, left:][:, 8:32] == 50).all()


def test_nothing_of_the_image_is_left_where_only_labels_are_drawn():
    random = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    faces = [face((100, 100, 200, 220))]

    drawn = draw_faces(random, faces, FERPLUS_LABELS, 'labels')

    assert (drawn == draw_faces(np.zeros_like(random), faces, FERPLUS_LABELS)).all()


def test_a_blurred_face_has_a_few_squares_left():
    random = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)

    drawn = draw_faces(random, [face((100, 100, 200, 220))], FERPLUS_LABELS, 'blur')

    inside = drawn[110:210, 110:190].reshape(-1, 3)
    assert len(np.unique(inside, axis=0)) <= 25
    assert (drawn[300:, 300:] == random[300:, 300:]).all()
