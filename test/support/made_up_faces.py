"""Synthetic labelled images."""

from __future__ import annotations

import numpy as np

from fer_ros.perception.emotions import FER2013_LABELS
from training.data.datasets import FaceData


def make_up(count: int, split: str = 'train', seed: int = 0) -> FaceData:
    """
    Create images whose brightness encodes their label, in the form of FER2013.

    :param count: number of images.
    :param split: split of all images.
    :param seed: seed of the noise.
    :return: the images, with ten votes each for their label.
    """
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % len(FER2013_LABELS)
    noise = generator.integers(0, 30, (count, 48, 48))
    # Columns of the labels among the votes of FER+.
    columns = np.array([4, 5, 6, 1, 3, 2, 0])[labels]
    votes = np.zeros((count, 10), np.uint8)
    votes[np.arange(count), columns] = 10
    return FaceData(
        images=(labels[:, None, None] * 30 + noise).astype(np.uint8),
        labels=labels.astype(np.int64),
        split=np.full(count, split),
        source=np.array([f'made_up/{index}' for index in range(count)]),
        label_names=FER2013_LABELS,
        votes=votes,
    )
