from dataclasses import replace

import numpy as np

from tiny_recipe import TINY
from training.data.augmentation import Augmentation
from training.learning.batches import EpochBatches
from training.learning.targets import prepare_targets


def test_batches_are_the_same_whenever_they_are_made(made_up):
    data = made_up(24)
    targets = prepare_targets(data, TINY)

    first, again, other = (EpochBatches(data, targets, TINY, epoch)[2] for epoch in (1, 1, 2))

    assert np.array_equal(first[0], again[0])
    assert all(np.array_equal(first[1][head], again[1][head]) for head in TINY.heads)
    assert first[0].shape != other[0].shape or not np.array_equal(first[0], other[0])


def test_batches_have_the_side_of_the_epoch_and_the_range_of_the_recipe(made_up):
    data = made_up(16)
    targets = prepare_targets(data, TINY)

    batches = [EpochBatches(data, targets, TINY, epoch)[0][0] for epoch in range(4)]

    assert [batch.shape for batch in batches] == [(8, 8, 8, 1)] * 2 + [(8, 16, 16, 1)] * 2
    assert all(batch.dtype == np.float32 for batch in batches)
    assert min(batch.min() for batch in batches) >= -2
    assert max(batch.max() for batch in batches) <= 2


def test_each_picture_is_in_an_epoch_once(made_up):
    data = made_up(24)
    plain = replace(TINY, augmentation=Augmentation(mixup=0), label_smoothing=0.0)

    batches = EpochBatches(data, prepare_targets(data, plain), plain, 0)
    seen = np.concatenate([batches[i][1]['fer2013'].argmax(axis=1) for i in range(len(batches))])

    assert len(batches) == 3
    assert sorted(seen) == sorted(data.labels)
