"""Train a recipe: `python -m training train fer_mobile`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from dataclasses import replace
import math
from pathlib import Path
import time
from typing import Any

import keras
import numpy as np

from fer_ros.perception.models.model_files import sha256_of
from training.data.cross_fitting import learnt_from
from training.data.datasets import FaceData
from training.data.votes import is_not_a_face
from training.evaluation.validation import as_measured
from training.evaluation.validation import validate
from training.learning.batches import steps_of
from training.learning.distribution import on_one_device
from training.learning.distribution import Share
from training.learning.distribution import WHOLE
from training.learning.optimization import compile_model
from training.learning.optimization import ends_early
from training.learning.optimization import initial_watch
from training.learning.optimization import watch
from training.learning.progress import EventLog
from training.learning.progress import log_epoch
from training.learning.progress import Progress
from training.learning.targets import prepare_targets
from training.learning.teachers import Teachers
from training.learning.workers import batches_by
from training.recipes.building import build_model
from training.recipes.building import remove_whitening
from training.recipes.building import set_whitening
from training.recipes.building import standardised_range
from training.recipes.heads import head_labels
from training.recipes.recipe import Recipe
from training.runs.checkpoints import load_checkpoint
from training.runs.checkpoints import RunningAverage
from training.runs.checkpoints import save_checkpoint
from training.runs.files import CHECKPOINT
from training.runs.files import LOG
from training.runs.files import PENDING
from training.runs.files import settle_best
from training.runs.lock import locked
from training.runs.origins import find_origins
from training.runs.run import check_settings
from training.runs.run import engine_name
from training.runs.run import facts_of
from training.runs.run import write_settings
from training.runs.state import state_of
from training.runs.state import TrainingState


class DivergedError(ValueError):
    """The loss of a training is not finite."""


class _Averaging(keras.callbacks.Callback):
    """Updates the running average of the weights after each step."""

    def __init__(self, average: RunningAverage) -> None:
        super().__init__()
        self._average = average

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Add the weights after a step to the average."""
        # On JAX, reading `self.model` copies the current weights into the model.
        if self.model is not None:
            self._average.update()


@dataclass(frozen=True)
class Session:
    """
    The objects and settings that stay the same in all epochs of a training.

    :param recipe: recipe of the run, with the value range computed from its data.
    :param validation: pictures that choose the epoch; they are never trained on.
    :param folder: folder of the run.
    :param share: part of each batch that this process feeds.
    :param steps: number of batches in an epoch.
    :param model: compiled network that is trained.
    :param measured: same network in float32, as it is exported, for the averaged weights.
    :param average: running average of the weights of `model`.
    :param facts: labels, data, engine and origins of the run, for its checkpoint.
    """

    recipe: Recipe
    validation: FaceData
    folder: Path
    share: Share
    steps: int
    model: keras.Model
    measured: keras.Model
    average: RunningAverage
    facts: dict[str, Any]


def train(
    recipe: Recipe,
    training: FaceData,
    validation: FaceData,
    folder: Path,
    resume: bool = False,
    stop_after: int | None = None,
    on_epoch: Callable[[dict[str, Any]], None] = lambda row: None,
    share: Share = WHOLE,
    workers: int = 0,
) -> dict[str, float]:
    """
    Train a recipe, or resume an interrupted run.

    The folder has the settings in `recipe.json`.  After each epoch, a checkpoint and a line in
    `log.csv` are written.  The averaged weights are saved if the epoch has the full side and the
    best validation score so far.

    :param recipe: the recipe.
    :param training: training pictures; `faces_only` leaves out those that show no face.
    :param validation: pictures that choose the epoch; they are never trained on.
    :param folder: folder of the run; it is created if needed.
    :param resume: whether to resume from the checkpoint of the folder, if there is one.
    :param stop_after: number of epochs after which this call returns; None for all epochs.
    :param on_epoch: called with the row of the log after each epoch; its exceptions end the run.
    :param share: part of each batch that this process feeds, from `distribute`.
    :param workers: number of processes that create batches, as in `workers.batches_by`.
    :return: validation accuracy of the chosen weights, keyed by head.
    :raises FileExistsError: if the folder holds a run and `resume` is False.
    :raises ValueError: if the run in the folder has other settings, another network or other data,
        or another process trains in it.
    :raises DivergedError: if a loss is not finite.
    """
    learnt, recipe = resolve(recipe, training)
    with locked(folder) if share.is_first else nullcontext():
        resumed = check_folder(folder, recipe, resume, share)
        targets = prepare_targets(learnt, recipe)
        session, state = prepare(recipe, learnt, validation, folder, share, resumed)
        teachers = load_teachers(recipe, learnt)
        rows = share.rows(recipe.batch_size)
        with batches_by(workers, learnt, targets, recipe, rows, teachers) as batches_of:
            return run_epochs(
                session,
                state,
                lambda state: run_epoch(session, state, batches_of(state.epoch)),
                stop_after,
                on_epoch,
            )


