"""The region of an image that hides a face, and its colour."""

from __future__ import annotations

import math

import numpy as np

from fer_ros.perception.boxes import Box

# BGR. The colour is constant, because a mean of the pixels would show the colour of the skin.
COLOUR = (128, 128, 128)

# Margin around a box that is covered as well, as a fraction of the box's longer side. A person can
# also be recognised by hair, ears and chin. The head may be tilted to any side, so the margin is
# the same on all sides.
MARGIN = 0.35

# The edges of a region are multiples of this [px]. A JPEG file has one colour value for blocks of
# at most 16 x 16 pixels, so a block that contains a part of the face is covered completely.
BLOCK = 16

# The edges of the region of a large face are multiples of a power of two that is at least this
# fraction of the box's longer side. The region then shows little of the proportions of the face.
COARSENESS = 1 / 8


def region_of(box: Box, height: int, width: int) -> tuple[slice, slice]:
    """
    Return the region that hides a face: the box and a margin, rounded outwards.

    :param box: (left, top, right, bottom) in pixels; it may extend beyond the image.
    :param height: height of the image in pixels.
    :param width: width of the image in pixels.
    :return: rows and columns of the region inside the image; empty if the region is outside.
    :raises ValueError: if the box is not finite.
    """
    left, top, right, bottom = box
    if not all(map(math.isfinite, box)):
        raise ValueError(f'the box {box} is not finite, so its face cannot be hidden')
    side = max(right - left, bottom - top, 1.0)
    margin = MARGIN * side
    step = max(BLOCK, 2 ** math.ceil(math.log2(COARSENESS * side)))
    return (
        _rounded(top - margin, bottom + margin, step, height),
        _rounded(left - margin, right + margin, step, width),
    )


def _rounded(low: float, high: float, step: int, length: int) -> slice:
    """Return the pixels between two coordinates, rounded outwards, and clipped to the image."""
    first, last = step * math.floor(low / step), step * math.ceil(high / step)
    return slice(min(max(first, 0), length), min(max(last, 0), length))


def cover(image: np.ndarray, box: Box) -> None:
    """
    Cover a face and its margin with the flat colour.

    :param image: (H, W, 3) uint8 BGR, changed.
    :param box: (left, top, right, bottom) of the face in pixels.
    """
    image[region_of(box, *image.shape[:2])] = COLOUR
