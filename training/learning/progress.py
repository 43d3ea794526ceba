"""Progress and log of a run."""

from __future__ import annotations

from collections.abc import Callable
import csv
from pathlib import Path
import sys
import time
from typing import Any
from typing import TextIO

import keras

from training.data.progress_bar import progress_bar
from training.recipes.recipe import Recipe

# Time between two lines of progress in a log file, and between two updates of the bar [s].
PROGRESS_SECONDS = 20.0
BAR_SECONDS = 1.0

# The bar omits tqdm's rate and remaining time, which cover one epoch only, to fit 80 columns.
BAR_FORMAT = '{l_bar}{bar}| {n_fmt}/{total_fmt}{postfix}'


class Progress(keras.callbacks.Callback):
    """
    Shows the current epoch, the speed and the expected end of a run.

    A terminal shows a bar for the epoch; other outputs get a line every `PROGRESS_SECONDS`.
    """

    def __init__(
        self,
        recipe: Recipe,
        epoch: int,
        steps: int,
        clock: Callable[[], float] = time.monotonic,
        stream: TextIO = sys.stdout,
    ) -> None:
        """
        Start the progress of an epoch.

        :param recipe: the recipe.
        :param epoch: index of the epoch, from 0.
        :param steps: number of batches in the epoch.
        :param clock: function that returns the time [s].
        :param stream: stream to write to.
        """
        super().__init__()
        self._recipe = recipe
        self._epoch = epoch
        self._steps = steps
        self._clock = clock
        self._stream = stream
        side = recipe.side_at(epoch)
        self._name = f'epoch {epoch + 1}/{recipe.epochs} {side}x{side}'
        self._bar = progress_bar(self._name, steps, 'steps', stream, BAR_FORMAT)
        self._begin = self._written = clock()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Update the bar or write a line, but rarely, because the loss is copied from the GPU."""
        now = self._clock()
        live = not self._bar.disable
        if now - self._written < (BAR_SECONDS if live else PROGRESS_SECONDS):
            return
        self._written = now
        told = self._told(batch + 1, now - self._begin, (logs or {}).get('loss', float('nan')))
        if live:
            self._bar.set_postfix_str(told, refresh=False)
            self._bar.update(batch + 1 - self._bar.n)
        else:
            step = f'step {batch + 1}/{self._steps}'
            print(f'{self._name} {step} {told}', file=self._stream, flush=True)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Close the progress bar of the epoch."""
        self._bar.close()

    def _told(self, done: int, seconds: float, loss: float) -> str:
        """Format the speed, the loss and the remaining time of the run."""
        per_step = seconds / done
        left = work_left(self._recipe, self._epoch, done / self._steps)
        side = self._recipe.side_at(self._epoch)
        eta_minutes = left * per_step * self._steps / side**2 / 60
        return (
            f'{self._recipe.batch_size / per_step:.0f} pictures/s loss {loss:.4f} '
            f'ETA {eta_minutes:.0f} min'
        )


def work_left(recipe: Recipe, epoch: int, done: float) -> float:
    """
    Compute the remaining work of a run in pixels, as a measure of time.

    :param recipe: the recipe.
    :param epoch: index of the current epoch, from 0.
    :param done: completed fraction of the current epoch.
    :return: pixels of one picture, summed over the remaining epochs.
    """
    rest = sum(recipe.side_at(later) ** 2 for later in range(epoch + 1, recipe.epochs))
    return rest + (1 - done) * recipe.side_at(epoch) ** 2


def log_epoch(path: Path, row: dict[str, Any]) -> None:
    """
    Add a row to the log of epochs; rows of an interrupted run from this epoch on are replaced.

    :param path: path of a CSV file; it is created if needed.
    :param row: values by column, including 'epoch', the number of the epoch from 1.
    """
    rows = []
    if path.exists():
        with open(path, newline='', encoding='utf-8') as file:
            rows = [old for old in csv.DictReader(file) if int(old['epoch']) < row['epoch']]
    with open(path, 'w', newline='', encoding='utf-8') as file:
        writer = csv.DictWriter(file, list(row))
        writer.writeheader()
        writer.writerows([*rows, row])


class EventLog:
    """Writes the figures of each epoch for TensorBoard, if `tensorboardX` is installed."""

    def __init__(self, folder: Path | None, first_epoch: int) -> None:
        """
        Open a new log, or continue one.

        :param folder: folder of the run; None writes nothing.
        :param first_epoch: index of the first epoch to write, from 0; older entries from this
            epoch on are discarded.
        """
        self._writer = None
        if folder is None:
            return
        try:
            from tensorboardX import SummaryWriter
        except ImportError:
            return
        self._writer = SummaryWriter(str(folder / 'events'), purge_step=first_epoch + 1)

    def add(self, row: dict[str, Any]) -> None:
        """
        Write the figures of an epoch.

        :param row: row of the epoch, as for `log_epoch`.
        """
        if self._writer is None:
            return
        for name, value in row.items():
            if name != 'epoch':
                self._writer.add_scalar(name, value, row['epoch'])
        self._writer.flush()

    def close(self) -> None:
        """Close the TensorBoard log of the run."""
        if self._writer is not None:
            self._writer.close()
