from hypothesis import given
from hypothesis import strategies
import numpy as np
import pytest

from training.data.reading.pixels import NO_PIXEL
from training.data.reading.pixels import parse_block
from training.data.reading.pixels import parse_row
from training.data.reading.pixels import parse_rows

COUNT = 'the number of pixels is not 2304'
SEVENS = b' '.join([b'7'] * 2304)


@given(strategies.integers(0, 2**32 - 1), strategies.integers(1, 5))
def test_a_block_says_what_its_text_says(seed, count):
    generator = np.random.default_rng(seed)
    # Many numbers of one, two and three digits, in random order.
    numbers = generator.integers(0, generator.choice([10, 100, 256], (count, 2304)))

    found = parse_block([b' '.join(str(v).encode() for v in row) for row in numbers.tolist()])

    assert found.dtype == np.uint8
    assert np.array_equal(found, numbers)


def test_every_number_is_read_behind_and_before_every_length_of_number():
    values = [v for v in range(256) for _ in range(3)] * 3
    before = [(3, 45, 255)[i % 3] for i in range(1152)]
    text = [n for pair in zip(before, values, strict=False) for n in pair]
    text += [0] * (2304 - len(text))

    assert parse_block([' '.join(map(str, text)).encode()])[0].tolist() == text


@pytest.mark.parametrize(
    ('row', 'reason'),
    [
        (SEVENS[:-2], COUNT),
        (SEVENS + b' 7', COUNT),
        (b'', COUNT),
        (b'256 ' + SEVENS[2:], NO_PIXEL),
        (b'300 ' + SEVENS[2:], NO_PIXEL),
        (b'1000 ' + SEVENS[2:], NO_PIXEL),
        (b'9' * 5000 + b' ' + SEVENS[2:], NO_PIXEL),
        (b'-1 ' + SEVENS[2:], NO_PIXEL),
        (b'1.5 ' + SEVENS[2:], NO_PIXEL),
        (b'x ' + SEVENS[2:], NO_PIXEL),
        (b'\xb2 ' + SEVENS[2:], NO_PIXEL),
        (SEVENS.replace(b' ', b'\t'), NO_PIXEL),
        (SEVENS.replace(b' ', b';'), NO_PIXEL),
    ],
)
def test_a_broken_row_is_found_wherever_it_stands(row, reason):
    for rows in ([row], [row, SEVENS], [SEVENS, row, SEVENS], [SEVENS] * 6 + [row]):
        assert parse_block(rows) is None
        pixels, wrong = parse_rows(rows)
        assert wrong == {rows.index(row): reason}
        assert np.array_equal(pixels, np.full((len(rows) - 1, 2304), 7))


def test_a_number_too_many_does_not_make_up_for_one_that_is_lacking():
    pixels, wrong = parse_rows([SEVENS + b' 7', SEVENS[:-2]])

    assert len(pixels) == 0
    assert wrong == {0: COUNT, 1: COUNT}


@pytest.mark.parametrize('text', [b' 7  7 ' + SEVENS[4:] + b'  ', b'007 0007 ' + SEVENS[4:]])
def test_more_blanks_and_zeros_in_front_change_nothing(text):
    pixels, wrong = parse_rows([SEVENS, text])

    assert not wrong
    assert np.array_equal(pixels, np.full((2, 2304), 7))
    assert np.array_equal(parse_row(text), np.full(2304, 7))


def test_no_rows_are_no_pixels():
    pixels, wrong = parse_rows([])

    assert pixels.shape == (0, 2304)
    assert not wrong
