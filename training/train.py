"""Train a recipe: `python -m training train fer_small`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
import csv
from dataclasses import replace
from pathlib import Path
import sys
import time
from typing import Any
from typing import TextIO

import keras
from keras import ops
import numpy as np

from fer_ros.perception.preprocessing import to_network_input
from training.augmentation import resize
from training.batches import EpochBatches
from training.batches import HEAD_LABELS
from training.batches import input_spec
from training.checkpoints import load_checkpoint
from training.checkpoints import RunningAverage
from training.checkpoints import save_checkpoint
from training.config import load_config
from training.config import TrainingConfig
from training.datasets import data_root
from training.datasets import DataError
from training.datasets import FaceData
from training.datasets import PUBLIC
from training.datasets import TRAIN
from training.readers import read_data
from training.votes import is_not_a_face
from training.votes import majority

CHECKPOINT = 'checkpoint.npz'
BEST = 'best.weights.h5'
LOG = 'log.csv'

# Pictures that `--smoke` trains and validates on.
SMOKE_COUNT = 64
SMOKE_BATCH = 16
SMOKE_EPOCHS = 2

# How often a line of progress is written where nobody watches, in seconds.
PROGRESS_SECONDS = 20.0


def soft_cross_entropy(target: Any, logits: Any) -> Any:
    """
    Give the cross-entropy of a distribution; a target that is all zero costs and teaches nothing.

    Keras's own may take the sum of the target for 1 when it computes the gradient.

    :param target: (N, labels), a row sums to 1 or is zero.
    :param logits: (N, labels).
    :return: (N,) float32.
    """
    logits = ops.cast(logits, 'float32')
    return -ops.sum(ops.cast(target, 'float32') * ops.log_softmax(logits), axis=-1)


def build_model(config: TrainingConfig) -> keras.Model:
    """
    Build a recipe's network, ready to be trained by `fit`, from its seed.

    :param config: the recipe.
    :return: compiled, with the optimizer's state made.
    """
    keras.utils.set_random_seed(config.seed)
    heads = {head: len(HEAD_LABELS[head]) for head in config.heads}
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy(config.precision)
    try:
        model = config.build(heads, None if config.sides else config.side)
    finally:
        keras.config.set_dtype_policy(previous)
    return model


def compile_model(model: keras.Model, config: TrainingConfig, steps_per_epoch: int) -> None:
    """
    Give a network the optimizer and the losses of a recipe.

    :param model: of `build_model`.
    :param config: the recipe.
    :param steps_per_epoch: batches an epoch, which the learning rate is scheduled by.
    """
    warmup = round(config.warmup_epochs * steps_per_epoch)
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warmup else config.learning_rate,
        decay_steps=max(config.epochs * steps_per_epoch - warmup, 1),
        warmup_target=config.learning_rate if warmup else None,
        warmup_steps=warmup,
    )
    optimizer = keras.optimizers.SGD(
        schedule,
        momentum=config.momentum,
        nesterov=config.momentum > 0,
        weight_decay=config.weight_decay or None,
    )
    if config.weight_decay:
        optimizer.exclude_from_weight_decay(var_names=['bias', 'gamma', 'beta'])
    optimizer.build(model.trainable_variables)
    model.compile(
        optimizer=optimizer,
        loss=dict.fromkeys(config.heads, soft_cross_entropy),
        loss_weights=dict(config.heads),
        jit_compile=False,
    )


def predict_logits(
    model: keras.Model, images: np.ndarray, config: TrainingConfig, side: int, batch: int = 256
) -> dict[str, np.ndarray]:
    """
    Run a network on pictures as they are.

    :param model: of the recipe.
    :param images: (N, H, W) uint8.
    :param config: the recipe.
    :param side: that the pictures are brought to, in pixels.
    :param batch: pictures at once.
    :return: by head, (N, labels) float32.
    """
    inputs = to_network_input(resize(images, side), input_spec(config, side))
    outputs = model.predict(inputs, batch_size=batch, verbose=0)
    return {head: np.asarray(outputs[head], np.float32) for head in config.heads}


def head_truth(head: str, data: FaceData) -> np.ndarray:
    """
    Give the one right label of each picture.

    :param head: 'fer2013', whose labels are the data's own, or 'ferplus', the majority of votes.
    :param data: with votes for 'ferplus'.
    :return: (N,) int64; negative where the picture is left out.
    :raises DataError: if votes are needed and the data has none.
    """
    if head == 'fer2013':
        return data.labels
    if data.votes is None:
        raise DataError(f'the head {head} is measured by votes, and the data has none')
    return majority(data.votes)


def validate(
    model: keras.Model, data: FaceData, config: TrainingConfig, side: int
) -> dict[str, float]:
    """
    Measure the accuracy of each head.

    :param model: of the recipe.
    :param data: to measure on.
    :param config: the recipe.
    :param side: that the pictures are brought to, in pixels.
    :return: by head, from 0 to 1.
    """
    logits = predict_logits(model, data.images, config, side)
    accuracy = {}
    for head in config.heads:
        truth = head_truth(head, data)
        kept = truth >= 0
        accuracy[head] = float(np.mean(logits[head].argmax(axis=1)[kept] == truth[kept]))
    return accuracy


class Progress(keras.callbacks.Callback):
    """Writes where the run stands, how fast it goes and when it will be done."""

    def __init__(
        self,
        config: TrainingConfig,
        epoch: int,
        steps: int,
        clock: Callable[[], float] = time.monotonic,
        stream: TextIO = sys.stdout,
    ) -> None:
        """
        Prepare for an epoch.

        :param config: the recipe.
        :param epoch: from 0 on.
        :param steps: batches an epoch.
        :param clock: in seconds.
        :param stream: where to write.
        """
        super().__init__()
        self._config = config
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
        left = work_left(self._config, self._epoch, (batch + 1) / self._steps)
        side = self._config.side_at(self._epoch)
        eta_minutes = left * per_step * self._steps / side**2 / 60
        line = (
            f'epoch {self._epoch + 1}/{self._config.epochs} {side}x{side} '
            f'step {batch + 1}/{self._steps} '
            f'{self._config.batch_size / per_step:.0f} pictures/s '
            f'loss {(logs or {}).get("loss", float("nan")):.4f} ETA {eta_minutes:.0f} min'
        )
        self._stream.write(f'\r{line}   ' if live else f'{line}\n')
        self._stream.flush()


def work_left(config: TrainingConfig, epoch: int, done: float) -> float:
    """
    Tell how many pixels are still to be seen, as a measure of time.

    :param config: the recipe.
    :param epoch: that is running, from 0 on.
    :param done: the fraction of it that is done.
    :return: pixels a picture, summed over the epochs.
    """
    rest = sum(config.side_at(later) ** 2 for later in range(epoch + 1, config.epochs))
    return rest + (1 - done) * config.side_at(epoch) ** 2


class _Averaging(keras.callbacks.Callback):
    """Keeps the running average up to date."""

    def __init__(self, average: RunningAverage) -> None:
        super().__init__()
        self._average = average

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Take in a step."""
        self._average.update()


