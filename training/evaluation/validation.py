"""Validate a network during training on pictures that it is not trained on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import keras
import numpy as np

from fer_ros.perception.classification.classifier import LEAST_PROBABILITY
from fer_ros.perception.crops.preprocessing import to_network_input
from training.data.augmentation import augment
from training.data.augmentation import resize
from training.data.datasets import DataError
from training.data.datasets import FaceData
from training.data.votes import majority
from training.evaluation.calibration import softmax
from training.recipes.heads import input_spec
from training.recipes.heads import label_targets
from training.recipes.recipe import Recipe


def predict_logits(
    model: keras.Model, images: np.ndarray, recipe: Recipe, side: int, batch: int = 256
) -> dict[str, np.ndarray]:
    """
    Predict the original pictures with a network.

    :param model: model of the recipe.
    :param images: (N, H, W) uint8 gray pictures.
    :param recipe: the recipe.
    :param side: side to which the pictures are resized, in pixels.
    :param batch: number of pictures in a batch.
    :return: (N, labels) float32, keyed by head.
    """
    inputs = to_network_input(resize(images, side), input_spec(recipe, side))
    outputs = model.predict(inputs, batch_size=batch, verbose=0)
    return {head: np.asarray(outputs[head], np.float32) for head in recipe.heads}


def as_measured(data: FaceData, recipe: Recipe, epoch: int) -> FaceData:
    """
    Augment pictures for a measurement, if the recipe augments validation and test pictures.

    :param data: validation or test pictures.
    :param recipe: the recipe.
    :param epoch: index of the epoch, from 0; each epoch has other random numbers.
    :return: the same pictures, augmented at the side of the recipe or unchanged.
    """
    if not recipe.augment_validation:
        return data
    # Batches of the training have two indices after the seed, so these numbers are different.
    generator = np.random.default_rng((recipe.seed, epoch, 0, 1))
    images = augment(data.images, recipe.augmentation, recipe.side, generator)
    return replace(data, images=images)


def head_truth(head: str, data: FaceData) -> np.ndarray:
    """
    Return the true label of each picture for a head.

    :param head: 'fer2013' or 'labels' for the labels of the data, or 'ferplus' for the majority of
        the votes.
    :param data: pictures, with votes for 'ferplus'.
    :return: (N,) int64; negative for pictures without a label.
    :raises DataError: if the head needs votes and the data has none.
    """
    if head != 'ferplus':
        return data.labels
    if data.votes is None:
        raise DataError(f'the head {head} needs votes, but the data has no votes')
    return majority(data.votes)


def validate(
    model: keras.Model, data: FaceData, recipe: Recipe, side: int
) -> tuple[dict[str, float], float]:
    """
    Measure a network on validation pictures.

    :param model: model of the recipe.
    :param data: pictures to measure on.
    :param recipe: the recipe.
    :param side: side to which the pictures are resized, in pixels.
    :return: accuracy of each head from 0 to 1, and the loss: the log losses of the heads against
        their
        targets, weighted as in training.
    """
    return score_logits(predict_logits(model, data.images, recipe, side), data, recipe)


def score_logits(
    logits: Mapping[str, np.ndarray], data: FaceData, recipe: Recipe
) -> tuple[dict[str, float], float]:
    """
    Measure the logits of a network.

    :param logits: (N, labels) float32, keyed by head.
    :param data: the pictures.
    :param recipe: recipe of the network.
    :return: as in `validate`.
    """
    targets = label_targets(data, recipe)
    accuracy, loss = {}, 0.0
    for head, weight in recipe.heads.items():
        truth = head_truth(head, data)
        kept = truth >= 0
        accuracy[head] = float(np.mean(logits[head].argmax(axis=1)[kept] == truth[kept]))
        given = np.log(np.maximum(softmax(logits[head]), LEAST_PROBABILITY))
        loss -= weight * float((targets[head] * given).sum(axis=1).mean())
    return accuracy, loss
