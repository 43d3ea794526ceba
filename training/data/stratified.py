"""A representative sample of the pictures."""

from __future__ import annotations

import numpy as np

from training.data.datasets import FaceData


def stratified(data: FaceData, count: int, seed: int = 0) -> FaceData:
    """
    Select some of the pictures, with the same share of each label.

    :param data: pictures.
    :param count: number of pictures to select, above 0; all if there are no more.
    :param seed: seed of the selection.
    :return: selected pictures, in order.
    """
    if count >= len(data):
        return data
    generator = np.random.default_rng(seed)
    # Shuffle, then sort by label, and take every (N / count)-th picture.
    order = generator.permutation(len(data))
    order = order[np.argsort(data.labels[order], kind='stable')]
    taken = order[np.floor((np.arange(count) + 0.5) * len(data) / count).astype(int)]
    return data.take(np.sort(taken))
