"""What a run tells while it goes on."""

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

# How often a line of progress is written where nobody watches, and the bar moved on a terminal.
PROGRESS_SECONDS = 20.0
BAR_SECONDS = 1.0

# Without tqdm's own rate and time left, which are those of the epoch: 80 columns hold no more.
BAR_FORMAT = '{l_bar}{bar}| {n_fmt}/{total_fmt}{postfix}'


class Progress(keras.callbacks.Callback):
    """
    Shows where the run stands, how fast it goes and when it will be done.

    On a terminal it is a bar for the epoch, elsewhere a line every `PROGRESS_SECONDS`.
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
        Prepare for an epoch.

        :param recipe: the recipe.
        :param epoch: from 0 on.
        :param steps: batches an epoch.
        :param clock: in seconds.
        :param stream: where to write.
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
        """Move the bar or write a line, now and then: the loss has to come from the GPU."""
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
        """Take the bar off the terminal."""
        self._bar.close()

    def _told(self, done: int, seconds: float, loss: float) -> str:
        """Tell how fast it goes, how well, and when the last epoch will be done."""
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
    Tell how many pixels are still to be seen, as a measure of time.

    :param recipe: the recipe.
    :param epoch: that is running, from 0 on.
    :param done: the fraction of it that is done.
    :return: pixels a picture, summed over the epochs.
    """
    rest = sum(recipe.side_at(later) ** 2 for later in range(epoch + 1, recipe.epochs))
    return rest + (1 - done) * recipe.side_at(epoch) ** 2


def log_epoch(path: Path, row: dict[str, Any]) -> None:
    """
    Add a row to the table of epochs; one that an interrupted run wrote is written over.

    :param path: of a CSV file; made if need be.
    :param row: with 'epoch', from 1 on.
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
    """Writes each epoch's figures for TensorBoard, where `tensorboardX` is installed."""

    def __init__(self, folder: Path | None, first_epoch: int) -> None:
        """
        Begin, or go on after an epoch.

        :param folder: of the run; None writes nothing.
        :param first_epoch: from 0 on; what an interrupted run wrote of it and later ones is void.
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
        Write an epoch's figures.

        :param row: of `log_epoch`.
        """
        if self._writer is None:
            return
        for name, value in row.items():
            if name != 'epoch':
                self._writer.add_scalar(name, value, row['epoch'])
        self._writer.flush()

    def close(self) -> None:
        """End the file."""
        if self._writer is not None:
            self._writer.close()
