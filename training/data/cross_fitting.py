"""
Cross-fitting: hold pictures back from a network, so that it can teach them to another network.

For a picture that a network was trained on, the network mostly predicts the label of that picture.
For any other picture, the prediction depends on similar pictures.  A prediction from similar
pictures is more useful, because a third of the labels are doubtful.  Each of N networks therefore
holds back one N-th of the pictures, and teaches this part alone (Dao et al. 2021,
arXiv:2104.09732).
"""

from __future__ import annotations

import zlib

import numpy as np

from training.data.datasets import FaceData


def parts_of(images: np.ndarray, count: int) -> np.ndarray:
    """
    Divide pictures into parts by a hash of their pixels, so that copies are in the same part.

    :param images: (N, H, W) uint8 gray pictures.
    :param count: number of parts.
    :return: (N,) int64, from 0 to count - 1; independent of the order of the pictures.
    """
    sums = (zlib.crc32(np.ascontiguousarray(image).data) for image in images)
    return np.fromiter((value % count for value in sums), np.int64, len(images))


def learnt_from(data: FaceData, held_back: tuple[int, ...]) -> FaceData:
    """
    Remove the pictures that a network holds back.

    :param data: pictures of the training split.
    :param held_back: `held_back` of the recipe.
    :return: training pictures.
    """
    if not held_back:
        return data
    number, count = held_back
    return data.take(parts_of(data.images, count) != number)


def taught(images: np.ndarray, held_back: tuple[int, ...]) -> np.ndarray:
    """
    Select the pictures that a network teaches.

    :param images: (N, H, W) uint8 gray pictures.
    :param held_back: `held_back` of the recipe of the teacher.
    :return: (N,) bool, the pictures that it held back; all pictures if it held nothing back.
    """
    if not held_back:
        return np.ones(len(images), bool)
    number, count = held_back
    return parts_of(images, count) == number
