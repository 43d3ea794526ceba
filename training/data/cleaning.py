"""Copies, contradictions and what is no face: what a training split is better off without."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from training.data.datasets import also_in
from training.data.datasets import FaceData
from training.data.datasets import TRAIN
from training.data.votes import is_not_a_face


def equal_groups(images: np.ndarray) -> list[list[int]]:
    """
    Find pictures that are the same, pixel for pixel.

    :param images: (N, H, W) uint8.
    :return: groups of two or more indices, in order.
    """
    by_content: dict[bytes, list[int]] = defaultdict(list)
    for index, image in enumerate(images):
        by_content[image.tobytes()].append(index)
    return [group for group in by_content.values() if len(group) > 1]


def is_constant(images: np.ndarray) -> np.ndarray:
    """
    Find pictures of one gray level.

    :param images: (N, H, W) uint8.
    :return: (N,) bool.
    """
    if not len(images):
        return np.zeros(0, bool)
    return images.min(axis=(1, 2)) == images.max(axis=(1, 2))


def unclean(data: FaceData) -> dict[str, np.ndarray]:
    """
    Find what a training split is better off without, each picture by the first reason.

    Test splits are never touched: what is measured stays what others measure.  Near duplicates
    stay, as they are another view of a face as often as a copy.

    :param data: all of its splits.
    :return: by reason, (N,) bool: pictures of one gray level; that most annotators of FER+ saw no
        face in; that a test split has too; whose copies have other labels (all of them, as none
        is known to be right); further copies of a picture.
    """
    in_training = data.split == TRAIN
    indices = np.flatnonzero(in_training)
    conflicting, extra = np.zeros(len(data), bool), np.zeros(len(data), bool)
    for group in equal_groups(data.images[indices]):
        copies = indices[group]
        if len(np.unique(data.labels[copies])) > 1:
            conflicting[copies] = True
        else:
            extra[copies[1:]] = True
    no_face = np.zeros(len(data), bool) if data.votes is None else is_not_a_face(data.votes)
    reasons = {
        'constant': is_constant(data.images),
        'not a face': no_face,
        'also in a test split': also_in(data.images, data.images[~in_training]),
        'conflicting labels': conflicting,
        'extra copies': extra,
    }
    known = ~in_training
    for reason, found in reasons.items():
        reasons[reason] = found & ~known
        known = known | found
    return reasons


def clean(data: FaceData) -> FaceData:
    """
    Leave out of the training split what `unclean` finds.

    :param data: all of its splits.
    :return: the rest, in order.
    """
    return data.take(~np.any(list(unclean(data).values()), axis=0))
