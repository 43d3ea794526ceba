import numpy as np
import pytest

from fer_ros.perception.images.brightness import measure_brightness


@pytest.mark.parametrize('size', [(1, 1), (9, 90), (480, 640), (1080, 1920)])
@pytest.mark.parametrize(('colour', 'mean'), [((0, 0, 0), 0.0), ((7, 80, 153), 80.0)])
def test_an_image_of_one_colour_is_uniform_and_has_the_mean_of_its_channels(size, colour, mean):
    measured = measure_brightness(np.full((*size, 3), colour, np.uint8))

    assert measured.mean == mean
    assert measured.uniform


def test_the_noise_of_a_dark_camera_is_not_uniform():
    image = np.zeros((480, 640, 3), np.uint8)
    image[::2, 1::3] = 1

    measured = measure_brightness(image)

    assert not measured.uniform
    assert 0 < measured.mean < 1


def test_the_mean_is_that_of_the_whole_image():
    image = np.random.default_rng(3).integers(0, 200, (1080, 1920, 3), np.uint8)
    image[:, :960] //= 2

    assert measure_brightness(image).mean == pytest.approx(image.mean(), abs=4)


def test_a_view_with_padded_rows_is_read_without_its_padding():
    padded = np.full((40, 50, 3), 255, np.uint8)
    padded[:, :30] = 20

    measured = measure_brightness(padded[:, :30])

    assert (measured.mean, measured.uniform) == (20.0, True)