def run_epochs(
    session: Session,
    state: TrainingState,
    run: Callable[[TrainingState], tuple[TrainingState, dict[str, Any]]],
    stop_after: int | None,
    on_epoch: Callable[[dict[str, Any]], None],
) -> dict[str, float]:
    """
    Train for the remaining epochs, and report each.

    :param session: session that `prepare` returned.
    :param state: state to start from.
    :param run: function that trains one epoch: it maps the state before the epoch to the state
        after
        it and the row for the log.
    :param stop_after: as in `train`.
    :param on_epoch: as in `train`.
    :return: validation accuracy of the best epoch, keyed by head.
    """
    recipe = session.recipe
    last = min(recipe.epochs, state.epoch + (stop_after or recipe.epochs))
    events = EventLog(session.folder if session.share.is_first else None, state.epoch)
    try:
        while state.epoch < last:
            if ends_early(state.watch, recipe):
                print(f'stopped early: no improvement for {recipe.early_stopping} epochs')
                break
            state, row = run(state)
            if session.share.is_first:
                events.add(row)
                print(', '.join(f'{name} {value}' for name, value in row.items()), flush=True)
            on_epoch(row)
    finally:
        events.close()
    return state.best


def resolve(recipe: Recipe, training: FaceData) -> tuple[FaceData, Recipe]:
    """
    Select the training pictures, and compute the settings that depend on them.

    :param recipe: recipe as it was loaded.
    :param training: pictures of the training split.
    :return: pictures to learn from, and the recipe of the run.
    """
    if training.votes is not None and recipe.faces_only:
        training = training.take(~is_not_a_face(training.votes))
    training = learnt_from(training, recipe.held_back)
    if 0 < len(training) < recipe.batch_size:
        print(
            f'the data has {len(training)} training pictures, so a batch has {len(training)} '
            f'pictures instead of {recipe.batch_size}',
            flush=True,
        )
        recipe = replace(recipe, batch_size=len(training))
    if recipe.standardise:
        recipe = replace(recipe, value_range=standardised_range(training.images))
    return training, recipe


def check_folder(folder: Path, recipe: Recipe, resume: bool, share: Share) -> bool:
    """
    Create the folder of a run and write its settings, or check the settings of an existing run.

    :param folder: folder of the run.
    :param recipe: recipe of the run, with all overrides.
    :param resume: whether to resume an existing run.
    :param share: part of this process; only the first process writes.
    :return: whether there is a run to resume.
    :raises FileExistsError: if the folder holds a run and `resume` is False.
    :raises ValueError: if that run has other settings.
    """
    share.check(recipe.batch_size, recipe.keep_last)
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / CHECKPOINT
    if not checkpoint.exists():
        if share.is_first:
            write_settings(folder, recipe)
        return False
    if not resume:
        raise FileExistsError(
            f'{checkpoint} already exists; continue the run with --resume, or set another --output'
        )
    check_settings(folder, recipe)
    return True


