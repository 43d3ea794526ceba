import numpy as np
import pytest

from fer_ros.perception.images.bit_depth import propose_bit_depth
from fer_ros.perception.images.bit_depth import scale_to_8_bits


@pytest.mark.parametrize('bits', [8, 10, 12, 14, 16])
@pytest.mark.parametrize('shape', [(3, 4), (3, 4, 3), (1, 1), (5, 1), (1, 5)])
def test_the_largest_significant_value_becomes_white(bits, shape):
    values = np.full(shape, 2**bits - 1, np.uint16)

    scaled = scale_to_8_bits(values, bits)

    assert (scaled.dtype, scaled.shape) == (np.uint8, shape)
    assert (scaled == 255).all()


def test_without_a_bit_depth_all_bits_count():
    assert scale_to_8_bits(np.uint16([[0, 257, 65535]]), 0).tolist() == [[0, 1, 255]]


@pytest.mark.parametrize(
    ('largest', 'proposed'),
    [
        (0, 0),
        (1023, 10),
        (1300, 12),
        (4095, 12),
        (4500, 14),
        (16383, 14),
        (17000, 0),
        (65535, 0),
    ],
)
def test_the_proposal_is_large_enough_for_the_brightest_value(largest, proposed):
    scaled = int(scale_to_8_bits(np.uint16([[largest]]), 0)[0, 0])

    assert propose_bit_depth(scaled) == proposed
    # OpenCV's reader of PNG files drops the lower bits instead of rounding.
    assert propose_bit_depth(largest >> 8) == proposed
