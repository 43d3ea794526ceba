"""A part of the pictures that stands for all of them."""

from __future__ import annotations

import numpy as np

from training.data.datasets import FaceData


def stratified(data: FaceData, count: int, seed: int = 0) -> FaceData:
    """
    Take some of the pictures, of each label as many as is its share.

    :param data: the pictures.
    :param count: how many, above 0; all where there are no more.
    :param seed: of which.
    :return: these, in order.
    """
    if count >= len(data):
        return data
    generator = np.random.default_rng(seed)
    # Mixed, then ordered by label: every (N / count)-th of that order is taken.
    order = generator.permutation(len(data))
    order = order[np.argsort(data.labels[order], kind='stable')]
    taken = order[np.floor((np.arange(count) + 0.5) * len(data) / count).astype(int)]
    return data.take(np.sort(taken))
