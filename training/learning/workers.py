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
from multiprocessing import get_context
from typing import TYPE_CHECKING

import keras
import numpy as np

from training.data.datasets import FaceData
from training.learning.batches import EpochBatches
from training.learning.worker_process import Batch
from training.learning.worker_process import batch_maker
from training.learning.worker_process import begin
from training.learning.worker_process import make_batch
from training.learning.worker_process import no_network
from training.recipes.recipe import Recipe

if TYPE_CHECKING:
    from training.learning.teachers import Teachers

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
        from 0; the processes end with the `with` statement.
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
        plain = replace(recipe, build=no_network)
        pool: Executor = ProcessPoolExecutor(
            workers, get_context('spawn'), begin, (data, targets, plain, rows)
        )
        make: Callable[[int, int], Batch] = make_batch
    else:
        pool = ThreadPoolExecutor(THREADS)
        make = batch_maker(data, targets, recipe, rows, teachers)
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
