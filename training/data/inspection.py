"""Inspect a data set before training: `python -m training inspect DATA --output FOLDER`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import cv2
import numpy as np

from training.data.cleaning import equal_groups
from training.data.cleaning import is_constant
from training.data.cleaning import unclean
from training.data.datasets import also_in
from training.data.datasets import FaceData
from training.data.datasets import PRIVATE
from training.data.datasets import PUBLIC
from training.data.datasets import SPLITS
from training.data.datasets import TRAIN
from training.data.votes import is_not_a_face

# Largest mean difference of near duplicates with similar hashes, in gray levels. Pictures that
# were compressed again or slightly blurred stay below it.
NEAR_DIFFERENCE = 8.0

# Largest number of differing bits, of 64, between the hashes of near duplicates.
_NEAR_BITS = 3

# Number of bins of the histograms.
BINS = 32

# Bin edges of the shorter side of a picture, in pixels; pictures below 48 were enlarged.
SIDE_EDGES = (1, 24, 48, 49, 96, 192, 384, 768)


def shading_hashes(images: np.ndarray) -> np.ndarray:
    """
    Compute the difference hash of each picture.

    A bit tells whether one of 8x8 fields is brighter than the field on its right.  Recompression,
    blur
    and lighting change few bits.

    :param images: (N, H, W) uint8 gray pictures.
    :return: (N, 4) uint16, 64 bits per picture.
    """
    small = np.stack(
        [
            cv2.resize(image.astype(np.float32), (9, 8), interpolation=cv2.INTER_AREA)
            for image in images
        ]
    )
    brighter = small[:, :, :-1] > small[:, :, 1:]
    return np.packbits(brighter.reshape(len(images), 64), axis=1).view(np.uint16)


def near_pairs(images: np.ndarray) -> list[tuple[int, int]]:
    """
    Find pairs of pictures that are nearly but not exactly equal.

    The hashes of such a pair differ in at most 3 bits, so at least one of the four 16-bit parts is
    equal. Only pictures with an equal part are compared.

    :param images: (N, H, W) uint8 gray pictures.
    :return: pairs of indices, in order.
    """
    hashes = shading_hashes(images)
    ones = np.array([value.bit_count() for value in range(1 << 16)], np.uint8)
    pairs = set()
    for part in range(hashes.shape[1]):
        order = np.argsort(hashes[:, part], kind='stable')
        edges = np.flatnonzero(np.diff(hashes[order, part])) + 1
        for group in np.split(order, edges):
            codes = hashes[group]
            for position, index in enumerate(group[:-1]):
                rest = position + 1
                later = codes[rest:]
                different = ones[later ^ codes[position]].sum(axis=1)
                for other in group[rest:][different <= _NEAR_BITS]:
                    pairs.add((int(index), int(other)))
    return sorted(pair for pair in pairs if _is_near(images[pair[0]], images[pair[1]]))


def _is_near(first: np.ndarray, second: np.ndarray) -> bool:
    """Check whether two pictures differ, but only slightly."""
    difference = np.abs(first.astype(np.int16) - second).mean()
    return bool(0 < difference < NEAR_DIFFERENCE)


def inspect_data(data: FaceData) -> dict[str, Any]:
    """
    Report the contents and the problems of a data set.

    :param data: data set with all its splits.
    :return: values that JSON can store: counts, and lists of picture identifiers for each problem.
    """
    splits = [split for split in SPLITS if data.has_split(split)]
    groups = equal_groups(data.images)
    constant = np.flatnonzero(is_constant(data.images))
    unseen = np.zeros(len(data), bool) if data.votes is None else is_not_a_face(data.votes)
    near = near_pairs(data.images)
    sides = np.full(len(data), data.images.shape[1])
    if data.sizes is not None:
        sides = data.sizes.min(axis=1)
    return {
        'pictures': len(data),
        'size': list(data.images.shape[1:]),
        'sha256': data.sha256,
        'labels': list(data.label_names),
        'counts': {
            split: np.bincount(
                data.labels[data.split == split], minlength=len(data.label_names)
            ).tolist()
            for split in splits
        },
        'skipped': {reason: list(names) for reason, names in data.skipped.items()},
        'brightness': _by_label(data, data.images.mean(axis=(1, 2)), 256),
        'contrast': _by_label(data, data.images.std(axis=(1, 2)), 128),
        'sides': _side_counts(sides),
        'extra_duplicates': sum(len(group) - 1 for group in groups),
        'duplicates': [_sources(data, group) for group in groups],
        'conflicting_labels': [
            _sources(data, group) for group in groups if len(set(data.labels[group].tolist())) > 1
        ],
        'in_training_too': _shared(data, TRAIN, [split for split in splits if split != TRAIN]),
        'in_public_too': _shared(data, PUBLIC, [split for split in splits if split == PRIVATE]),
        'near_duplicates': [_sources(data, pair) for pair in near],
        'near_duplicates_across_splits': [
            _sources(data, pair) for pair in near if data.split[pair[0]] != data.split[pair[1]]
        ],
        'constant': _sources(data, constant),
        'not_a_face': _sources(data, np.flatnonzero(unseen)),
        'left_out_by_clean': {reason: int(where.sum()) for reason, where in unclean(data).items()},
    }


def _sources(data: FaceData, indices: Sequence[int] | np.ndarray) -> list[str]:
    """Return the identifiers of pictures."""
    return [str(data.source[index]) for index in indices]


def _shared(data: FaceData, among: str, splits: Sequence[str]) -> dict[str, list[str]]:
    """Return the identifiers of pictures that are also in another split, keyed by their split."""
    others = data.images[data.split == among]
    if not len(others):
        return {}
    found = also_in(data.images, others)
    return {
        split: _sources(data, np.flatnonzero(found & (data.split == split))) for split in splits
    }


def _by_label(data: FaceData, values: np.ndarray, end: int) -> dict[str, list[int]]:
    """Compute a histogram of values from 0 to `end` for each label."""
    return {
        name: np.histogram(values[data.labels == label], bins=BINS, range=(0, end))[0].tolist()
        for label, name in enumerate(data.label_names)
    }


def _side_counts(sides: np.ndarray) -> dict[str, int]:
    """Count the pictures in each range of their shorter side."""
    counts = {}
    for low, end in pairwise(SIDE_EDGES):
        name = str(low) if end == low + 1 else f'{low} to {end - 1}'
        counts[name] = int(((sides >= low) & (sides < end)).sum())
    counts[f'{SIDE_EDGES[-1]} and more'] = int((sides >= SIDE_EDGES[-1]).sum())
    return counts
