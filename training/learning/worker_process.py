"""
Create batches in a worker process.

This module and those that it imports do not import Keras, so a worker process starts without an
engine.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from functools import lru_cache
import signal
from typing import Any
from typing import TYPE_CHECKING

import numpy as np

from training.data.datasets import FaceData
from training.learning.batches import EpochBatches
from training.recipes.recipe import Recipe

if TYPE_CHECKING:
    import keras

    from training.learning.teachers import Teachers

Batch = tuple[np.ndarray, dict[str, np.ndarray]]


def batch_maker(
    data: FaceData,
    targets: Mapping[str, np.ndarray],
    recipe: Recipe,
    rows: slice,
    teachers: Teachers | None = None,
) -> Callable[[int, int], Batch]:
    """Return a function that creates a batch, given the index of the epoch and of the batch."""
    batches_of = lru_cache(2)(
        lambda epoch: EpochBatches(data, targets, recipe, epoch, rows, teachers)
    )
    return lambda epoch, index: batches_of(epoch)[index]


def no_network(heads: Mapping[str, int], side: int | None) -> keras.Model:
    """Replace the network in worker processes, which do not build one."""
    raise NotImplementedError('a worker process has no network')


# Set in a worker process only: the function that creates a batch.
_make_here: Callable[[int, int], Batch] | None = None


def begin(*told: Any) -> None:
    """Initialise a worker process."""
    global _make_here
    # Ctrl-C is handled by the training process, which ends its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _make_here = batch_maker(*told)


def make_batch(epoch: int, index: int) -> Batch:
    """Create a batch in a worker process."""
    assert _make_here is not None
    return _make_here(epoch, index)
