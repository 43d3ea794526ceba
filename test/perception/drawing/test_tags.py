import numpy as np
import pytest

from fer_ros.perception.drawing import tags
from fer_ros.perception.drawing.colours import COLOURS
from fer_ros.perception.drawing.colours import DARK
from fer_ros.perception.drawing.tags import draw_tag
from fer_ros.perception.drawing.tags import FULL
from fer_ros.perception.drawing.tags import letters_for
from fer_ros.perception.drawing.tags import SHORT
from fer_ros.perception.drawing.tags import tag_sizes
from fer_ros.perception.emotions import FERPLUS_LABELS
from fer_ros.perception.emotions import UNCERTAIN
from fer_ros.perception.faces import Face

LABELS = ('happy', 'sad', 'neutral')
FORMS = range(FULL + 1)


def face(emotion='happy', labels=LABELS):
    probabilities = np.zeros(len(labels))
    probabilities[0], probabilities[-1] = 0.7, 0.3
    return Face(3, (10.0, 10.0, 60.0, 60.0), 0.9, probabilities, emotion)


def test_each_emotion_has_a_colour_of_its_own_in_every_image():
    colours = [COLOURS[label] for label in (*FERPLUS_LABELS, UNCERTAIN)]

    assert len(set(colours)) == len(colours)


def luminance(colour):
    """Return the relative luminance of a BGR colour, 0 to 1 (WCAG 2.2)."""
    values = np.array(colour[::-1]) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize('label', COLOURS)
def test_every_colour_is_readable_on_a_dark_background(label):
    contrast = (luminance(COLOURS[label]) + 0.05) / (luminance(DARK) + 0.05)

    # The minimum contrast of text (WCAG 2.2, criterion 1.4.3).
    assert contrast >= 4.5


@pytest.fixture
def written(monkeypatch):
    """Collect the drawn texts."""
    texts = []
    monkeypatch.setattr(tags, '_draw_text', lambda image, text, *_: texts.append(text))
    return texts


@pytest.mark.parametrize(
    ('width', 'letters'), [(30, 18), (92, 20), (100, 20), (108, 20), (120, 24), (600, 27)]
)
def test_letters_grow_with_the_face_in_steps_between_two_limits(width, letters):
    assert letters_for((50, 50, 50 + width, 150), (1080, 1920)) == letters


def test_letters_of_a_small_image_remain_readable():
    assert letters_for((0, 0, 10, 10), (48, 64)) == tags.LEAST_LETTERS


@pytest.mark.parametrize(
    ('emotion', 'first_words'),
    [
        ('happy', ['3', '3 hap', '3 happy', *['3 happy 70%'] * 3]),
        ('neutral', ['3', '3 neu', '3 neutral', *['3 neutral held'] * 3]),
        ('uncertain', ['3?', '3 unc', *['3 uncertain'] * 4]),
    ],
)
def test_a_larger_form_has_more_words(written, emotion, first_words):
    found = []
    for form in FORMS:
        written.clear()
        draw_tag(np.zeros((480, 640, 3), np.uint8), face(emotion), LABELS, 16, form, (9, 9))
        found.append(written[0])

    assert found == first_words
    # Only the full form labels each bar.
    assert written[1:] == list(LABELS)


def test_the_short_form_names_the_three_likeliest_emotions_in_their_usual_order(written):
    probabilities = np.array([0.2, 0.05, 0.0, 0.3, 0.4, 0.05, 0.0, 0.0])
    found = Face(3, (10.0, 10.0, 60.0, 60.0), 0.9, probabilities, 'sad')

    draw_tag(np.zeros((480, 640, 3), np.uint8), found, FERPLUS_LABELS, 16, SHORT, (9, 9))

    assert written[1:] == ['angry', 'happy', 'sad']


@pytest.mark.parametrize('form', FORMS)
@pytest.mark.parametrize('emotion', [*LABELS, 'uncertain'])
@pytest.mark.parametrize('letters', [8, 16, 40])
def test_a_tag_fills_its_size_and_nothing_beside_it(form, emotion, letters):
    image = np.full((480, 640, 3), 255, np.uint8)
    width, height = tag_sizes(face(emotion), LABELS, letters)[form]

    draw_tag(image, face(emotion), LABELS, letters, form, (20, 30))

    drawn = np.any(image != 255, axis=2)
    assert drawn[30:, 20:][:height, :width].all()
    drawn[30:, 20:][:height, :width] = False
    assert not drawn.any()


def test_the_shortest_tag_has_three_pixels_for_each_bar():
    labels = tuple(f'label {number}' for number in range(40))

    assert tag_sizes(face(labels=labels), labels, 8)[0][0] >= 3 * len(labels)


def test_the_full_form_is_as_wide_as_its_words():
    labels = ('on', 'no')
    someone = Face(123456789, (10.0, 10.0, 60.0, 60.0), 0.9, np.array([1.0, 0.0]), 'on')

    sizes = tag_sizes(someone, labels, 16)

    assert sizes[FULL][0] >= sizes[FULL - 1][0]


def test_all_parts_of_the_full_form_grow_with_the_letters():
    small, large = (tag_sizes(face(), LABELS, letters)[FULL] for letters in (20, 40))

    assert np.divide(large, small) == pytest.approx([2, 2], rel=0.1)
