"""Train a recipe on the device: `python -m training train RECIPE --on-device`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
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
from training.learning.loop import choose_epoch
from training.learning.loop import load_teachers
from training.learning.loop import prepare
from training.learning.loop import resolve
from training.learning.loop import row_of
from training.learning.loop import save_state
from training.learning.loop import Session
from training.learning.on_device.trainer import DeviceTrainer
from training.learning.optimization import ends_early
from training.learning.progress import EventLog
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
    device = DeviceTrainer(
        recipe,
        session.model,
        session.measured,
        session.average,
        learnt,
        targets,
        validation,
        load_teachers(recipe, learnt),
    )
    events = EventLog(session.folder, state.epoch)
    # What the last whole epoch left: an interruption comes at any place.
    finished, best_weights = state, None
    kept = device.state
    written = time.monotonic()
    last = min(recipe.epochs, state.epoch + (stop_after or recipe.epochs))
    try:
        for epoch in range(state.epoch, last):
            if ends_early(finished.watch, recipe):
                print(f'ended early: {recipe.early_stopping} epochs brought nothing better')
                break
            begin = time.monotonic()
            if recipe.schedule != 'cosine':
                session.model.optimizer.learning_rate = finished.watch['learning_rate']
            loss = device.run(epoch)
            fitted = time.monotonic() - begin
            logits = device.predict_validation(epoch)
            accuracy, validation_loss = score_logits(logits, session.validation, recipe)
            state, best = choose_epoch(session, finished, accuracy, validation_loss)
            seconds = time.monotonic() - begin
            state = replace(state, epoch=epoch + 1, seconds=round(state.seconds + seconds, 2))
            finished, kept, best_weights = (
                state,
                device.state,
                device.state.average if best else best_weights,
            )
            rate = device.learning_rate
            row = row_of(session, epoch, seconds, fitted, rate, loss, validation_loss, accuracy)
            log_epoch(session.folder / LOG, row)
            events.add(row)
            print(', '.join(f'{name} {value}' for name, value in row.items()), flush=True)
            if time.monotonic() - written > CHECKPOINT_SECONDS:
                _write_from_device(session, finished, device, kept, best_weights)
                best_weights, written = None, time.monotonic()
            on_epoch(row)
    finally:
        _write_from_device(session, finished, device, kept, best_weights)
        events.close()
    return finished.best


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
            f'--on-device needs Keras on JAX (KERAS_BACKEND=jax), and it runs on {engine}'
        )
    if share.devices > 1 or workers:
        raise ValueError(
            '--on-device makes its batches on one device; leave out --distribute and --workers'
        )


def _write_from_device(
    session: Session,
    state: TrainingState,
    device: DeviceTrainer,
    kept: Any,
    best_weights: list[Any] | None,
) -> None:
    """Write the best weights, if there are new ones, and the checkpoint of a finished epoch."""
    if not state.epoch:
        return
    if best_weights is not None:
        session.measured.set_weights([np.asarray(value) for value in best_weights])
        session.measured.save_weights(session.folder / BEST)
    device.synchronise(kept)
    save_state(session, state)
