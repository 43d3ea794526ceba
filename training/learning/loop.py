"""Train a recipe: `python -m training train fer_mobile`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
import time
from typing import Any

import keras
import numpy as np

from training.data.cross_fitting import learnt_from
from training.data.datasets import FaceData
from training.data.votes import is_not_a_face
from training.evaluation.validation import validate
from training.learning.batches import learnt_targets
from training.learning.distillation import teach
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
from training.learning.workers import batches_by
from training.recipes.building import build_model
from training.recipes.building import set_whitening
from training.recipes.building import standardised_range
from training.recipes.heads import head_labels
from training.recipes.heads import head_targets
from training.recipes.recipe import Recipe
from training.runs.checkpoints import load_checkpoint
from training.runs.checkpoints import RunningAverage
from training.runs.checkpoints import save_checkpoint
from training.runs.files import BEST
from training.runs.files import CHECKPOINT
from training.runs.files import LOG
from training.runs.origins import find_origins
from training.runs.run import describe_run
from training.runs.run import engine_name


class _Averaging(keras.callbacks.Callback):
    """Keeps the running average up to date."""

    def __init__(self, average: RunningAverage) -> None:
        super().__init__()
        self._average = average

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Take in a step."""
        # On JAX the weights are the model's again once it was asked for here.
        if self.model is not None:
            self._average.update()


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
    Train a recipe, or go on with a run that was interrupted.

    After each epoch the folder holds a checkpoint, a line in `log.csv` and, of the epochs at the
    full side, the averaged weights that did best on the validation split.

    :param recipe: the recipe.
    :param training: pictures to learn from; those that are no face are left out.
    :param validation: pictures to choose the epoch by, never to learn from.
    :param folder: of the run; made if need be.
    :param resume: go on from the folder's checkpoint, if there is one.
    :param stop_after: epochs after which this call ends, though the recipe has more.
    :param on_epoch: given the row of the log after each epoch; what it raises ends the run.
    :param share: of each batch that this process feeds, where `distribute` made several.
    :param workers: processes that make batches, as of `workers.batches_by`.
    :return: the validation accuracy by head of the weights that were chosen.
    :raises FileExistsError: if the folder holds a run and it is not to be resumed.
    :raises ValueError: if that run has another network, seed or number of epochs.
    """
    share.check(recipe.batch_size)
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / CHECKPOINT
    resumed = checkpoint.exists()
    if resumed and not resume:
        raise FileExistsError(f'{checkpoint} exists; say --resume, or name another --output')
    if training.votes is not None:
        training = training.take(~is_not_a_face(training.votes))
    training = learnt_from(training, recipe.held_back)
    if recipe.standardise:
        recipe = replace(recipe, value_range=standardised_range(training.images))
    steps = len(training) // recipe.batch_size
    labels = head_labels(recipe, training.label_names)
    targets = head_targets(training, recipe)
    if recipe.teachers:
        with on_one_device():
            targets = teach(
                targets, labels, recipe.teachers, recipe.teacher_share, training.images
            )
    targets = learnt_targets(targets, training, recipe)
    model = build_model(recipe, labels, pretrained=not resumed)
    if recipe.whitening and not resumed:
        set_whitening(model, training.images, recipe)
    compile_model(model, recipe, steps)
    average = RunningAverage(model, recipe.average)
    # What is measured computes in float32, as the exported network will.
    with on_one_device():
        measured = build_model(replace(recipe, precision='float32'), labels)
    plan = describe_run(recipe, labels, training)
    state: dict[str, Any] = {
        'epoch': 0,
        'best': {},
        'best_epoch': None,
        'seconds': 0.0,
        'watch': initial_watch(recipe),
        'engine': engine_name(),
        # Now, as a bundle that ships may be replaced by what comes of it.
        **({} if resumed else find_origins(recipe)),
        **plan,
    }
    if resumed:
        state = load_checkpoint(checkpoint, model, average)
        _check_plan(checkpoint, state, plan)
        print(f'resumed after epoch {state["epoch"]} of {recipe.epochs}', flush=True)
    last = min(recipe.epochs, state['epoch'] + (stop_after or recipe.epochs))
    events = EventLog(folder if share.is_first else None, state['epoch'])
    with batches_by(
        workers, training, recipe, share.rows(recipe.batch_size), targets
    ) as batches_of:
        for epoch in range(state['epoch'], last):
            if ends_early(state['watch'], recipe):
                print(f'ended early: {recipe.early_stopping} epochs brought nothing better')
                break
            begin = time.monotonic()
            if recipe.schedule != 'cosine':
                model.optimizer.learning_rate = state['watch']['learning_rate']
            told = [Progress(recipe, epoch, steps)] if share.is_first else []
            history = model.fit(
                batches_of(epoch),
                initial_epoch=epoch,
                epochs=epoch + 1,
                verbose=0,
                shuffle=False,
                callbacks=[_Averaging(average), *told],
            )
            rate = float(model.optimizer.learning_rate)
            fitted = time.monotonic() - begin
            side = recipe.side_at(epoch)
            with on_one_device():
                measured.set_weights(average.values)
                accuracy, loss = validate(measured, validation, recipe, side)
            if side == recipe.side:
                score = -loss if recipe.monitor == 'loss' else float(np.mean([*accuracy.values()]))
                followed, best = watch(state['watch'], score, recipe)
                state = {**state, 'watch': followed}
                if best:
                    if share.is_first:
                        measured.save_weights(folder / BEST)
                    state = {**state, 'best': accuracy, 'best_epoch': epoch + 1}
            seconds = time.monotonic() - begin
            state = {**state, 'epoch': epoch + 1, 'seconds': round(state['seconds'] + seconds, 1)}
            row = {
                'epoch': epoch + 1,
                'side': side,
                'seconds': round(seconds, 1),
                'pictures_per_second': round(steps * recipe.batch_size / fitted, 1),
                'learning_rate': float(f'{rate:.4g}'),
                'loss': round(history.history['loss'][-1], 5),
                'validation_loss': round(loss, 5),
                **{f'validation_{head}': round(value, 5) for head, value in accuracy.items()},
            }
            if share.is_first:
                save_checkpoint(checkpoint, model, average, state)
                log_epoch(folder / LOG, row)
                events.add(row)
                print(', '.join(f'{name} {value}' for name, value in row.items()), flush=True)
            on_epoch(row)
    events.close()
    return state['best']


def _check_plan(checkpoint: Path, state: dict[str, Any], plan: dict[str, Any]) -> None:
    """Refuse to go on with a run that was begun otherwise."""
    begun = {name: state.get(name) for name in plan}
    differing = [name for name in plan if begun[name] != plan[name]]
    if differing:
        was, would_be = ({name: what[name] for name in differing} for what in (begun, plan))
        raise ValueError(f'{checkpoint} is of a run with {was}, not with {would_be}')
