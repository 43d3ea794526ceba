import numpy as np
import pytest

from fer_ros.perception.images.decoding import LARGEST_SIDE
from fer_ros.sources.opening import open_source
from fer_ros.sources.scaling import fit_image
from gray_images import gray
from gray_images import images_of
from gray_images import write


@pytest.mark.parametrize(
    ('wanted', 'given'),
    [
        ((0, 0), (64, 48)),
        ((32, 0), (32, 24)),
        ((0, 24), (32, 24)),
        ((128, 0), (128, 96)),
        ((32, 1000), (32, 24)),
        ((100, 24), (32, 24)),
        ((1, 0), (1, 1)),
    ],
)
def test_an_image_is_scaled_into_a_size_and_keeps_its_proportions(wanted, given):
    image = fit_image(gray(9), *wanted)

    assert image.shape == (given[1], given[0], 3)
    assert (image == 9).all()


@pytest.mark.parametrize(('rows', 'columns'), [(4000, 1), (1, 4000)])
def test_a_thin_picture_is_not_larger_than_the_node_accepts(rows, columns):
    thin = np.zeros((rows, columns, 3), np.uint8)

    for wanted in ((8192, 0), (0, 8192)):
        assert max(fit_image(thin, *wanted).shape[:2]) <= LARGEST_SIDE


def test_pictures_and_videos_are_scaled(tmp_path, video):
    picture = write(tmp_path / 'one.png', gray(7))

    for path in (picture, video):
        assert images_of(open_source(str(path), width=32), 1)[0].shape == (24, 32, 3)
