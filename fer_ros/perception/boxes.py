"""Arithmetic of boxes: (left, top, right, bottom) in pixels, the right and bottom outside."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# (left, top, right, bottom), in pixels.
Box = tuple[float, float, float, float]


def clip_box(box: Sequence[float], height: int, width: int) -> Box:
    """
    Cut off what lies outside the image.

    :param box: pixels, finite.
    :param height: of the image, in pixels.
    :param width: of the image, in pixels.
    :return: the box; one that is wholly outside comes out without area.
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
    Give the intersection over union of two boxes; `overlaps` is for many.

    :param one: pixels.
    :param other: pixels.
    :return: 0 to 1; 0 where both have no area.
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
    Measure boxes; one turned inside out has no area.

    :param boxes: (N, 4) float, pixels.
    :return: (N,) float, square pixels.
    """
    return np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1)


def overlaps(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """
    Give the intersection over union of each box with each other box.

    :param one: (N, 4) float, pixels.
    :param other: (M, 4) float, pixels.
    :return: (N, M) float64, 0 to 1; 0 where both boxes have no area.
    """
    corner = np.maximum(one[:, None, :2], other[None, :, :2])
    far_corner = np.minimum(one[:, None, 2:], other[None, :, 2:])
    shared = np.prod(np.maximum(far_corner - corner, 0), axis=2, dtype=np.float64)
    union = areas(one)[:, None] + areas(other)[None, :] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
