"""Compute training targets: labels or votes, teachers, and weights of rare labels."""

from __future__ import annotations

import numpy as np

from training.data.datasets import FaceData
from training.learning.distillation import teach
from training.learning.distribution import on_one_device
from training.recipes.heads import head_labels
from training.recipes.heads import label_targets
from training.recipes.recipe import Recipe


def prepare_targets(data: FaceData, recipe: Recipe) -> dict[str, np.ndarray]:
    """
    Compute the targets of a training, once for all epochs.

    Teachers that predict each augmented batch (`consistent`) are not included.

    :param data: training pictures.
    :param recipe: recipe with its heads, label smoothing, teachers and class weights.
    :return: (N, labels) float32, keyed by head.  A row sums to the weight of its picture, or is
        zero
        if no annotator saw an emotion; the head learns nothing from such a picture.
    :raises DataError: if the data has no labels for a head, or the teachers do not match the
        heads.
    :raises ValueError: if a teacher is neither a run nor a bundle.
    """
    targets = label_targets(data, recipe)
    if recipe.teachers and not recipe.consistent:
        labels = head_labels(recipe, data.label_names)
        with on_one_device():
            targets = teach(targets, labels, recipe.teachers, recipe.teacher_share, data.images)
    if not recipe.class_weights:
        return targets
    weights = picture_weights(data, recipe.class_weights)[:, None]
    return {head: rows if head == 'ferplus' else weights * rows for head, rows in targets.items()}


def picture_weights(data: FaceData, power: float = 1.0) -> np.ndarray:
    """
    Compute the weight of each picture, which is higher for rare labels.

    :param data: the pictures.
    :param power: exponent: 1 gives all labels the same total weight, 0 gives all pictures the same
        weight.
    :return: (N,) float32, with a mean of 1.
    """
    counts = np.bincount(data.labels, minlength=len(data.label_names))
    weights = counts[data.labels] ** -float(power)
    return (weights / weights.mean()).astype(np.float32)
