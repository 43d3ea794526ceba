"""
Place blocks of text on an annotated image.

A block is the rectangle of a face's tag or of the legend.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace

import numpy as np

# A block may be placed in a corner inside its own box if it covers at most this share of the box.
MOST_COVERED = 0.12

# Preferred distance between a block and the boxes and blocks of other faces [px]. The distance
# makes clear to which face a block belongs.
GAP = 4

# Distance to other faces that a block needs to become larger than in the last image [px]. Without
# this condition, the size of a block would change with every small motion.
WIDE_GAP = 8

# An array without boxes.
NOTHING = np.empty((0, 4), int)

# Coordinates of a block that has no place yet, far outside the image, in pixels.
NOWHERE = -(10**6)

# The choice of a box without a block.
NO_BLOCK = -1

# Offsets that extend a box by one pixel on each side when they are added to it.
GROWTH = np.array([-1, -1, 1, 1])


@dataclass(frozen=True)
class Place:
    """
    The place of a block.

    :param choice: index of the block's size in the list of its possible sizes; NO_BLOCK if there
        is no room for any size.
    :param left: left edge of the block in pixels.
    :param top: top edge of the block in pixels.
    :param side: index of the place in the list of places around the box; -1 on the box.
    """

    choice: int
    left: int
    top: int
    side: int = -1


def lay_out(
    boxes: np.ndarray,
    choices: Sequence[Sequence[tuple[int, int]]],
    shape: tuple[int, int],
    before: Sequence[Place | None] = (),
    obstacles: np.ndarray = NOTHING,
) -> list[Place]:
    """
    Find a place beside each box for a block that covers neither a box nor another block.

    Every box gets its smallest block before any box gets a larger one. If there is no room, the
    smallest block is placed on its own box. If it would cover another box there, it is left out.

    :param boxes: (N, 4) int, (left, top, right, bottom) in pixels.
    :param choices: possible sizes of the block of each box, from the smallest to the largest, each
        (width, height) in pixels. The number of sizes is the same for each box.
    :param shape: (height, width) of the image in pixels.
    :param before: place of each box's block in the last image, or None. A block keeps its place if
        possible.
    :param obstacles: (M, 4) int, pixels: other boxes that no block must cover.
    :return: a place for each box.
    """
    boxes = _clipped(boxes, shape)
    before = before or [None] * len(boxes)
    # Large faces come first: they are the nearest, and usually the most relevant.
    order = np.argsort(-np.prod(boxes[:, 2:] - boxes[:, :2], axis=1), kind='stable').tolist()
    blocks = np.full((len(boxes), 4), NOWHERE)
    places = [Place(NO_BLOCK, 0, 0)] * len(boxes)
    stuck: set[int] = set()
    for level in range(len(choices[0]) if choices else 0):
        # Boxes that had a block of this size in the last image come first, so that they keep it.
        for index in sorted(order, key=lambda one: _level(before[one]) < level):
            if index in stuck:
                continue
            own = [index, index + len(boxes)]
            others = np.delete(np.concatenate([boxes, blocks, obstacles]), own, axis=0)
            size = choices[index][level]
            last = before[index]
            larger = last is not None and level > last.choice
            gaps = [WIDE_GAP] if larger else [GAP, 0]
            found = _free_place(boxes[index], size, others, shape, gaps, last)
            if found is None:
                stuck.add(index)
                if level:
                    continue
                found = _on_the_box(boxes[index], size, others, shape)
                if found is None:
                    continue
            places[index] = replace(found, choice=level)
            corner = np.array([found.left, found.top])
            blocks[index] = np.concatenate([corner, corner + size])
    return places


def _level(place: Place | None) -> int:
    """Return the index of a block's size, or -1 if there was no block."""
    return -1 if place is None else place.choice


def find_corner(
    sizes: Sequence[tuple[int, int]], taken: np.ndarray, shape: tuple[int, int]
) -> Place | None:
    """
    Find a free corner of the image for a block.

    :param sizes: possible sizes of the block, each (width, height) in pixels, the best first.
    :param taken: (N, 4) int, pixels: the boxes that the block must not cover.
    :param shape: (height, width) of the image in pixels.
    :return: the place of the block; None if no corner is free.
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


def _clipped(boxes: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Clip (N, 4) boxes to the image, so that blocks in their corners are inside the image."""
    clipped: np.ndarray = np.clip(boxes, 0, np.array([shape[1], shape[0]] * 2))
    return clipped.reshape(-1, 4)


