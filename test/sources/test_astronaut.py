import numpy as np
import pytest

from fer_ros.sources import astronaut
from fer_ros.sources.astronaut import AstronautView
from fer_ros.sources.astronaut import HEAD
from fer_ros.sources.astronaut import view_box
from fer_ros.sources.astronaut import VIEW_SIZE
from fer_ros.sources.base import SourceError
from fer_ros.sources.opening import open_source
from gray_images import images_of

# A random image of the same size as the photograph of the astronaut.
PHOTO = np.random.default_rng(0).integers(0, 255, (512, 512, 3), np.uint8)


def test_the_view_is_the_same_in_every_run():
    once = images_of(AstronautView(PHOTO, 0, (160, 120)), 5)
    again = images_of(AstronautView(PHOTO, 15, (160, 120)), 5)

    assert all((one == other).all() for one, other in zip(once, again, strict=True))
    assert not (once[0] == once[4]).all()


@pytest.mark.parametrize('size', [(640, 480), (1280, 720), (480, 640), (100, 100), (2000, 100)])
def test_the_head_never_leaves_the_view(size):
    left, top, right, bottom = np.array(
        [view_box(index, size, (512, 512)) for index in range(30030)]
    ).T

    assert (left <= HEAD[0]).all()
    assert (top <= HEAD[1]).all()
    assert (right >= HEAD[2]).all()
    assert (bottom >= HEAD[3]).all()
    np.testing.assert_allclose((right - left) / (bottom - top), size[0] / size[1])


@pytest.mark.parametrize('size', [(640, 480), (1280, 720), (480, 640), (100, 100)])
def test_the_view_stays_on_the_photograph(size):
    boxes = np.array([view_box(index, size, (512, 512)) for index in range(30030)])

    assert boxes.min() >= -1e-9
    assert boxes.max() <= 512 + 1e-9


def test_the_view_moves_smoothly():
    boxes = np.array([view_box(index, VIEW_SIZE, (512, 512)) for index in range(30030)])

    steps = np.abs(np.diff(boxes, axis=0))
    assert steps.max() < 4.0  # pixels
    assert np.ptp(boxes, axis=0).min() > 2.0


def test_the_view_shows_what_its_box_says():
    photo = np.zeros((512, 512, 3), np.uint8)
    index, size = 40, (640, 480)
    left, top, right, bottom = (round(edge) for edge in view_box(index, size, (512, 512)))
    row, column = (top + bottom) // 2, (left + right) // 2
    photo[top:row, left:column] = 255

    image = AstronautView(photo, 0, size).image(index)

    assert image[3:235, 3:315].min() == 255
    assert image[245:].max() == 0
    assert image[:, 325:].max() == 0


@pytest.mark.parametrize(
    ('asked', 'given'),
    [((0, 0), (640, 480)), ((320, 0), (320, 240)), ((0, 240), (320, 240)), ((90, 70), (90, 70))],
)
def test_the_view_has_the_size_that_is_asked_for(asked, given):
    pytest.importorskip('skimage')

    source = open_source('astronaut', width=asked[0], height=asked[1])
    image, period = next(iter(source))

    assert image.shape == (given[1], given[0], 3)
    assert period == 1 / 30
    assert source.endless


def test_without_scikit_image_the_view_says_what_to_install(monkeypatch):
    monkeypatch.setattr(astronaut.importlib.util, 'find_spec', lambda name: None)

    with pytest.raises(SourceError, match='pip install scikit-image'):
        open_source('astronaut')
