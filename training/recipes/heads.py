"""The input and the heads of a recipe's network: value range, labels and targets."""

from __future__ import annotations

import numpy as np

from fer_ros.perception.crops.preprocessing import COLOURS
from fer_ros.perception.crops.preprocessing import InputSpec
from fer_ros.perception.emotions import FER2013_LABELS
from fer_ros.perception.emotions import FERPLUS_LABELS
from training.data.datasets import DataError
from training.data.datasets import FaceData
from training.data.votes import vote_distribution
from training.recipes.recipe import Recipe

# Of the heads whose labels do not depend on the data.
HEAD_LABELS = {'fer2013': FER2013_LABELS, 'ferplus': FERPLUS_LABELS}


def input_spec(recipe: Recipe, side: int | None = None) -> InputSpec:
    """
    Tell what a recipe's network wants to see.

    :param recipe: the recipe.
    :param side: in pixels, if another than the recipe's.
    :return: square, in the recipe's colours and range.
    """
    side = side or recipe.side
    return InputSpec(side, side, COLOURS[recipe.colour], recipe.colour, recipe.value_range)


def label_targets(data: FaceData, recipe: Recipe) -> dict[str, np.ndarray]:
    """
    Compute the targets of each head from labels and votes alone.

    :param data: the pictures; of FER2013, with votes if there is a `ferplus` head.
    :param recipe: its heads and its label smoothing.
    :return: by head, (N, labels) float32.  A row sums to 1, or is all zero where the head has
        nothing to learn: no annotator saw an emotion.
    :raises DataError: if the data has no labels for a head.
    """
    targets = {}
    for head in recipe.heads:
        names = HEAD_LABELS.get(head, data.label_names)
        if head == 'ferplus':
            if data.votes is None:
                raise DataError('the head ferplus needs votes, but the data has no votes')
            targets[head] = vote_distribution(data.votes)
            continue
        if data.label_names != names:
            raise DataError(
                f'the head {head} has the labels {names}, but the data has {data.label_names}'
            )
        hard = np.eye(len(names), dtype=np.float32)[data.labels]
        targets[head] = hard * (1 - recipe.label_smoothing) + recipe.label_smoothing / len(names)
    return targets


def head_labels(
    recipe: Recipe, label_names: tuple[str, ...] | None = None
) -> dict[str, tuple[str, ...]]:
    """
    Tell what each head of a recipe can say.

    :param recipe: the recipe.
    :param label_names: of the data, which the head 'labels' learns.
    :return: by head, in the order of its outputs.
    :raises ValueError: if there is such a head and nothing says its labels.
    """
    known: dict[str, tuple[str, ...]] = dict(HEAD_LABELS)
    if label_names is not None:
        known['labels'] = tuple(label_names)
    missing = set(recipe.heads) - set(known)
    if missing:
        raise ValueError(f'{recipe.name} uses the labels of its data, but no labels are given')
    return {head: known[head] for head in recipe.heads}
