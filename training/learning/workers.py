"""
Create batches in threads or processes while the network computes.

Threads are enough on a CPU, because the network takes most of the time.  With a GPU, the training
process constantly launches kernels, and further threads would compete with it for the interpreter
lock.

Keras's own workers, `OrderedEnqueuer` of Keras 3.15, create each batch twice and return the first
batch last.
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

# Function that returns the batches of an epoch, given its index.
Epochs = Callable[[int], keras.utils.PyDataset]

# Number of threads if there are no worker processes.
THREADS = 2

# Number of batches requested in advance for each thread or process.
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
    Create batches in worker processes, or in threads of this process.

    Processes and threads create the same batches in the same order.

    :param workers: number of processes; 0 for threads.
    :param data: training pictures.
    :param targets: targets that `prepare_targets` returned.
    :param recipe: the recipe.
    :param rows: rows of each batch to return.
    :param teachers: teachers that predict each augmented batch in threads of this process, or
        None.
    :raises ValueError: if there are both teachers and processes.
    :raises DataError: as in `EpochBatches`.
    :return: context manager of a function that returns the batches of an epoch, given its index
        from
        0; the processes end with the `with` statement.
    """
    steps = len(EpochBatches(data, targets, recipe, 0, rows))
    if workers and teachers is not None:
        raise ValueError(
            'teachers run on each batch in this process, but the batches would be created by '
            f'{workers} worker processes; omit --workers'
        )
    if workers:
        # Workers need no network, and cannot unpickle a function of a recipe file, which is no
        # module.
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
    """The batches of an epoch, created in advance."""

    def __init__(self, ask: Callable[[int], Future[Batch]], steps: int, ahead: int) -> None:
        super().__init__()
        self._ask = ask
        self._steps = steps
        self._ahead = ahead
        self._asked: dict[int, Future[Batch]] = {}

    def __len__(self) -> int:
        return self._steps

    def __getitem__(self, index: int) -> Batch:
        """Return one batch, and request the following batches."""
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
    """Return a function that creates a batch, given the index of the epoch and of the batch."""
    batches_of = lru_cache(2)(
        lambda epoch: EpochBatches(data, targets, recipe, epoch, rows, teachers)
    )
    return lambda epoch, index: batches_of(epoch)[index]


def _no_network(heads: Mapping[str, int], side: int | None) -> keras.Model:
    """Replace the network in worker processes, which do not build one."""
    raise NotImplementedError('a worker process has no network')


# Set in a worker process only: the function that creates a batch.
_make_here: Callable[[int, int], Batch] | None = None


def _begin(*told: Any) -> None:
    """Initialise a worker process."""
    global _make_here
    # Ctrl-C is handled by the training process, which ends its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _make_here = _maker(*told)


def _make(epoch: int, index: int) -> Batch:
    """Create a batch in a worker process."""
    assert _make_here is not None
    return _make_here(epoch, index)
