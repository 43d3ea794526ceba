"""Where the words on a picture find room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace

import numpy as np

# A block may stand in a corner of its own box when it covers no more than this part of it.
MOST_COVERED = 0.12

# So far a block stays off what is not its own, where there is room: seen is whose it is [px].
GAP = 4

# A block takes a larger form than in the last image only with this much room, so that it does not
# change with every move [px].
WIDE_GAP = 8

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
    :param side: which of the places around the box it is; -1 on the box.
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
) -> list[Place]:
    """
    Find a place beside each box for a block that hides neither a box nor another block.

    Every box gets its smallest block before any gets a larger one; where there is no room at all,
    the smallest block stands on its own box.

    :param boxes: (N, 4) int, pixels.
    :param choices: for each box the sizes that its block may have, from the smallest to the
        largest, each (width, height) in pixels; equally many for each box.
    :param shape: the image's (height, width).
    :param before: where the block of each box stood in the last image, or None; it stays there
        where it can.
    :return: a place for each box.
    """
    before = before or [None] * len(boxes)
    # The largest are the nearest, and mostly those that matter.
    order = np.argsort(-np.prod(boxes[:, 2:] - boxes[:, :2], axis=1), kind='stable').tolist()
    blocks = np.full((len(boxes), 4), NOWHERE)
    places = [_on_the_box(box, sizes[0], shape) for box, sizes in zip(boxes, choices, strict=True)]
    stuck: set[int] = set()
    for level in range(len(choices[0]) if choices else 0):
        # Who had such a block keeps it.
        for index in sorted(order, key=lambda one: _level(before[one]) < level):
            if index in stuck:
                continue
            own = [index, index + len(boxes)]
            others = np.delete(np.concatenate([boxes, blocks]), own, axis=0)
            size = choices[index][level]
            last = before[index]
            larger = last is not None and level > last.choice
            gaps = [WIDE_GAP] if larger else [GAP, 0]
            found = _free_place(boxes[index], size, others, shape, gaps, last)
            if found is None:
                stuck.add(index)
                continue
            places[index] = replace(found, choice=level)
            corner = np.array([found.left, found.top])
            blocks[index] = np.concatenate([corner, corner + size])
    return places


def _level(place: Place | None) -> int:
    """Give which size a block had; -1 for none."""
    return -1 if place is None else place.choice


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
    box: np.ndarray,
    size: tuple[int, int],
    others: np.ndarray,
    shape: tuple[int, int],
    gaps: Sequence[int],
    last: Place | None,
) -> Place | None:
    """Find room for a block of a size at a box, where it was if possible, or None."""
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
    """Make one of the possible places the place of a block."""
    left, top = (int(value) for value in candidates[side])
    return Place(0, left, top, int(side))


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
