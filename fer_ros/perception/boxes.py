"""Arithmetic of boxes: (left, top, right, bottom) in pixels, the right and bottom outside."""

from __future__ import annotations

import numpy as np


def clip_boxes(boxes: np.ndarray, height: int, width: int) -> np.ndarray:
    """
    Cut off what lies outside the image.

    :param boxes: (N, 4) float, pixels.
    :param height: the image's, in pixels.
    :param width: the image's, in pixels.
    :return: (N, 4) of the same type; a box wholly outside comes out without area.
    """
    return np.clip(boxes, 0, np.array([width, height, width, height], dtype=boxes.dtype))


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


def suppress_non_maxima(boxes: np.ndarray, scores: np.ndarray, overlap: float) -> list[int]:
    """
    Keep the best box of each group of boxes that lie on each other.

    :param boxes: (N, 4) float, pixels.
    :param scores: (N,) float.
    :param overlap: boxes whose intersection over union is above this are one face, 0 to 1.
    :return: the indices of the boxes kept, best first.
    """
    order = np.argsort(-scores, kind='stable')
    if len(order) < 2:
        return order.tolist()
    shared = overlaps(boxes, boxes)
    kept: list[int] = []
    for index in order:
        if all(shared[index, better] <= overlap for better in kept):
            kept.append(int(index))
    return kept
