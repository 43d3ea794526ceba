"""
Parse numbers from 0 to 255 in text, a whole block of rows at once.

FER2013 as CSV has 300 MB of such numbers, and a loop over them takes more than ten seconds.  Here,
NumPy gathers the three bytes that end with the last digit of each number, all at once, and looks
them up in a table.
"""

from __future__ import annotations

from collections.abc import Sequence
import re

import numpy as np

from training.data.datasets import FER2013_SIDE

# Number of pixels of a picture of FER2013.
PIXELS = FER2013_SIDE**2

WRONG_COUNT = 'the number of pixels is not {}'
NO_PIXEL = 'a pixel is not a number from 0 to 255'

# In text of digits and blanks only, the lower five bits distinguish a blank (0) from the digits
# (16 to 25).
_BITS = 0x1F
_BLANK = ord(' ') & _BITS
_ZERO = ord('0') & _BITS

# Table entry of three bytes that are no number from 0 to 255.
_NONE = 256

# Mask of the bit that is set in digits and not in blanks, in each of four bytes.
_FOUR_DIGITS = 0x10101010

# Mask of the lower five bits of the last three of four bytes, in little-endian order.
_LAST_THREE = _BITS << 24 | _BITS << 16 | _BITS << 8


# Characters around numbers as Python prints a list of them, and the fraction of a whole number.
_PUNCTUATION = bytes.maketrans(b'[](),"\'', b'       ')
_FRACTION = re.compile(rb'(?<=\d)\.0*(?= |$)')


def _table() -> np.ndarray:
    """
    Create the table of numbers for three bytes that end with a digit.

    The index consists of the lower five bits of each byte.

    :return: (2 ** 21,) uint16; only few entries are used, and they fit into the CPU cache.
    """
    table = np.full(1 << 21, _NONE, np.uint16)
    digits = [(_ZERO + value, value) for value in range(10)]
    for last, ones in digits:
        # A number of one digit follows a blank; the byte before the blank has no meaning.
        table[(last << 16) + (_BLANK << 8) + np.arange(_BITS + 1)] = ones
        for middle, tens in digits:
            place = (last << 16) + (middle << 8)
            table[place + _BLANK] = 10 * tens + ones
            for first, hundreds in digits:
                table[place + first] = min(100 * hundreds + 10 * tens + ones, _NONE)
    return table


_TABLE = _table()


def parse_ranges(
    text: bytearray, size: int, ranges: Sequence[tuple[int, int]], pixels: int = PIXELS
) -> tuple[np.ndarray, dict[int, str]]:
    """
    Parse rows of pixels at given positions of a text; all other bytes are overwritten with blanks.

    :param text: text with at least three bytes before the first row.
    :param size: number of valid bytes in the text.
    :param ranges: begin and end of each row, in order.
    :param pixels: number of pixels of a picture.
    :return: as in `parse_rows`.
    """
    after = 0
    for begin, end in ranges:
        text[after:begin] = b' ' * (begin - after)
        after = end
    text[after:size] = b' ' * (size - after)
    found = _parse_text(text, size, [end for _, end in ranges], pixels)
    if found is not None:
        return found, {}
    return parse_rows([bytes(text[begin:end]) for begin, end in ranges], pixels)


def parse_block(rows: Sequence[bytes], pixels: int = PIXELS) -> np.ndarray | None:
    """
    Parse rows of pixels, all rows or none.

    :param rows: rows of numbers separated by blanks.
    :param pixels: number of pixels of a picture.
    :return: (N, pixels) uint8; None unless each row has this many numbers from 0 to 255, with at
        most three digits each, and nothing else.  `parse_row` then finds the invalid row.
    """
    text = b' '.join((b'  ', *rows, b''))
    ends = (np.cumsum([len(row) + 1 for row in rows]) + 2).tolist()
    return _parse_text(text, len(text), ends, pixels)


def _parse_text(
    text: bytes | bytearray, size: int, ends: Sequence[int], pixels: int
) -> np.ndarray | None:
    """
    Parse a text of numbers and blanks only, with three blanks at the start and one at the end.

    :param ends: end of each row.
    :return: as in `parse_block`.
    """
    codes = np.frombuffer(text, np.uint8, size)
    is_digit = (codes - np.uint8(ord('0'))) < 10
    if np.count_nonzero(is_digit) + np.count_nonzero(codes == ord(' ')) != size:
        return None
    # Index of the first of the four bytes that end with the last digit of each number.
    places = np.flatnonzero(is_digit[3:-1] > is_digit[4:])
    if len(places) != pixels * len(ends):
        return None
    # The total can be correct although one row has a number too many and another one too few.
    until = np.searchsorted(places, np.asarray(ends) - 3)
    if (until != pixels * np.arange(1, len(ends) + 1)).any():
        return None
    # View of four bytes at each position as one item, so that one gather reads all four.
    windows = np.ndarray((size - 3,), 'V4', text, 0, (1,))
    found = windows.take(places).view('<u4')
    if ((found & _FOUR_DIGITS) == _FOUR_DIGITS).any():
        return None
    found &= _LAST_THREE
    found >>= 8
    values = _TABLE.take(found)
    if values.max(initial=0) > 255:
        return None
    return values.astype(np.uint8).reshape(-1, pixels)


def parse_row(row: bytes, pixels: int = PIXELS) -> np.ndarray | str:
    """
    Parse one row of pixels, or return the reason why it is invalid.

    :param row: numbers separated by blanks, or, as Python prints a list, by commas in brackets;
        also whole numbers such as `7.0`.
    :param pixels: number of pixels of a picture.
    :return: (pixels,) uint8, or the reason.
    """
    if row.translate(None, b'0123456789 '):
        row = _FRACTION.sub(b'', row.translate(_PUNCTUATION))
        if row.translate(None, b'0123456789 '):
            return NO_PIXEL
        parsed = parse_block([row], pixels)
        if parsed is not None:
            return parsed[0]
    numbers = row.split()
    if len(numbers) != pixels:
        return WRONG_COUNT.format(pixels)
    # Numbers with leading zeros are valid.
    short = [number.lstrip(b'0') or b'0' for number in numbers]
    if any(len(number) > 3 or int(number) > 255 for number in short):
        return NO_PIXEL
    return np.array(short).astype(np.uint8)


def parse_rows(rows: Sequence[bytes], pixels: int = PIXELS) -> tuple[np.ndarray, dict[int, str]]:
    """
    Parse the valid rows of pixels, and return the reasons of invalid rows.

    :param rows: rows of numbers separated by blanks.
    :param pixels: number of pixels of a picture.
    :return: (M, pixels) uint8, the valid rows in order; reasons of the invalid rows, keyed by
        index.
    """
    if not rows:
        return np.empty((0, pixels), np.uint8), {}
    block = parse_block(rows, pixels)
    if block is not None:
        return block, {}
    if len(rows) == 1:
        row = parse_row(rows[0], pixels)
        if isinstance(row, str):
            return np.empty((0, pixels), np.uint8), {0: row}
        return row[None], {}
    # Parse both halves separately, so that most rows are still parsed in large blocks.
    middle = len(rows) // 2
    first, wrong = parse_rows(rows[:middle], pixels)
    second, wrong_after = parse_rows(rows[middle:], pixels)
    wrong |= {middle + position: reason for position, reason in wrong_after.items()}
    return np.concatenate([first, second]), wrong
