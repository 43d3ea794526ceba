import numpy as np
import pytest

from fer_ros.perception.attention.regions import Region
from fer_ros.perception.attention.regions import region_of_eye

SIDE = 64


def dots(*places):
    """Return a dark image with a bright square of 5 x 5 pixels around each (x, y)."""
    image = np.zeros((200, 300, 3), np.uint8)
    for x, y in places:
        top, left = y - 2, x - 2
        image[top:, left:][:5, :5] = 255
    return image


@pytest.mark.parametrize('mirrored', [False, True])
@pytest.mark.parametrize('turn', [1, np.exp(0.6j), 1j, -1])
@pytest.mark.parametrize('size', [40, 100, 180])
def test_a_point_of_the_square_is_where_it_was_in_the_image(size, turn, mirrored):
    region = Region(150 + 100j, size * turn, mirrored)
    # Away from the middle, so that a wrong turn or a missing mirror is noticed.
    place = 150 + 100j + 0.25 * size * turn + 0.1j * size * turn
    crop = region.cut(dots((round(place.real), round(place.imag))), SIDE)[:, :, 0].astype(float)

    rows, columns = np.indices(crop.shape) + 0.5
    seen = np.array([[(crop * columns).sum(), (crop * rows).sum()]]) / crop.sum()
    (found,) = region.to_image(seen, SIDE)

    assert found == pytest.approx([round(place.real) + 0.5, round(place.imag) + 0.5], abs=0.6)


def test_a_face_larger_than_the_square_is_reduced_without_aliasing():
    stripes = np.zeros((900, 900, 3), np.uint8)
    stripes[:, ::2] = 255

    crop = Region(450 + 450j, 800 + 0j).cut(stripes, SIDE)

    assert np.abs(crop.astype(int) - 127).max() < 12


def test_pixels_outside_the_image_repeat_its_border():
    crop = Region(0j, 60 + 0j).cut(np.full((50, 50, 3), 90, np.uint8), SIDE)

    assert (crop == 90).all()


def test_a_square_far_outside_the_image_is_black_or_border():
    for size in (20, 2000):
        crop = Region(9000 + 9000j, complex(size)).cut(np.full((50, 50, 3), 90, np.uint8), SIDE)

        assert crop.shape == (SIDE, SIDE, 3)


def test_the_left_eye_is_seen_in_a_mirror_with_its_outer_corner_on_the_left():
    outer, inner = np.array([180.0, 100.0]), np.array([150.0, 100.0])
    region = region_of_eye(outer, inner, mirrored=True)
    image = dots((180, 100), (165, 110))  # the outer corner, and a point below the middle

    crop = region.cut(image, SIDE)[:, :, 0]

    rows, columns = np.nonzero(crop > 128)
    assert columns.min() < SIDE / 2 - 5
    assert rows.max() > SIDE / 2 + 5
    assert region.to_image(np.array([[SIDE / 2, SIDE / 2]]), SIDE)[0] == pytest.approx([165, 100])
