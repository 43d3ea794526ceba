import numpy as np
import pytest

from fer_ros.perception.crops.preprocessing import InputSpec
from fer_ros.perception.crops.preprocessing import to_network_input

GRAY = InputSpec(height=4, width=5, channels=1, colour='gray', value_range=(-1.0, 1.0))
RGB = InputSpec(height=4, width=5, channels=3, colour='rgb', value_range=(0.0, 255.0))
BLUE = np.full((4, 5, 3), (255, 0, 0), np.uint8)


def test_the_value_range_is_reached_at_both_ends_and_in_between():
    crop = np.zeros((4, 5), np.uint8)
    crop[0, :3] = 0, 51, 255

    batch = to_network_input([crop], GRAY)

    assert batch.shape == (1, 4, 5, 1)
    assert batch.dtype == np.float32
    np.testing.assert_allclose(batch[0, 0, :3, 0], [-1, -0.6, 1], atol=1e-6)


def test_rgb_is_not_mixed_up_with_bgr():
    batch = to_network_input([BLUE], RGB)

    assert batch[0, 0, 0].tolist() == [0, 0, 255]


def test_bgr_stays_bgr():
    spec = InputSpec(4, 5, 3, 'bgr', (0.0, 255.0))

    assert to_network_input([BLUE], spec)[0, 0, 0].tolist() == [255, 0, 0]


def test_blue_is_dark_in_gray():
    # In ITU-R BT.601, the weight of blue is 0.114. With swapped channels, it would be the weight
    # of red, 0.299.
    gray = (to_network_input([BLUE], GRAY)[0, 0, 0, 0] + 1) / 2

    assert gray == pytest.approx(0.114, abs=0.003)


def test_gray_crops_become_colour_where_the_network_wants_it():
    batch = to_network_input([np.full((4, 5), 9, np.uint8)], RGB)

    assert (batch == 9).all()
    assert batch.shape == (1, 4, 5, 3)


def test_no_crops_give_an_empty_batch():
    assert to_network_input([], GRAY).shape == (0, 4, 5, 1)


@pytest.mark.parametrize('crop', [np.zeros((5, 4), np.uint8), np.zeros((4, 5), np.float32)])
def test_a_crop_of_another_size_or_type_is_refused(crop):
    with pytest.raises(ValueError, match='crop 1 is'):
        to_network_input([np.zeros((4, 5), np.uint8), crop], GRAY)


@pytest.mark.parametrize(
    ('changed', 'sentence'),
    [
        ({'channels': 3}, 'channels is 3, but the colour gray has 1 channels'),
        ({'colour': 'hsv'}, "colour is 'hsv', but must be one of"),
        ({'height': 0}, 'at least 1x1'),
        ({'value_range': (1.0, 1.0)}, 'value_range is'),
        ({'value_range': (0.0, float('inf'))}, 'must be finite'),
    ],
)
def test_an_input_that_makes_no_sense_is_refused(changed, sentence):
    good = {'height': 4, 'width': 5, 'channels': 1, 'colour': 'gray', 'value_range': (0.0, 1.0)}

    with pytest.raises(ValueError, match=sentence):
        InputSpec(**{**good, **changed})
