"""
Batches that are made while the network computes, in threads or in other processes.

Threads do for a CPU: there the network takes the time.  On a GPU the process that feeds it is busy
naming one kernel after the other, and threads beside it would take turns with it.

Keras has workers of its own, which make each batch twice and give the first one last
(`OrderedEnqueuer` of Keras 3.15).
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from concurrent.futures import Executor
from concurrent.futures import Future
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from multiprocessing import get_context
import signal
from typing import Any
from typing import TYPE_CHECKING

import keras
import numpy as np

from training.data.datasets import FaceData
from training.learning.batches import EpochBatches
from training.recipes.recipe import Recipe

if TYPE_CHECKING:
    from training.learning.teachers import Teachers

Batch = tuple[np.ndarray, dict[str, np.ndarray]]

# What makes the batches of an epoch.
Epochs = Callable[[int], keras.utils.PyDataset]

# Threads, where no processes are asked for.
THREADS = 2

# Batches that are asked for before they are needed, for each thread or process.
_AHEAD = 3


@contextmanager
def batches_by(
    workers: int,
    data: FaceData,
    targets: Mapping[str, np.ndarray],
    recipe: Recipe,
    rows: slice = slice(None),
    teachers: Teachers | None = None,
) -> Iterator[Epochs]:
    """
    Make batches in other processes, or in threads of this one.

    They are the same batches either way, in the same order.

    :param workers: processes; 0 for threads.
    :param data: the pictures to train on.
    :param targets: of `prepare_targets`.
    :param recipe: the recipe.
    :param rows: of each batch, that are returned.
    :param teachers: that are asked about each batch, in threads of this process; or None.
    :raises ValueError: if there are teachers and processes.
    :raises DataError: as `EpochBatches`.
    :return: gives the batches of an epoch by its number from 0 on; for a `with` statement, at
        whose end the processes end.
    """
    steps = len(EpochBatches(data, targets, recipe, 0, rows))
    if workers and teachers is not None:
        raise ValueError(
            'teachers run on each batch in this process, but the batches would be created by '
            f'{workers} worker processes; omit --workers'
        )
    if workers:
        # No process needs the network, and a recipe's file is no module that another can import.
        plain = replace(recipe, build=_no_network)
        pool: Executor = ProcessPoolExecutor(
            workers, get_context('spawn'), _begin, (data, targets, plain, rows)
        )
        make: Callable[[int, int], Batch] = _make
    else:
        pool, make = ThreadPoolExecutor(THREADS), _maker(data, targets, recipe, rows, teachers)
    ahead = _AHEAD * (workers or THREADS)
    with pool:
        try:
            yield lambda epoch: _Awaited(
                lambda index: pool.submit(make, epoch, index), steps, ahead
            )
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


class _Awaited(keras.utils.PyDataset):
    """The batches of an epoch, as they get ready."""

    def __init__(self, ask: Callable[[int], Future[Batch]], steps: int, ahead: int) -> None:
        super().__init__()
        self._ask = ask
        self._steps = steps
        self._ahead = ahead
        self._asked: dict[int, Future[Batch]] = {}

    def __len__(self) -> int:
        return self._steps

    def __getitem__(self, index: int) -> Batch:
        """Give one batch, and ask for those after it."""
        for number in range(index, min(index + self._ahead, self._steps)):
            if number not in self._asked:
                self._asked[number] = self._ask(number)
        return self._asked.pop(index).result()


def _maker(
    data: FaceData,
    targets: Mapping[str, np.ndarray],
    recipe: Recipe,
    rows: slice,
    teachers: Teachers | None = None,
) -> Callable[[int, int], Batch]:
    """Give a function that makes a batch by the numbers of its epoch and of it."""
    batches_of = lru_cache(2)(
        lambda epoch: EpochBatches(data, targets, recipe, epoch, rows, teachers)
    )
    return lambda epoch, index: batches_of(epoch)[index]


def _no_network(heads: Mapping[str, int], side: int | None) -> keras.Model:
    """Stand for the network where none is built."""
    raise NotImplementedError('a worker process has no network')


# In a process that makes batches: how.
_make_here: Callable[[int, int], Batch] | None = None


def _begin(*told: Any) -> None:
    """Prepare a process."""
    global _make_here
    # Ctrl-C is for the process that trains; it ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _make_here = _maker(*told)


def _make(epoch: int, index: int) -> Batch:
    """Make a batch."""
    assert _make_here is not None
    return _make_here(epoch, index)
