"""Scale pictures with 16-bit or float values to 8 bits by the range that their values use."""

from __future__ import annotations

import numpy as np

# Usual numbers of significant bits in 16-bit values, in ascending order.
DEPTHS = (8, 10, 12, 14, 16)

# Usual maximum values of float pictures.
FLOAT_TOPS = (1.0, 255.0, 65535.0)

# Values that use less than this part of their range are stretched, as those of thermal cameras.
LEAST_PART = 1 / 8


def choose_range(least: float, most: float, whole: bool) -> tuple[float, float]:
    """
    Choose the values that become black and white.

    :param least: smallest value of all pictures.
    :param most: largest value of all pictures.
    :param whole: whether the values are whole numbers of 16 bits, and not floats.
    :return: the usual range with the smallest number of bits, or, for floats, with the smallest
        maximum, that contains both values. If they use less than `LEAST_PART` of it, or if it does
        not contain them, the range from the smallest to the largest value.
    """
    tops = [2.0**depth - 1 for depth in DEPTHS] if whole else FLOAT_TOPS
    top = next((top for top in tops if most <= top), None)
    if top is not None and least >= 0 and (most - least >= top * LEAST_PART or most == least):
        return 0.0, top
    return (float(least), float(most)) if most > least else (0.0, max(float(most), 1.0))


def scale_to_range(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """
    Scale values to 8 bits.

    :param values: numbers of any type and shape.
    :param low: value that becomes 0; smaller values become 0 as well.
    :param high: value that becomes 255; larger values become 255 as well.
    :return: uint8 of the same shape, rounded.
    """
    scaled = (values.astype(np.float32) - np.float32(low)) * np.float32(255 / (high - low))
    return np.asarray(np.clip(np.rint(scaled), 0, 255), np.uint8)
