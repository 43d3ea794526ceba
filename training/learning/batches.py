"""Create the batches of an epoch from labelled pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from fer_ros.perception.crops.preprocessing import to_network_input
from training.data.augmentation import augment
from training.data.augmentation import mix
from training.data.datasets import DataError
from training.data.datasets import FaceData
from training.recipes.heads import input_spec
from training.recipes.recipe import Recipe

if TYPE_CHECKING:
    from training.learning.teachers import Teachers


def steps_of(pictures: int, batch_size: int, keep_last: bool = False) -> int:
    """
    Compute the number of batches of an epoch.

    :param pictures: number of training pictures.
    :param batch_size: pictures in a batch.
    :param keep_last: whether an incomplete last batch counts; otherwise it is dropped.
    :return: number of batches, at least 1.
    :raises DataError: if the pictures do not fill one batch.
    """
    if pictures < batch_size:
        raise DataError(f'{pictures} pictures are fewer than a batch of {batch_size}')
    return -(-pictures // batch_size) if keep_last else pictures // batch_size


class EpochBatches:
    """
    The batches of one epoch.

    A batch depends only on the seed of the recipe, the epoch and the index of the batch.  A
    resumed run therefore repeats an interrupted epoch with the same pictures and the same
    augmentation.  An incomplete last batch is dropped unless the recipe keeps it; it has other
    pictures in each epoch.
    """

    def __init__(
        self,
        data: FaceData,
        targets: Mapping[str, np.ndarray],
        recipe: Recipe,
        epoch: int,
        rows: slice = slice(None),
        teachers: Teachers | None = None,
    ) -> None:
        """
        Shuffle the pictures of an epoch.

        :param data: training pictures.
        :param targets: targets from `prepare_targets`: (N, labels) float32, keyed by head.
        :param recipe: the recipe.
        :param epoch: index of the epoch, from 0.
        :param rows: rows of each batch to return; other processes feed the other rows.
        :param teachers: teachers that predict each augmented batch, or None.
        :raises DataError: if the pictures do not fill one batch.
        """
        self._steps = steps_of(len(data), recipe.batch_size, recipe.keep_last)
        self._data = data
        self._recipe = recipe
        self._epoch = epoch
        self._rows = rows
        self._teachers = teachers
        self._side = recipe.side_at(epoch)
        self._targets = targets
        self._order = np.random.default_rng((recipe.seed, epoch)).permutation(len(data))

    def __len__(self) -> int:
        return self._steps

    def __getitem__(self, index: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """
        Return one batch.

        :param index: index of the batch, from 0.
        :return: (B, side, side, channels) float32 inputs in the value range of the recipe, and
            (B, labels) float32 targets, keyed by head.
        """
        recipe = self._recipe
        generator = np.random.default_rng((recipe.seed, self._epoch, index))
        first = index * recipe.batch_size
        chosen = self._order[first:][: recipe.batch_size]
        images = augment(self._data.images[chosen], recipe.augmentation, self._side, generator)
        inputs = to_network_input(images, input_spec(recipe, self._side))
        targets = {head: target[chosen] for head, target in self._targets.items()}
        inputs, targets = mix(inputs, targets, recipe.augmentation.mixup, generator)
        inputs = inputs[self._rows]
        targets = {head: target[self._rows] for head, target in targets.items()}
        if self._teachers is not None:
            targets = self._teachers.mixed(targets, self._teachers.ask(inputs))
        return inputs, targets
