"""Input and heads of the network of a recipe: value range, labels and targets."""

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

# Labels of the heads that do not depend on the data.
HEAD_LABELS = {'fer2013': FER2013_LABELS, 'ferplus': FERPLUS_LABELS}


def input_spec(recipe: Recipe, side: int | None = None) -> InputSpec:
    """
    Return the input format of the network of a recipe.

    :param recipe: the recipe.
    :param side: side in pixels; None for the side of the recipe.
    :return: square input with the colours and the value range of the recipe.
    """
    side = side or recipe.side
    return InputSpec(side, side, COLOURS[recipe.colour], recipe.colour, recipe.value_range)


def label_targets(data: FaceData, recipe: Recipe) -> dict[str, np.ndarray]:
    """
    Compute the targets of each head from labels and votes alone.

    :param data: the pictures; FER2013 with votes if there is a `ferplus` head.
    :param recipe: recipe with its heads and its label smoothing.
    :return: (N, labels) float32, keyed by head.  A row sums to 1, or is all zero if no annotator
        saw
        an emotion; the head learns nothing from such a picture.
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
                f'the head {head} has the labels {", ".join(names)}, but the data has '
                f'{", ".join(data.label_names)}; choose or rename labels with --classes or '
                '--labels, or train a recipe with the head labels, such as csce633_cnn1'
            )
        hard = np.eye(len(names), dtype=np.float32)[data.labels]
        targets[head] = hard * (1 - recipe.label_smoothing) + recipe.label_smoothing / len(names)
    return targets


def head_labels(
    recipe: Recipe, label_names: tuple[str, ...] | None = None
) -> dict[str, tuple[str, ...]]:
    """
    Return the labels of each head of a recipe.

    :param recipe: the recipe.
    :param label_names: labels of the data, which the head 'labels' learns.
    :return: labels of each head in the order of its outputs, keyed by head.
    :raises ValueError: if there is a head 'labels' and `label_names` is None.
    """
    known: dict[str, tuple[str, ...]] = dict(HEAD_LABELS)
    if label_names is not None:
        known['labels'] = tuple(label_names)
    missing = set(recipe.heads) - set(known)
    if missing:
        raise ValueError(f'{recipe.name} uses the labels of its data, but no labels are given')
    return {head: known[head] for head in recipe.heads}
