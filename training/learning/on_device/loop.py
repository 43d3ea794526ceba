"""Train a recipe on the device: `python -m training train RECIPE --on-device`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
import time
from typing import Any

import keras
import numpy as np

from training.data.datasets import FaceData
from training.evaluation.validation import score_logits
from training.learning.distribution import Share
from training.learning.distribution import WHOLE
from training.learning.loop import check_folder
from training.learning.loop import finish_epoch
from training.learning.loop import load_teachers
from training.learning.loop import prepare
from training.learning.loop import resolve
from training.learning.loop import run_epochs
from training.learning.loop import save_state
from training.learning.loop import Session
from training.learning.on_device.trainer import DeviceTrainer
from training.learning.progress import log_epoch
from training.learning.targets import prepare_targets
from training.recipes.recipe import Recipe
from training.runs.files import BEST
from training.runs.files import LOG
from training.runs.state import TrainingState

# How often a checkpoint is written, in seconds: an epoch may take less time than it does.
CHECKPOINT_SECONDS = 60.0


def train_on_device(
    recipe: Recipe,
    training: FaceData,
    validation: FaceData,
    folder: Path,
    resume: bool = False,
    stop_after: int | None = None,
    on_epoch: Callable[[dict[str, Any]], None] = lambda row: None,
) -> dict[str, float]:
    """
    Train a recipe with pictures, augmentation and network on one device.

    The folder is that of `training.learning.loop.train`; best weights and checkpoint are written
    once a minute, at the end, and where the training is interrupted.

    :param recipe: the recipe.
    :param training: pictures to learn from; those that are no face are left out.
    :param validation: pictures to choose the epoch by, never to learn from.
    :param folder: of the run; made if need be.
    :param resume: go on from the folder's checkpoint, if there is one.
    :param stop_after: epochs after which this call ends, though the recipe has more.
    :param on_epoch: given the row of the log after each epoch; what it raises ends the run.
    :return: the validation accuracy by head of the weights that were chosen.
    :raises FileExistsError: if the folder holds a run and it is not to be resumed.
    :raises ValueError: if Keras does not run on JAX, or that run has other settings, another
        network or other data, or was not on the device.
    """
    check_engine()
    learnt, recipe = resolve(recipe, training)
    resumed = check_folder(folder, recipe, resume, WHOLE)
    targets = prepare_targets(learnt, recipe)
    session, state = prepare(recipe, learnt, validation, folder, WHOLE, resumed, on_device=True)
    device = DeviceTrainer(session, learnt, targets, load_teachers(recipe, learnt))
    epochs = _Epochs(session, state, device)
    try:
        return run_epochs(session, state, epochs.run, stop_after, on_epoch)
    finally:
        epochs.write()


class _Epochs:
    """Trains epochs on the device; keeps what the last whole one left, for an interruption."""

    def __init__(self, session: Session, state: TrainingState, device: DeviceTrainer) -> None:
        self._session = session
        self._device = device
        self._finished = (state, device.state)
        self._best_weights: list[Any] | None = None
        self._written = time.monotonic()

    def run(self, state: TrainingState) -> tuple[TrainingState, dict[str, Any]]:
        """Train for an epoch and validate; give the state after it, and its row of the log."""
        session, recipe, device = self._session, self._session.recipe, self._device
        began = time.monotonic()
        if recipe.schedule != 'cosine':
            session.model.optimizer.learning_rate = state.watch['learning_rate']
        loss = device.run(state.epoch)
        fitted = time.monotonic() - began
        logits = device.predict_validation(state.epoch)
        validated = score_logits(logits, session.validation, recipe)
        rate = device.learning_rate
        state, row, best = finish_epoch(session, state, began, fitted, rate, loss, validated)
        kept = device.state
        # At once, as an interruption comes at any place.
        self._finished, self._best_weights = (
            (state, kept),
            kept.average if best else self._best_weights,
        )
        log_epoch(session.folder / LOG, row)
        if time.monotonic() - self._written > CHECKPOINT_SECONDS:
            self.write()
        return state, row

    def write(self) -> None:
        """Write the best weights, if there are new ones, and the checkpoint of the last epoch."""
        state, kept = self._finished
        if not state.epoch:
            return
        session = self._session
        if self._best_weights is not None:
            session.measured.set_weights([np.asarray(value) for value in self._best_weights])
            session.measured.save_weights(session.folder / BEST)
        self._device.synchronise(kept)
        save_state(session, state)
        self._best_weights, self._written = None, time.monotonic()


def check_engine(share: Share = WHOLE, workers: int = 0) -> None:
    """
    Refuse what cannot be trained on one device.

    :param share: of each batch that this process feeds.
    :param workers: processes that make batches.
    :raises ValueError: if Keras does not run on JAX, or others are to take part.
    """
    engine = keras.backend.backend()
    if engine != 'jax':
        raise ValueError(
            f'--on-device needs Keras on JAX (KERAS_BACKEND=jax), but Keras runs on {engine}'
        )
    if share.devices > 1 or workers:
        raise ValueError(
            '--on-device creates its batches on one device; omit --distribute and --workers'
        )
