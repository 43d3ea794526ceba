"""
Arithmetic of bounding boxes.

A box is (left, top, right, bottom) in pixels. Its right and bottom edges are exclusive.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# (left, top, right, bottom), in pixels.
Box = tuple[float, float, float, float]


def clip_box(box: Sequence[float], height: int, width: int) -> Box:
    """
    Clip a box to the image.

    :param box: (left, top, right, bottom) in pixels, finite.
    :param height: height of the image in pixels.
    :param width: width of the image in pixels.
    :return: the part of the box inside the image; a box fully outside the image gets zero area.
    """
    left, top, right, bottom = box
    across, down = float(width), float(height)
    return (
        min(max(left, 0.0), across),
        min(max(top, 0.0), down),
        min(max(right, 0.0), across),
        min(max(bottom, 0.0), down),
    )


def overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """
    Compute the intersection over union of two boxes.

    For arrays of boxes, use `overlaps`.

    :param one: (left, top, right, bottom) in pixels.
    :param other: (left, top, right, bottom) in pixels.
    :return: 0 to 1; 0 if both boxes have zero area.
    """
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    if across <= 0 or down <= 0:
        return 0.0
    shared = across * down
    areas_of_both = ((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return shared / (sum(areas_of_both) - shared)


def areas(boxes: np.ndarray) -> np.ndarray:
    """
    Compute the areas of boxes.

    :param boxes: (N, 4) float, (left, top, right, bottom) in pixels.
    :return: (N,) float, square pixels; 0 for a box whose right edge is left of its left edge, or
        whose bottom edge is above its top edge.
    """
    products: np.ndarray = np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1)
    return products


def overlaps(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """
    Compute the intersection over union for all pairs of boxes from two arrays.

    :param one: (N, 4) float, (left, top, right, bottom) in pixels.
    :param other: (M, 4) float, (left, top, right, bottom) in pixels.
    :return: (N, M) float64, 0 to 1; 0 where both boxes have zero area.
    """
    corner = np.maximum(one[:, None, :2], other[None, :, :2])
    far_corner = np.minimum(one[:, None, 2:], other[None, :, 2:])
    shared = np.prod(np.maximum(far_corner - corner, 0), axis=2, dtype=np.float64)
    union = areas(one)[:, None] + areas(other)[None, :] - shared
    ratios: np.ndarray = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return ratios
