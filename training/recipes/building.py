"""Build the network of a recipe: heads, whitening and the weights of its backbone."""

from __future__ import annotations

from collections.abc import Mapping

import keras
from keras import layers
import numpy as np

from fer_ros.perception.crops.preprocessing import to_network_input
from training.data.augmentation import resize
from training.recipes.heads import head_labels
from training.recipes.heads import input_spec
from training.recipes.recipe import Recipe

# Name of the layer of ZCA whitening, which a recipe may put before its network.
WHITENING = 'whitening'

# Added to the variances before whitening divides by them, as in Keras's ImageDataGenerator.
WHITENING_EPSILON = 1e-6


def build_model(
    recipe: Recipe,
    labels: Mapping[str, tuple[str, ...]] | None = None,
    pretrained: bool = False,
) -> keras.Model:
    """
    Build the network of a recipe, with random weights from its seed.

    :param recipe: the recipe.
    :param labels: labels of each head, as `head_labels` returns them.
    :param pretrained: whether to fetch the initial weights that the recipe names.  Without these
        weights the network has the same layers, for weights that are loaded later.
    :return: model that maps (N, side, side, channels) float32 to (N, labels) logits, keyed by
        head.
    :raises ValueError: if the weights are not available, or the network has no backbone.
    """
    keras.utils.set_random_seed(recipe.seed)
    heads = {head: len(names) for head, names in (labels or head_labels(recipe)).items()}
    build = recipe.build
    if recipe.weights != 'none':
        with_weights = getattr(build, 'with_weights', None)
        if with_weights is None:
            raise ValueError(
                f'{recipe.name} has no backbone, so its weights cannot be {recipe.weights}; set '
                "weights to 'none'"
            )
        build = with_weights(recipe.weights, pretrained)
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy(recipe.precision)
    try:
        model = build(heads, None if recipe.sides else recipe.side)
        return _whitened(model) if recipe.whitening else model
    finally:
        keras.config.set_dtype_policy(previous)


def _whitened(model: keras.Model) -> keras.Model:
    """Put a whitening layer before a network; `set_whitening` sets its weights later."""
    shape = tuple(model.input_shape[1:])
    if None in shape:
        raise ValueError('whitening needs the same side in all epochs; omit `sides`')
    count = int(np.prod(shape))
    image = keras.Input(shape, name='image')
    flat = layers.Flatten()(image)
    # The whitening layer always uses float32, because it amplifies the smallest variances most.
    white = layers.Dense(count, trainable=False, dtype='float32', name=WHITENING)(flat)
    return keras.Model(image, model(layers.Reshape(shape)(white)), name=f'{model.name}_whitened')


def set_whitening(model: keras.Model, images: np.ndarray, recipe: Recipe) -> None:
    """
    Compute the weights of the whitening layer of a network.

    ZCA rotates the pixels into their principal components, divides each component by its standard
    deviation, and rotates back.  The pixels become uncorrelated, and the result still looks like a
    picture.

    :param model: model of a recipe with `whitening`.
    :param images: (N, H, W) uint8, training pictures.
    :param recipe: the recipe.
    """
    side = recipe.side
    inputs = to_network_input(resize(images, side), input_spec(recipe, side))
    flat = inputs.reshape(len(inputs), -1)
    mean = flat.mean(axis=0, dtype=np.float64)
    centred = flat - mean.astype(np.float32)
    covariance = (centred.T @ centred).astype(np.float64) / len(centred)
    variances, components = np.linalg.eigh(covariance)
    variances = np.maximum(variances, 0)
    matrix = (components / np.sqrt(variances + WHITENING_EPSILON)) @ components.T
    model.get_layer(WHITENING).set_weights([matrix, -mean @ matrix])


def remove_whitening(model: keras.Model) -> None:
    """
    Replace the whitening of a network by the identity.

    :param model: model of a recipe with `whitening`.
    """
    layer = model.get_layer(WHITENING)
    layer.set_weights([np.eye(layer.units, dtype=np.float32), np.zeros(layer.units, np.float32)])


def standardised_range(images: np.ndarray) -> tuple[float, float]:
    """
    Compute the value range that gives pictures a mean of 0 and a standard deviation of 1.

    :param images: (N, H, W) uint8 gray pictures.
    :return: the values for 0 and 255.
    :raises ValueError: if all pixels are equal.
    """
    mean, deviation = float(images.mean(dtype=np.float64)), float(images.std(dtype=np.float64))
    if deviation == 0:
        raise ValueError(f'all pixels are {mean:g}, so the pictures cannot be standardised')
    return (-mean / deviation, (255 - mean) / deviation)
