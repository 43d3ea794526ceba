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

from training.recipes.recipe import Recipe

# How often a line of progress is written where nobody watches, in seconds.
PROGRESS_SECONDS = 20.0


class Progress(keras.callbacks.Callback):
    """Writes where the run stands, how fast it goes and when it will be done."""

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
        self._begin = self._written = clock()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Write a line, now and then."""
        now = self._clock()
        live = self._stream.isatty()
        if now - self._written < (1.0 if live else PROGRESS_SECONDS):
            return
        self._written = now
        per_step = (now - self._begin) / (batch + 1)
        left = work_left(self._recipe, self._epoch, (batch + 1) / self._steps)
        side = self._recipe.side_at(self._epoch)
        eta_minutes = left * per_step * self._steps / side**2 / 60
        line = (
            f'epoch {self._epoch + 1}/{self._recipe.epochs} {side}x{side} '
            f'step {batch + 1}/{self._steps} '
            f'{self._recipe.batch_size / per_step:.0f} pictures/s '
            f'loss {(logs or {}).get("loss", float("nan")):.4f} ETA {eta_minutes:.0f} min'
        )
        self._stream.write(f'\r{line}   ' if live else f'{line}\n')
        self._stream.flush()


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
