"""From labelled pictures to the batches of an epoch."""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np

from fer_ros.perception.emotions import FER2013_LABELS
from fer_ros.perception.emotions import FERPLUS_LABELS
from fer_ros.perception.preprocessing import COLOURS
from fer_ros.perception.preprocessing import InputSpec
from fer_ros.perception.preprocessing import to_network_input
from training.data.augmentation import augment
from training.data.augmentation import mix
from training.data.datasets import DataError
from training.data.datasets import FaceData
from training.data.votes import vote_distribution
from training.recipes.recipe import TrainingConfig

# Of the heads whose labels do not depend on the data.
HEAD_LABELS = {'fer2013': FER2013_LABELS, 'ferplus': FERPLUS_LABELS}


def input_spec(config: TrainingConfig, side: int | None = None) -> InputSpec:
    """
    Tell what a recipe's network wants to see.

    :param config: the recipe.
    :param side: in pixels, if another than the recipe's.
    :return: square, in the recipe's colours and range.
    """
    side = side or config.side
    return InputSpec(side, side, COLOURS[config.colour], config.colour, config.value_range)


def head_targets(data: FaceData, config: TrainingConfig) -> dict[str, np.ndarray]:
    """
    Give what each head is to say.

    :param data: the pictures; of FER2013, with votes if there is a `ferplus` head.
    :param config: whose heads and label smoothing count.
    :return: by head, (N, labels) float32.  A row sums to 1, or is all zero where the head has
        nothing to learn: no annotator saw an emotion.
    :raises DataError: if the data has no labels for a head.
    """
    targets = {}
    for head in config.heads:
        names = HEAD_LABELS.get(head, data.label_names)
        if head == 'ferplus':
            if data.votes is None:
                raise DataError('the head ferplus learns from votes, and the data has none')
            targets[head] = vote_distribution(data.votes)
            continue
        if data.label_names != names:
            raise DataError(f'the head {head} has the labels {names}, not {data.label_names}')
        hard = np.eye(len(names), dtype=np.float32)[data.labels]
        targets[head] = hard * (1 - config.label_smoothing) + config.label_smoothing / len(names)
    return targets


def picture_weights(data: FaceData, power: float = 1.0) -> np.ndarray:
    """
    Weight pictures so that rare labels count more.

    :param data: the pictures.
    :param power: 1 lets all labels count alike, 0 weights nothing.
    :return: (N,) float32, with a mean of 1.
    """
    counts = np.bincount(data.labels, minlength=len(data.label_names))
    weights = counts[data.labels] ** -float(power)
    return (weights / weights.mean()).astype(np.float32)


def learnt_targets(
    targets: Mapping[str, np.ndarray], data: FaceData, config: TrainingConfig
) -> dict[str, np.ndarray]:
    """
    Weight what each head is to say by how rare its label is.

    :param targets: by head, (N, labels), as of `head_targets`.
    :param data: the pictures.
    :param config: whose `class_weights` count.
    :return: by head, (N, labels) float32; a row sums to its picture's weight.
    """
    if not config.class_weights:
        return dict(targets)
    weights = picture_weights(data, config.class_weights)[:, None]
    return {head: rows if head == 'ferplus' else weights * rows for head, rows in targets.items()}


class EpochBatches(keras.utils.PyDataset):
    """
    The batches of one epoch, each a function of the recipe's seed, the epoch and its number.

    So an interrupted run that begins an epoch again sees the same pictures, changed alike.
    Pictures that do not fill a last batch are left out of the epoch; the next one has others.
    """

    def __init__(
        self,
        data: FaceData,
        config: TrainingConfig,
        epoch: int,
        rows: slice = slice(None),
        targets: Mapping[str, np.ndarray] | None = None,
    ) -> None:
        """
        Prepare an epoch.

        :param data: the pictures to train on.
        :param config: the recipe.
        :param epoch: from 0 on.
        :param rows: of each batch, that are given; the others are for other processes.
        :param targets: by head, (N, labels), as of `learnt_targets`, if others than those of the
            data's labels.
        :raises DataError: if the pictures do not fill one batch, or lack labels of a head.
        """
        super().__init__()
        if len(data) < config.batch_size:
            raise DataError(f'{len(data)} pictures do not fill a batch of {config.batch_size}')
        self._data = data
        self._config = config
        self._epoch = epoch
        self._rows = rows
        self._side = config.side_at(epoch)
        if targets is None:
            targets = learnt_targets(head_targets(data, config), data, config)
        self._targets = targets
        self._order = np.random.default_rng((config.seed, epoch)).permutation(len(data))

    def __len__(self) -> int:
        return len(self._data) // self._config.batch_size

    def __getitem__(self, index: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """
        Make one batch.

        :param index: from 0 on.
        :return: (B, side, side, channels) float32 in the recipe's range, and (B, labels) float32
            by head.
        """
        config = self._config
        generator = np.random.default_rng((config.seed, self._epoch, index))
        first = index * config.batch_size
        chosen = self._order[first:][: config.batch_size]
        images = augment(self._data.images[chosen], config.augmentation, self._side, generator)
        inputs = to_network_input(images, input_spec(config, self._side))
        targets = {head: target[chosen] for head, target in self._targets.items()}
        inputs, targets = mix(inputs, targets, config.augmentation.mixup, generator)
        return inputs[self._rows], {head: target[self._rows] for head, target in targets.items()}
