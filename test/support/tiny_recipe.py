"""A recipe whose network trains within a second, and the source text of such a recipe."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path

import keras

from training.data.augmentation import Augmentation
from training.networks.residual import residual_network
from training.recipes.recipe import Recipe


def tiny(heads: Mapping[str, int], side: int | None) -> keras.Model:
    """Build the network."""
    return residual_network(
        heads, side=side, stem=8, widths=(8,), blocks=(1,), dropout=0.2, name='tiny'
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

# Source text of the recipe file.
TEXT = """
from training.networks.residual import residual_network
from training.recipes.recipe import Recipe


def build(heads, side):
    return residual_network(
        heads, side=side, stem=8, widths=(8,), blocks=(1,), dropout=0.2, name='{name}'
    )


RECIPE = Recipe(
    name='{name}', build=build, side=16, epochs={epochs}, batch_size=8, warmup_epochs=0,
    average=0.9,
)
"""


def write_recipe(folder: Path, name: str, epochs: int = 1) -> Path:
    """Write a recipe file."""
    file = folder / f'{name}.py'
    file.write_text(TEXT.format(name=name, epochs=epochs))
    return file


@contextmanager
def eagerly() -> Iterator[None]:
    """
    Run TensorFlow eagerly, without tracing.

    Tracing a step takes far longer than a few small steps. `train --smoke` and runs of several
    epochs test that recipes can be traced.
    """
    if keras.backend.backend() != 'tensorflow':
        yield
        return
    import tensorflow

    tensorflow.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tensorflow.config.run_functions_eagerly(False)
