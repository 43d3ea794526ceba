"""What each head learns about each picture: labels or votes, teachers, weights of rare labels."""

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

    Teachers that are asked about each batch (`consistent`) have no part in them yet.

    :param data: the pictures learnt from.
    :param recipe: its heads, label smoothing, teachers and class weights.
    :return: by head, (N, labels) float32.  A row sums to the weight of its picture, or is zero
        where the head has nothing to learn: no annotator saw an emotion.
    :raises DataError: if the data has no labels for a head, or the teachers do not fit.
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
    Weight pictures so that rare labels count more.

    :param data: the pictures.
    :param power: 1 lets all labels count alike, 0 weights nothing.
    :return: (N,) float32, with a mean of 1.
    """
    counts = np.bincount(data.labels, minlength=len(data.label_names))
    weights = counts[data.labels] ** -float(power)
    return (weights / weights.mean()).astype(np.float32)
