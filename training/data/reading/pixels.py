"""
Numbers from 0 to 255 out of text, a whole block of rows at once.

FER2013 as a CSV is 300 MB of them.  A loop over the numbers takes ten seconds and more; here NumPy
takes the three bytes up to the end of each number, all at once, and looks up what they say.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from training.data.datasets import FER2013_SIDE

PIXELS = FER2013_SIDE**2

WRONG_COUNT = f'the number of pixels is not {PIXELS}'
NO_PIXEL = 'a pixel is not a number from 0 to 255'

# The lower five bits tell a blank (0) from the digits (16 to 25), once it is known that there is
# nothing else.
_BITS = 0x1F
_BLANK = ord(' ') & _BITS
_ZERO = ord('0') & _BITS

# What the table has for three bytes that are no number from 0 to 255.
_NONE = 256

# Of four bytes, the bit that digits have and blanks have not.
_FOUR_DIGITS = 0x10101010

# Of four bytes, the first being the lowest, the five bits of the last three.
_LAST_THREE = _BITS << 24 | _BITS << 16 | _BITS << 8


def _table() -> np.ndarray:
    """
    List what each three bytes say that end with a digit, by five bits of each.

    :return: (2 ** 21,) uint16; few of the places are ever looked at, which the cache holds.
    """
    table = np.full(1 << 21, _NONE, np.uint16)
    digits = [(_ZERO + value, value) for value in range(10)]
    for last, ones in digits:
        # Before a number of one digit stands a blank, and before that anything.
        table[(last << 16) + (_BLANK << 8) + np.arange(_BITS + 1)] = ones
        for middle, tens in digits:
            place = (last << 16) + (middle << 8)
            table[place + _BLANK] = 10 * tens + ones
            for first, hundreds in digits:
                table[place + first] = min(100 * hundreds + 10 * tens + ones, _NONE)
    return table


_TABLE = _table()


def parse_ranges(
    text: bytearray, size: int, ranges: Sequence[tuple[int, int]]
) -> tuple[np.ndarray, dict[int, str]]:
    """
    Read the rows of pixels that stand somewhere in a text, and write blanks over the rest of it.

    :param text: with three bytes or more before the first row.
    :param size: how much of it counts.
    :param ranges: where each row begins and ends, in order.
    :return: as `parse_rows`.
    """
    after = 0
    for begin, end in ranges:
        text[after:begin] = b' ' * (begin - after)
        after = end
    text[after:size] = b' ' * (size - after)
    found = _parse_text(text, size, [end for _, end in ranges])
    if found is not None:
        return found, {}
    return parse_rows([bytes(text[begin:end]) for begin, end in ranges])


def parse_block(rows: Sequence[bytes]) -> np.ndarray | None:
    """
    Read rows of pixels, all of them or none.

    :param rows: each of numbers with blanks between them.
    :return: (N, 2304) uint8, or None unless each row has as many numbers from 0 to 255, of three
        digits at most, and nothing else: `parse_row` tells which has not.
    """
    text = b' '.join((b'  ', *rows, b''))
    return _parse_text(text, len(text), (np.cumsum([len(row) + 1 for row in rows]) + 2).tolist())


def _parse_text(text: bytes | bytearray, size: int, ends: Sequence[int]) -> np.ndarray | None:
    """
    Read a text of nothing but numbers and blanks, three of these in front, one at the end.

    :param ends: where each row ends.
    :return: as `parse_block`.
    """
    codes = np.frombuffer(text, np.uint8, size)
    is_digit = (codes - np.uint8(ord('0'))) < 10
    if np.count_nonzero(is_digit) + np.count_nonzero(codes == ord(' ')) != size:
        return None
    # Three places before the last digit of each number, where the four bytes up to it begin.
    places = np.flatnonzero(is_digit[3:-1] > is_digit[4:])
    if len(places) != PIXELS * len(ends):
        return None
    # A number too many in one row may be lacking in another.
    until = np.searchsorted(places, np.asarray(ends) - 3)
    if (until != PIXELS * np.arange(1, len(ends) + 1)).any():
        return None
    # Four bytes at each place as one item: a single gathering instead of four.
    windows = np.ndarray((size - 3,), 'V4', text, 0, (1,))
    found = windows.take(places).view('<u4')
    if ((found & _FOUR_DIGITS) == _FOUR_DIGITS).any():
        return None
    found &= _LAST_THREE
    found >>= 8
    values = _TABLE.take(found)
    if values.max(initial=0) > 255:
        return None
    return values.astype(np.uint8).reshape(-1, PIXELS)


def parse_row(row: bytes) -> np.ndarray | str:
    """
    Read one row of pixels, or tell what is wrong with it.

    :param row: of numbers with blanks between them.
    :return: (2304,) uint8, or the reason why there are none.
    """
    if row.translate(None, b'0123456789 '):
        return NO_PIXEL
    numbers = row.split()
    if len(numbers) != PIXELS:
        return WRONG_COUNT
    # A number with zeros in front is one, too.
    short = [number.lstrip(b'0') or b'0' for number in numbers]
    if any(len(number) > 3 or int(number) > 255 for number in short):
        return NO_PIXEL
    return np.array(short).astype(np.uint8)


def parse_rows(rows: Sequence[bytes]) -> tuple[np.ndarray, dict[int, str]]:
    """
    Read the rows of pixels that are whole, and tell what is wrong with the others.

    :param rows: each of numbers with blanks between them.
    :return: (M, 2304) uint8, of the whole ones in order; by their positions, the reasons for
        which the others are not.
    """
    if not rows:
        return np.empty((0, PIXELS), np.uint8), {}
    block = parse_block(rows)
    if block is not None:
        return block, {}
    if len(rows) == 1:
        row = parse_row(rows[0])
        if isinstance(row, str):
            return np.empty((0, PIXELS), np.uint8), {0: row}
        return row[None], {}
    # The halves: of many rows with one broken, most are still read together.
    middle = len(rows) // 2
    first, wrong = parse_rows(rows[:middle])
    second, wrong_after = parse_rows(rows[middle:])
    wrong |= {middle + position: reason for position, reason in wrong_after.items()}
    return np.concatenate([first, second]), wrong
