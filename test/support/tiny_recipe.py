"""A recipe whose network trains in a second, and the text of one."""

from __future__ import annotations

from collections.abc import Mapping

import keras

from training.data.augmentation import Augmentation
from training.networks.residual import residual_network
from training.recipes.recipe import Recipe


def tiny(heads: Mapping[str, int], side: int | None) -> keras.Model:
    """Build the network."""
    return residual_network(
        heads, side=side, stem=8, widths=(8, 16), blocks=(1, 1), dropout=0.2, name='tiny'
    )


TINY = Recipe(
    name='tiny',
    build=tiny,
    side=16,
    sides=((0.0, 8), (0.5, 16)),
    epochs=4,
    batch_size=8,
    learning_rate=0.05,
    warmup_epochs=1,
    augmentation=Augmentation(mixup=0.2),
    average=0.9,
    seed=3,
)
