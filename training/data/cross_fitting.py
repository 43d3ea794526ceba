"""
Which pictures a network does not learn from, so that it can teach another what they show.

A network says of a picture that it learned from mostly what its label is; of one that it never
saw it says what such pictures show, which is worth more where a third of the labels are doubtful.
So each of N networks holds one N-th of the pictures back and teaches that part alone
(cross-fitting, Dao et al. 2021, arXiv:2104.09732).
"""

from __future__ import annotations

import zlib

import numpy as np

from training.data.datasets import FaceData


def parts_of(images: np.ndarray, count: int) -> np.ndarray:
    """
    Divide pictures into parts, by their pixels alone, so that copies are in one part.

    :param images: (N, H, W) uint8.
    :param count: of the parts.
    :return: (N,) int64, from 0 to count - 1; the same in whatever order the pictures come.
    """
    sums = (zlib.crc32(np.ascontiguousarray(image).data) for image in images)
    return np.fromiter((value % count for value in sums), np.int64, len(images))


def learnt_from(data: FaceData, held_back: tuple[int, ...]) -> FaceData:
    """
    Leave out what a network holds back.

    :param data: the pictures of its split.
    :param held_back: the recipe's setting of this name.
    :return: the pictures that it learns from.
    """
    if not held_back:
        return data
    number, count = held_back
    return data.take(parts_of(data.images, count) != number)


def taught(images: np.ndarray, held_back: tuple[int, ...]) -> np.ndarray:
    """
    Tell which pictures a network teaches.

    :param images: (N, H, W) uint8.
    :param held_back: the setting of this name of the teacher's recipe.
    :return: (N,) bool: those that it held back, or all if it held nothing back.
    """
    if not held_back:
        return np.ones(len(images), bool)
    number, count = held_back
    return parts_of(images, count) == number
