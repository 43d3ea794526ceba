"""The brightness of an image, measured on a grid of its pixels."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

# Rows and columns of the grid. The number of pixels is a power of two, so the means are exact.
GRID = (32, 32)

# Limit of the standard deviation of a uniform image. If a single pixel of the grid differs by one
# gray level, the standard deviation is above 0.03.
LARGEST_DEVIATION = 0.01


@dataclass(frozen=True)
class Brightness:
    """
    The brightness of an image.

    :param mean: gray level, 0 to 255.
    :param uniform: whether all pixels have the same colour.
    """

    mean: float
    uniform: bool


def measure_brightness(image: np.ndarray) -> Brightness:
    """
    Measure the brightness of an image.

    The cost does not depend on the size of the image, because only 32 x 32 pixels are read.

    :param image: (H, W, 3) uint8, not empty.
    """
    sample = cv2.resize(image, GRID, interpolation=cv2.INTER_NEAREST)
    # For the three channels, plain Python is faster than NumPy.
    means, deviations = (values.ravel().tolist() for values in cv2.meanStdDev(sample))
    return Brightness(sum(means) / len(means), max(deviations) < LARGEST_DEVIATION)
