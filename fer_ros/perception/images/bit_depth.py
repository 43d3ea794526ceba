"""Scale 16-bit values to 8 bits, and propose the number of their significant bits."""

from __future__ import annotations

import cv2
import numpy as np

# Bits of a 16-bit value.
ALL_BITS = 16

# Usual numbers of significant bits in 16-bit values, in ascending order.
SENSOR_DEPTHS = (10, 12, 14)


def scale_to_8_bits(values: np.ndarray, bit_depth: int) -> np.ndarray:
    """
    Scale values to 8 bits.

    :param values: uint16 of any shape.
    :param bit_depth: number of significant bits, 8 to 16; 0 for all 16. Larger values become 255.
    :return: uint8 of the same shape. The values are rounded, as cv_bridge does.
    """
    largest = 2 ** (bit_depth or ALL_BITS) - 1
    scaled = cv2.convertScaleAbs(values, alpha=255 / largest)
    return scaled.reshape(values.shape)


def propose_bit_depth(brightest: int) -> int:
    """
    Propose a bit depth for images whose 16-bit values were scaled as if all bits were significant.

    :param brightest: largest value in the scaled images, 0 to 255.
    :return: the smallest of SENSOR_DEPTHS that is large enough; 0 if none is, or if the images
        are black.
    """
    if brightest == 0:
        return 0
    for depth in SENSOR_DEPTHS:
        if brightest <= round(255 * (2**depth - 1) / (2**ALL_BITS - 1)):
            return depth
    return 0
