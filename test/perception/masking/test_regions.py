import math

import numpy as np
import pytest

from fer_ros.perception.masking.regions import BLOCK
from fer_ros.perception.masking.regions import COLOUR
from fer_ros.perception.masking.regions import cover
from fer_ros.perception.masking.regions import MARGIN
from fer_ros.perception.masking.regions import region_of


@pytest.fixture
def random():
    """Return an image of noise without the colour of the mask."""
    return np.random.default_rng(0).integers(0, COLOUR[0], (480, 640, 3), np.uint8)


@pytest.mark.parametrize(
    'box',
    [
        (200.0, 100.0, 203.0, 103.0),
        (200.3, 100.7, 301.9, 222.2),
        (5.0, 100.0, 60.0, 170.0),
        (600.0, 440.0, 640.0, 480.0),
        (-40.0, -40.0, 30.0, 40.0),
        (-100.0, -100.0, 900.0, 900.0),
    ],
)
def test_the_box_and_a_margin_on_each_side_have_one_colour(random, box):
    before = random.copy()

    cover(random, box)

    left, top, right, bottom = box
    margin = MARGIN * max(right - left, bottom - top)
    rows = slice(max(0, math.floor(top - margin)), max(0, math.ceil(bottom + margin)))
    columns = slice(max(0, math.floor(left - margin)), max(0, math.ceil(right + margin)))
    assert (random[rows, columns] == COLOUR).all()
    covered = (random == COLOUR).all(axis=-1)
    assert (random[~covered] == before[~covered]).all()


@pytest.mark.parametrize('side', [3, 17, 40, 100, 333])
def test_no_block_of_a_jpeg_file_is_covered_in_part(random, side):
    rows, columns = region_of((100.5, 90.2, 100.5 + side, 90.2 + side), 480, 640)

    assert rows.start % BLOCK == columns.start % BLOCK == 0
    assert rows.stop == 480 or rows.stop % BLOCK == 0
    assert columns.stop == 640 or columns.stop % BLOCK == 0


def test_faces_of_similar_size_at_one_place_get_the_same_region():
    boxes = [(300.0, 300.0, 300.0 + side, 300.0 + side) for side in range(200, 212)]

    assert len({str(region_of(box, 2000, 2000)) for box in boxes}) <= 2


@pytest.mark.parametrize(
    'box', [(-190, 60, -150, 100), (60, -190, 100, -150), (740, 60, 780, 100), (60, 600, 100, 640)]
)
def test_a_box_far_outside_the_image_covers_nothing(random, box):
    before = random.copy()

    cover(random, box)

    assert (random == before).all()


@pytest.mark.parametrize('wrong', [math.nan, math.inf])
def test_a_box_that_is_nowhere_is_refused_and_not_left_out(random, wrong):
    with pytest.raises(ValueError, match='cannot be hidden'):
        cover(random, (10.0, 10.0, wrong, 40.0))