def train(
    config: TrainingConfig,
    training: FaceData,
    validation: FaceData,
    folder: Path,
    resume: bool = False,
    stop_after: int | None = None,
) -> dict[str, float]:
    """
    Train a recipe, or go on with a run that was interrupted.

    After each epoch the folder holds a checkpoint, a line in `log.csv` and, of the epochs at the
    full side, the averaged weights that did best on the validation split.

    :param config: the recipe.
    :param training: pictures to learn from; those that are no face are left out.
    :param validation: pictures to choose the epoch by, never to learn from.
    :param folder: of the run; made if need be.
    :param resume: go on from the folder's checkpoint, if there is one.
    :param stop_after: epochs after which this call ends, though the recipe has more.
    :return: the validation accuracy by head of the weights that were chosen.
    :raises FileExistsError: if the folder holds a run and it is not to be resumed.
    :raises ValueError: if that run has another network, seed or number of epochs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / CHECKPOINT
    if checkpoint.exists() and not resume:
        raise FileExistsError(f'{checkpoint} exists; say --resume, or name another --output')
    if training.votes is not None:
        training = training.take(~is_not_a_face(training.votes))
    steps = len(training) // config.batch_size
    model = build_model(config)
    compile_model(model, config, steps)
    average = RunningAverage(model, config.average)
    # What is measured computes in float32, as the exported network will.
    measured = build_model(replace(config, precision='float32'))
    plan = {'epochs': config.epochs, 'seed': config.seed}
    state: dict[str, Any] = {'epoch': 0, 'best': {}, 'best_epoch': None, **plan}
    if checkpoint.exists():
        state = load_checkpoint(checkpoint, model, average)
        begun = {name: state[name] for name in plan}
        if begun != plan:
            raise ValueError(f'{checkpoint} is of a run with {begun}, not with {plan}')
        print(f'resumed after epoch {state["epoch"]} of {config.epochs}', flush=True)
    last = min(config.epochs, state['epoch'] + (stop_after or config.epochs))
    for epoch in range(state['epoch'], last):
        begin = time.monotonic()
        history = model.fit(
            EpochBatches(training, config, epoch),
            initial_epoch=epoch,
            epochs=epoch + 1,
            verbose=0,
            shuffle=False,
            callbacks=[_Averaging(average), Progress(config, epoch, steps)],
        )
        side = config.side_at(epoch)
        measured.set_weights(average.values)
        accuracy = validate(measured, validation, config, side)
        score = float(np.mean(list(accuracy.values())))
        if side == config.side and score > np.mean(list(state['best'].values()) or [-1]):
            measured.save_weights(folder / BEST)
            state = {**state, 'best': accuracy, 'best_epoch': epoch + 1}
        state = {**state, 'epoch': epoch + 1}
        save_checkpoint(checkpoint, model, average, state)
        row = {
            'epoch': epoch + 1,
            'side': side,
            'seconds': round(time.monotonic() - begin, 1),
            'loss': round(history.history['loss'][-1], 5),
            **{f'validation_{head}': round(value, 5) for head, value in accuracy.items()},
        }
        _log(folder / LOG, row)
        print(', '.join(f'{name} {value}' for name, value in row.items()), flush=True)
    return state['best']


def _log(path: Path, row: dict[str, Any]) -> None:
    """Add a row to the table of epochs; one that an interrupted run wrote is written over."""
    rows = []
    if path.exists():
        with open(path, newline='', encoding='utf-8') as file:
            rows = [old for old in csv.DictReader(file) if int(old['epoch']) < row['epoch']]
    with open(path, 'w', newline='', encoding='utf-8') as file:
        writer = csv.DictWriter(file, list(row))
        writer.writeheader()
        writer.writerows([*rows, row])


def smoke_config(config: TrainingConfig) -> TrainingConfig:
    """
    Shorten a recipe so that it goes through all its steps in seconds.

    :param config: the recipe.
    :return: the same with two epochs of small batches, one at each of its first and last sides.
    """
    sides = ((0.0, config.sides[0][1]), (0.5, config.side)) if config.sides else ()
    return replace(
        config, epochs=SMOKE_EPOCHS, warmup_epochs=1, batch_size=SMOKE_BATCH, sides=sides
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell what `train` takes."""
    parser.add_argument('config', type=Path, help='a recipe: its file, or its name')
    parser.add_argument('--data', help='folder of the data (default: FER_ROS_DATA)')
    parser.add_argument('--output', type=Path, help='folder of the run (default: runs/<name>)')
    parser.add_argument('--epochs', type=int, help='another number than the recipe has')
    parser.add_argument('--seed', type=int, help='another seed than the recipe has')
    parser.add_argument('--smoke', action='store_true', help='all steps, on 64 pictures')
    parser.add_argument('--strict', action='store_true', help='stop at the first broken picture')
    parser.add_argument('--resume', action='store_true', help='go on with an interrupted run')


def run(arguments: argparse.Namespace) -> int:
    """Carry out `train`."""
    config = load_config(arguments.config)
    changes = {'epochs': arguments.epochs, 'seed': arguments.seed}
    config = replace(config, **{name: v for name, v in changes.items() if v is not None})
    data = read_data(data_root(arguments.data), arguments.strict)
    training, validation = data.of_split(TRAIN), data.of_split(PUBLIC)
    name = config.name
    if arguments.smoke:
        config = smoke_config(config)
        training = training.take(np.arange(SMOKE_COUNT))
        validation = validation.take(np.arange(SMOKE_COUNT))
        name = f'{name}_smoke'
    folder = arguments.output or Path('runs') / name
    best = train(config, training, validation, folder, resume=arguments.resume)
    chosen = ', '.join(f'{head} {100 * value:.2f} %' for head, value in best.items())
    print(f'best on PublicTest: {chosen}; the weights are in {folder / BEST}')
    return 0
