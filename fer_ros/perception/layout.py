"""Where the words on a picture find room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# A block may stand in a corner of its own box when it covers no more than this part of it.
MOST_COVERED = 0.12

# So far a block stays off what is not its own, where there is room: seen is whose it is [px].
GAP = 4

# Where nothing is, in pixels.
NOWHERE = -(10**6)

# What makes a box larger by a pixel on each side.
GROWTH = np.array([-1, -1, 1, 1])


@dataclass(frozen=True)
class Place:
    """
    Where a block stands.

    :param choice: which of the sizes it has.
    :param left: of the block, in pixels.
    :param top: of the block, in pixels.
    """

    choice: int
    left: int
    top: int


def lay_out(
    boxes: np.ndarray, choices: Sequence[Sequence[tuple[int, int]]], shape: tuple[int, int]
) -> list[Place]:
    """
    Find a place beside each box for a block that hides neither a box nor another block.

    Every box gets its smallest block before any gets a larger one; where there is no room at all,
    the smallest block stands on its own box.

    :param boxes: (N, 4) int, pixels.
    :param choices: for each box the sizes that its block may have, from the smallest to the
        largest, each (width, height) in pixels; equally many for each box.
    :param shape: the image's (height, width).
    :return: a place for each box.
    """
    # The largest are the nearest, and mostly those that matter.
    order = np.argsort(-np.prod(boxes[:, 2:] - boxes[:, :2], axis=1), kind='stable')
    # A block that has no place yet is nowhere.
    blocks = np.full((len(boxes), 4), NOWHERE)
    places = [_on_the_box(box, sizes[0], shape) for box, sizes in zip(boxes, choices, strict=True)]
    stuck: set[int] = set()
    for level in range(len(choices[0]) if choices else 0):
        for index in (int(one) for one in order):
            if index in stuck:
                continue
            own = [index, index + len(boxes)]
            others = np.delete(np.concatenate([boxes, blocks]), own, axis=0)
            width, height = choices[index][level]
            found = _free_place(boxes[index], (width, height), others, shape)
            if found is None:
                stuck.add(index)
                continue
            places[index] = Place(level, *found)
            blocks[index] = (*found, found[0] + width, found[1] + height)
    return places


def find_corner(
    sizes: Sequence[tuple[int, int]], taken: np.ndarray, shape: tuple[int, int]
) -> Place | None:
    """
    Find a corner of the image that is free.

    :param sizes: of what shall stand there, each (width, height) in pixels, the best first.
    :param taken: (N, 4) int, pixels: the boxes that it must not hide.
    :param shape: the image's (height, width).
    :return: None where there is none.
    """
    for choice, (width, height) in enumerate(sizes):
        right, bottom = shape[1] - width, shape[0] - height
        if right < 0 or bottom < 0:
            continue
        for left, top in ((0, bottom), (right, bottom), (0, 0), (right, 0)):
            block = np.array([[left, top, left + width, top + height]])
            if _apart(block, taken).all():
                return Place(choice, left, top)
    return None


def _on_the_box(box: np.ndarray, size: tuple[int, int], shape: tuple[int, int]) -> Place:
    """Put a block at the upper edge of its box."""
    left = max(0, min(int(box[0]), shape[1] - size[0]))
    top = max(0, min(int(box[1]), shape[0] - size[1]))
    return Place(0, left, top)


def _free_place(
    box: np.ndarray, size: tuple[int, int], others: np.ndarray, shape: tuple[int, int]
) -> tuple[int, int] | None:
    """Find room for a block of a size at a box: (left, top), or None."""
    outside = _around(box, size, shape)
    candidates = np.array(outside + _corners(box, size))
    blocks = np.concatenate([candidates, candidates + size], axis=1)
    possible = (candidates >= 0).all(axis=1) & (blocks[:, 2:] <= shape[::-1]).all(axis=1)
    possible &= _apart(blocks, box[None])[:, 0] | (np.arange(len(blocks)) >= len(outside))
    for gap in (GAP, 0):
        free = possible & _apart(blocks, others + gap * GROWTH).all(axis=1)
        if free.any():
            left, top = candidates[int(np.argmax(free))]
            return int(left), int(top)
    return None


def _around(
    box: np.ndarray, size: tuple[int, int], shape: tuple[int, int]
) -> list[tuple[int, int]]:
    """List the places around a box, the best first: (left, top) of each."""
    left, top, right, bottom = (int(value) for value in box)
    width, height = size
    columns = [left, (left + right - width) // 2, right - width]
    rows = [top, (top + bottom - height) // 2, bottom - height]
    # Along its edge the block may slide, as long as it is in the image.
    columns = [max(0, min(column, shape[1] - width)) for column in columns]
    rows = [max(0, min(row, shape[0] - height)) for row in rows]
    return [
        *((column, top - height) for column in columns),
        *((right, row) for row in rows),
        *((column, bottom) for column in columns),
        *((left - width, row) for row in rows),
    ]


def _corners(box: np.ndarray, size: tuple[int, int]) -> list[tuple[int, int]]:
    """List the places in the corners of a large box."""
    left, top, right, bottom = (int(value) for value in box)
    width, height = size
    if width * height > MOST_COVERED * (right - left) * (bottom - top):
        return []
    return [
        (column, row) for row in (bottom - height, top) for column in (left, right - width)
    ]


def _apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Say which boxes have no pixel in common: (N, M) bool."""
    before = one[:, None, 2:] <= other[None, :, :2]
    after = one[:, None, :2] >= other[None, :, 2:]
    return np.asarray(np.logical_or(before, after).any(axis=2))