def prepare(
    recipe: Recipe,
    training: FaceData,
    validation: FaceData,
    folder: Path,
    share: Share,
    resumed: bool,
    on_device: bool = False,
) -> tuple[Session, TrainingState]:
    """
    Build and compile the network, and restore its checkpoint if the run is resumed.

    :param recipe: recipe of the run, with all overrides.
    :param training: training pictures.
    :param validation: pictures that choose the epoch.
    :param folder: folder of the run.
    :param share: part of each batch that this process feeds.
    :param resumed: whether the folder holds a checkpoint to resume from.
    :param on_device: whether the pictures stay on the device.
    :return: the session, and the state to start from.
    :raises DataError: if the pictures do not fill one batch.
    :raises ValueError: if the checkpoint is of another network or of other data.
    """
    labels = head_labels(recipe, training.label_names)
    steps = steps_of(len(training), recipe.batch_size, recipe.keep_last)
    model = build_model(recipe, labels, pretrained=not resumed)
    if recipe.whitening and not resumed:
        set_whitening(model, training.images, recipe)
    compile_model(model, recipe, steps)
    average = RunningAverage(model, recipe.average)
    # Validation uses float32, like the exported network.
    with on_one_device():
        measured = build_model(replace(recipe, precision='float32'), labels)
    facts = facts_of(labels, training) | {'on_device': on_device}
    if resumed:
        saved = load_checkpoint(folder / CHECKPOINT, model, average)
        _check_facts(folder, saved, facts)
        state = state_of(saved)
        settle_best(folder, saved)
        if recipe.epochs < state.epoch:
            raise ValueError(
                f'the run in {folder} already has {state.epoch} epochs; set --epochs above that, '
                'or another --output'
            )
        if share.is_first:
            # The number of epochs may be new.
            write_settings(folder, recipe)
        facts = {name: value for name, value in saved.items() if name not in state.as_json()}
        print(f'resumed after epoch {state.epoch} of {recipe.epochs}', flush=True)
    else:
        state = TrainingState(0, {}, None, 0.0, initial_watch(recipe))
        # The origins are hashed at the start, because an initial bundle may be replaced later.
        facts |= {'engine': engine_name(), **find_origins(recipe)}
    session = Session(recipe, validation, folder, share, steps, model, measured, average, facts)
    return session, state


def run_epoch(
    session: Session, state: TrainingState, batches: keras.utils.PyDataset
) -> tuple[TrainingState, dict[str, Any]]:
    """
    Train for one epoch, validate, and write the checkpoint and the log.

    :param session: session that `prepare` returned.
    :param state: state before the epoch.
    :param batches: batches of the epoch.
    :return: state after the epoch, and its row for the log.
    """
    recipe, epoch = session.recipe, state.epoch
    began = time.monotonic()
    if recipe.schedule != 'cosine':
        session.model.optimizer.learning_rate = state.watch['learning_rate']
    told = [Progress(recipe, epoch, session.steps)] if session.share.is_first else []
    history = session.model.fit(
        batches,
        initial_epoch=epoch,
        epochs=epoch + 1,
        verbose=0,
        shuffle=False,
        callbacks=[_Averaging(session.average), *told],
    )
    rate = float(session.model.optimizer.learning_rate)
    fitted = time.monotonic() - began
    with on_one_device():
        session.measured.set_weights(session.average.values)
        if recipe.whitening_in_training_only:
            remove_whitening(session.measured)
        shown = as_measured(session.validation, recipe, epoch)
        validated = validate(session.measured, shown, recipe, recipe.side_at(epoch))
    loss = history.history['loss'][-1]
    state, row, best = finish_epoch(session, state, began, fitted, rate, loss, validated)
    if session.share.is_first:
        save_state(session, state, best)
        log_epoch(session.folder / LOG, row)
    return state, row


def save_state(session: Session, state: TrainingState, best: bool) -> None:
    """
    Write the checkpoint after an epoch, and the best weights with it if they are new.

    An interruption leaves both or neither of them: the checkpoint has the hash of its best
    weights, which are renamed after the checkpoint was written, or by `settle_best`.

    :param session: session with the network, the optimizer and the average, and with the best
        weights in `measured` if they are new.
    :param state: state after the epoch.
    :param best: whether the best weights are new.
    """
    folder = session.folder
    if best:
        session.measured.save_weights(folder / PENDING)
        session.facts['best_sha256'] = sha256_of(folder / PENDING)
    saved = {**session.facts, **state.as_json()}
    save_checkpoint(folder / CHECKPOINT, session.model, session.average, saved)
    settle_best(folder, saved)


