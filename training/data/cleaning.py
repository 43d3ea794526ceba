"""Find pictures to remove from a training split: copies, contradictions and non-faces."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from training.data.datasets import also_in
from training.data.datasets import FaceData
from training.data.datasets import TRAIN
from training.data.votes import is_not_a_face


def equal_groups(images: np.ndarray) -> list[list[int]]:
    """
    Find groups of identical pictures.

    :param images: (N, H, W) uint8 gray pictures.
    :return: groups of two or more indices, in order.
    """
    by_content: dict[bytes, list[int]] = defaultdict(list)
    for index, image in enumerate(images):
        by_content[image.tobytes()].append(index)
    return [group for group in by_content.values() if len(group) > 1]


def is_constant(images: np.ndarray) -> np.ndarray:
    """
    Find pictures with a single gray level.

    :param images: (N, H, W) uint8 gray pictures.
    :return: (N,) bool, True for a picture with a single gray level.
    """
    if not len(images):
        return np.zeros(0, bool)
    return images.min(axis=(1, 2)) == images.max(axis=(1, 2))


def unclean(data: FaceData) -> dict[str, np.ndarray]:
    """
    Find pictures to remove from the training split; each is counted under its first reason.

    Test splits are never changed, so that results stay comparable with those of others.  Near
    duplicates are kept, because they are often another view of a face rather than a copy.

    :param data: data set with all its splits.
    :return: (N,) bool mask for each reason: a single gray level; no face for most annotators of
        FER+;
        identical to a picture of a test split; copies with different labels (all are removed,
        because the correct label is unknown); further copies of a picture.
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
    Remove the pictures that `unclean` finds from the training split.

    :param data: data set with all its splits.
    :return: the remaining pictures, in order.
    """
    return data.take(~np.any(list(unclean(data).values()), axis=0))
