import numpy as np
import pytest

from fer_ros.perception.drawing.annotations import Drawing
from fer_ros.perception.drawing.colours import COLOURS
from fer_ros.perception.drawing.colours import colours_of
from fer_ros.perception.emotions import FERPLUS_LABELS
from fer_ros.perception.faces import Face

PROBABILITIES = np.array([0.05, 0.0, 0.05, 0.7, 0.1, 0.05, 0.05, 0.0])


def face(box, emotion='happy'):
    return Face(3, box, 0.9, PROBABILITIES, emotion)


def draw_faces(*arguments):
    return Drawing().draw(*arguments)


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
@pytest.mark.parametrize('mode', ['boxes', 'labels'])
@pytest.mark.parametrize('emotion', ['happy', 'uncertain', 'contempt'])
def test_faces_anywhere_are_drawn_on_images_of_any_size(height, width, emotion, mode):
    image = np.zeros((height, width, 3), np.uint8)
    boxes = [(0, 0, 1, 1), (0, 0, width, height), (width - 1, height - 1, width, height)]

    drawn = draw_faces(image, [face(box, emotion) for box in boxes], FERPLUS_LABELS, mode)

    assert drawn.shape == image.shape
    assert drawn.any()


def area_of(drawn, colour):
    return int((drawn == colour).all(axis=2).sum())


@pytest.mark.parametrize(('height', 'width'), [(240, 320), (480, 640), (1080, 1920)])
@pytest.mark.parametrize('box', [(100, 100, 160, 180), (2, 60, 40, 110), (0, 0, 318, 238)])
def test_the_longer_bar_is_that_of_the_likelier_emotion(height, width, box):
    image = np.zeros((height, width, 3), np.uint8)

    drawn = draw_faces(image, [face(box, 'uncertain')], FERPLUS_LABELS)

    happy, sad = (area_of(drawn, COLOURS[name]) for name in ('happy', 'sad'))
    assert happy == pytest.approx(7 * sad, rel=0.5)


def test_tags_hide_no_other_face():
    image = np.full((480, 640, 3), 50, np.uint8)
    faces = [face((left, 200, left + 40, 250)) for left in range(50, 600, 60)]

    drawn = draw_faces(image, faces, FERPLUS_LABELS)

    for left in range(50, 600, 60):
        assert (drawn[210:240, left:][:, 8:32] == 50).all()


def test_a_tag_does_not_cover_a_face_that_is_not_published_yet():
    image = np.full((480, 640, 3), 50, np.uint8)
    known, new = (300, 200, 340, 250), (290, 90, 350, 170)

    plain = draw_faces(image, [face(known)], FERPLUS_LABELS)
    drawn = draw_faces(image, [face(known)], FERPLUS_LABELS, 'boxes', [known, new])

    assert (plain[90:170, 290:350] != 50).any()
    assert (drawn[90:170, 290:350] == 50).all()
    # The box of a published face is no obstacle to its own tag.
    assert (draw_faces(image, [face(known)], FERPLUS_LABELS, 'boxes', [known]) == plain).all()


def test_a_face_that_fills_the_image_has_a_named_bar_for_each_emotion():
    image = np.full((480, 640, 3), 50, np.uint8)

    drawn = draw_faces(image, [face((0, 0, 640, 480))], FERPLUS_LABELS)

    # The lengths of the bars of happy and sad are 0.7 and 0.1 of the full length.
    assert area_of(drawn[20:460, 20:620], COLOURS['happy']) > 300
    assert area_of(drawn[20:460, 20:620], COLOURS['sad']) > 40


def test_the_box_of_an_uncertain_face_is_open():
    image = np.full((480, 640, 3), 50, np.uint8)

    closed, open_ = (
        draw_faces(image, [face((100, 100, 200, 220), emotion)], FERPLUS_LABELS)
        for emotion in ('happy', 'uncertain')
    )

    assert (open_[160, 95:105] == 50).all()
    assert (closed[160, 95:105] != 50).any()


def test_colours_are_explained_where_no_tag_has_room_to_do_so():
    image = np.zeros((90, 640, 3), np.uint8)

    drawn = draw_faces(image, [face((500, 20, 540, 70))], FERPLUS_LABELS)

    # One horizontal bar per emotion does not fit into this image, so the names are drawn in a
    # corner.
    assert drawn[-15:, :200].max() > 150
    assert not drawn[:60, :200].any()


def test_labels_that_are_no_emotion_have_colours_of_their_own():
    labels = ('negative', 'happy', 'other')

    colours = colours_of(labels)

    assert len({colours[name] for name in (*labels, 'uncertain')}) == 4
    assert colours['happy'] == COLOURS['happy']


def test_more_labels_than_colours_are_drawn_all_the_same():
    labels = tuple(f'a rather long name {number}' for number in range(20))
    found = Face(1, (10.0, 10.0, 60.0, 60.0), 0.9, np.full(20, 0.05), labels[3])

    assert draw_faces(np.zeros((240, 320, 3), np.uint8), [found], labels).any()


def test_nothing_of_the_image_is_left_where_only_labels_are_drawn():
    random = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    faces = [face((100, 100, 200, 220))]

    drawn = draw_faces(random, faces, FERPLUS_LABELS, 'labels')

    assert (drawn == draw_faces(np.zeros_like(random), faces, FERPLUS_LABELS)).all()


@pytest.mark.parametrize('mode', ['blur', 'mask', ''])
def test_an_image_whose_faces_must_be_hidden_is_not_drawn_with_faces(mode):
    with pytest.raises(ValueError, match='choose one of boxes, labels'):
        draw_faces(np.zeros((48, 64, 3), np.uint8), [], FERPLUS_LABELS, mode)


def test_what_is_no_face_yet_is_not_drawn():
    random = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)

    plain = draw_faces(random, [], FERPLUS_LABELS, 'boxes', [(100, 100, 200, 220)])

    assert (plain == random).all()