def finish_epoch(
    session: Session,
    state: TrainingState,
    began: float,
    fitted: float,
    rate: float,
    loss: float,
    validated: tuple[dict[str, float], float],
) -> tuple[TrainingState, dict[str, Any], bool]:
    """
    Compute the state and the log row after an epoch.

    :param session: session that `prepare` returned.
    :param state: state before the epoch.
    :param began: start of the epoch [s], from `time.monotonic`.
    :param fitted: duration of the epoch without its validation [s].
    :param rate: learning rate after the epoch.
    :param loss: training loss.
    :param validated: validation accuracy of each head, from 0 to 1, and validation loss.
    :return: state after the epoch, its row for the log, and whether it is the best epoch so far at
        the full side.
    :raises DivergedError: if the loss is not finite.
    """
    epoch, (accuracy, validation_loss) = state.epoch, validated
    if not (math.isfinite(loss) and math.isfinite(validation_loss)):
        kept = f'{session.folder} keeps epoch {epoch}' if epoch else 'no epoch is kept'
        raise DivergedError(
            f'the training diverged in epoch {epoch + 1}: the loss is {loss:g}, and the '
            f'validation loss is {validation_loss:g}; {kept}. Train with a lower '
            f'learning_rate than {session.recipe.learning_rate:g}, or with --precision float32'
        )
    state, best = _choose(session, state, accuracy, validation_loss)
    seconds = time.monotonic() - began
    row = {
        'epoch': epoch + 1,
        'side': session.recipe.side_at(epoch),
        'seconds': round(seconds, 1),
        'pictures_per_second': round(session.steps * session.recipe.batch_size / fitted, 1),
        'learning_rate': float(f'{rate:.4g}'),
        'loss': round(loss, 5),
        'validation_loss': round(validation_loss, 5),
        **{f'validation_{head}': round(value, 5) for head, value in accuracy.items()},
    }
    return replace(state, epoch=epoch + 1, seconds=round(state.seconds + seconds, 2)), row, best


def load_teachers(recipe: Recipe, training: FaceData) -> Teachers | None:
    """
    Load the teachers that predict each augmented batch.

    :param recipe: recipe of the run, with all overrides.
    :param training: training pictures.
    :return: the teachers; None if the recipe has none, or if they predict the plain pictures once.
    :raises DataError: if the labels of the teachers and the heads do not match.
    :raises ValueError: if a teacher is neither a run nor a bundle, or if it held pictures back.
    """
    if not (recipe.consistent and recipe.teachers):
        return None
    with on_one_device():
        return Teachers(recipe, head_labels(recipe, training.label_names))


def _choose(
    session: Session, state: TrainingState, accuracy: dict[str, float], loss: float
) -> tuple[TrainingState, bool]:
    """Update the state after an epoch; return whether its weights are to be kept."""
    recipe = session.recipe
    if recipe.side_at(state.epoch) != recipe.side:
        return state, False
    scores = {'loss': -loss, 'accuracy': float(np.mean([*accuracy.values()]))}
    scores['same'] = scores[recipe.monitor]
    followed, best = watch(
        state.watch, scores['same'], recipe, stopping=scores[recipe.stopping_monitor]
    )
    if not best and recipe.chosen_epoch == 'best':
        return replace(state, watch=followed), False
    return replace(state, watch=followed, best=accuracy, best_epoch=state.epoch + 1), True


def _check_facts(folder: Path, saved: dict[str, Any], facts: dict[str, Any]) -> None:
    """Check that a run is resumed with its own data."""
    # Checkpoints of earlier versions have no 'on_device'; these runs were not on the device.
    saved = {'on_device': False, **saved}
    differing = [name for name in facts if saved.get(name) != facts[name]]
    if differing:
        was, would_be = ({name: of[name] for name in differing} for of in (saved, facts))
        raise ValueError(
            f'the run in {folder} has {was}, but this run has {would_be}; set another --output'
        )