def _on_the_box(
    box: np.ndarray, size: tuple[int, int], others: np.ndarray, shape: tuple[int, int]
) -> Place | None:
    """
    Place a block on its box, at the upper or lower edge.

    :return: the place; None if the block would cover another box or block there.
    """
    left, top, right, bottom = (int(value) for value in box)
    width, height = size
    for row in (top, bottom - height):
        for column in (left, right - width):
            start = max(0, min(column, shape[1] - width))
            first = max(0, min(row, shape[0] - height))
            block = np.array([[start, first, start + width, first + height]])
            if _apart(block, others).all():
                return Place(0, start, first)
    return None


def _free_place(
    box: np.ndarray,
    size: tuple[int, int],
    others: np.ndarray,
    shape: tuple[int, int],
    gaps: Sequence[int],
    last: Place | None,
) -> Place | None:
    """
    Find a free place for a block at its box.

    :param box: (4,) int bounding box in pixels.
    :param size: (width, height) of the block in pixels.
    :param others: (N, 4) int, pixels: the boxes and blocks that must not be covered.
    :param shape: (height, width) of the image in pixels.
    :param gaps: distances to the other boxes and blocks in pixels, tried in this order.
    :param last: place of the block in the last image, which is preferred, or None.
    :return: the place; None if there is no free place.
    """
    outside = _around(box, size, shape)
    candidates = np.array(outside + _corners(box, size))
    blocks = np.concatenate([candidates, candidates + size], axis=1)
    possible = (candidates >= 0).all(axis=1) & (blocks[:, 2:] <= shape[::-1]).all(axis=1)
    possible &= _apart(blocks, box[None])[:, 0] | (np.arange(len(blocks)) >= len(outside))
    clear = possible & _apart(blocks, others).all(axis=1)
    if last is not None and 0 in gaps and last.side in np.flatnonzero(clear):
        return _place(candidates, last.side)
    for gap in gaps:
        sides = np.flatnonzero(possible & _apart(blocks, others + gap * GROWTH).all(axis=1))
        if len(sides):
            side = last.side if last is not None and last.side in sides else sides[0]
            return _place(candidates, side)
    return None


def _place(candidates: np.ndarray, side: int) -> Place:
    """Create a `Place` from a row of (left, top) candidates."""
    left, top = (int(value) for value in candidates[side])
    return Place(0, left, top, int(side))


def _around(
    box: np.ndarray, size: tuple[int, int], shape: tuple[int, int]
) -> list[tuple[int, int]]:
    """Return the places around a box, the best first, each (left, top) in pixels."""
    left, top, right, bottom = (int(value) for value in box)
    width, height = size
    columns = [left, (left + right - width) // 2, right - width]
    rows = [top, (top + bottom - height) // 2, bottom - height]
    # A block may be shifted along the edge of the box, so that it is inside the image.
    columns = [max(0, min(column, shape[1] - width)) for column in columns]
    rows = [max(0, min(row, shape[0] - height)) for row in rows]
    return [
        *((column, top - height) for column in columns),
        *((right, row) for row in rows),
        *((column, bottom) for column in columns),
        *((left - width, row) for row in rows),
    ]


def _corners(box: np.ndarray, size: tuple[int, int]) -> list[tuple[int, int]]:
    """Return the places in the corners inside a box; none if the block covers too much of it."""
    left, top, right, bottom = (int(value) for value in box)
    width, height = size
    if width * height > MOST_COVERED * (right - left) * (bottom - top):
        return []
    return [(column, row) for row in (bottom - height, top) for column in (left, right - width)]


def _apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """
    Check which boxes of two arrays have no pixel in common.

    :param one: (N, 4) int first boxes, in pixels.
    :param other: (M, 4) int second boxes, in pixels.
    :return: (N, M) bool, True for two boxes that have no pixel in common.
    """
    before = one[:, None, 2:] <= other[None, :, :2]
    after = one[:, None, :2] >= other[None, :, 2:]
    return np.asarray(np.logical_or(before, after).any(axis=2))
