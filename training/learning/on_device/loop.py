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
from training.runs.files import LOG
from training.runs.lock import locked
from training.runs.state import TrainingState

# Time between two checkpoints [s]; writing a checkpoint may take longer than an epoch.
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

    The parameters, the result and the files in the folder are those of
    `training.learning.loop.train`.  The best weights and the checkpoint are written once a minute,
    at the end, and on an interruption.

    :raises FileExistsError: if the folder holds a run and `resume` is False.
    :raises ValueError: if Keras does not run on JAX, the recipe has a setting that needs the CPU,
        or the run in the folder has other settings,
        another network or other data, or was not trained on the device.
    """
    check_engine()
    check_recipe(recipe)
    learnt, recipe = resolve(recipe, training)
    with locked(folder):
        resumed = check_folder(folder, recipe, resume, WHOLE)
        targets = prepare_targets(learnt, recipe)
        session, state = prepare(recipe, learnt, validation, folder, WHOLE, resumed, True)
        device = DeviceTrainer(session, learnt, targets, load_teachers(recipe, learnt))
        epochs = _Epochs(session, state, device)
        try:
            return run_epochs(session, state, epochs.run, stop_after, on_epoch)
        finally:
            epochs.write()


class _Epochs:
    """Trains epochs on the device; keeps the last full epoch, to be saved on an interruption."""

    def __init__(self, session: Session, state: TrainingState, device: DeviceTrainer) -> None:
        self._session = session
        self._device = device
        self._finished = (state, device.state)
        self._best_weights: list[Any] | None = None
        self._written = time.monotonic()

    def run(self, state: TrainingState) -> tuple[TrainingState, dict[str, Any]]:
        """Train for one epoch and validate; return the state after it, and its row for the log."""
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
        # The epoch and the weights are assigned in one statement, so that an interruption never
        # finds only one of them updated.
        self._finished, self._best_weights = (
            (state, kept),
            kept.average if best else self._best_weights,
        )
        log_epoch(session.folder / LOG, row)
        if time.monotonic() - self._written > CHECKPOINT_SECONDS:
            self.write()
        return state, row

    def write(self) -> None:
        """Write the checkpoint of the last epoch, and the best weights if they are new."""
        state, kept = self._finished
        if not state.epoch:
            return
        session = self._session
        if self._best_weights is not None:
            session.measured.set_weights([np.asarray(value) for value in self._best_weights])
        self._device.synchronise(kept)
        save_state(session, state, self._best_weights is not None)
        self._best_weights, self._written = None, time.monotonic()


def check_recipe(recipe: Recipe) -> None:
    """
    Check that the device can train a recipe.

    :param recipe: the recipe.
    :raises ValueError: if the recipe has a setting that only the training on the CPU supports.
    """
    settings = {
        'keep_last': recipe.keep_last,
        'augment_validation': recipe.augment_validation,
        'whitening_in_training_only': recipe.whitening_in_training_only,
        'augmentation.vertical_flip': recipe.augmentation.vertical_flip,
        'augmentation.shear_deg': recipe.augmentation.shear_deg,
    }
    chosen = [name for name, value in settings.items() if value]
    if chosen:
        raise ValueError(
            f'--on-device does not support {", ".join(chosen)} of the recipe {recipe.name}; omit '
            '--on-device'
        )


def check_engine(share: Share = WHOLE, workers: int = 0) -> None:
    """
    Check that a training can run on one device.

    :param share: part of each batch that this process feeds.
    :param workers: number of processes that create batches.
    :raises ValueError: if Keras does not run on JAX, or there are other devices or processes.
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
