"""Networks of keras.applications, with weights of ImageNet where they exist."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import keras
from keras import layers
import numpy as np

from training.networks.parts.layer_lists import chain
from training.networks.parts.layer_lists import dense

# Mean and deviation by which torchvision normalises RGB values from 0 to 1.
TORCHVISION_MEAN = (0.485, 0.456, 0.406)
TORCHVISION_DEVIATION = (0.229, 0.224, 0.225)

# Epsilon of torchvision's batch normalisation; Keras's MobileNetV2 has 1e-3.
TORCHVISION_EPSILON = 1e-5

# Mean that the older networks of keras.applications subtract, here in the order red, green, blue.
# These networks were trained on the order blue, green, red.
CAFFE_MEAN = (123.68, 116.779, 103.939)


class WeightsError(ValueError):
    """The weights are not available or do not fit."""


def backbone(
    name: str,
    side: int,
    weights: str | None = None,
    load: bool = True,
    pooling: str | None = None,
    scaled: bool = True,
) -> list[keras.Layer]:
    """
    Build a network of keras.applications without its top, for RGB pictures with values 0 to 1.

    With weights, a layer before the network scales the values to the range that the weights
    expect.

    :param name: name in keras.applications: 'ResNet101', 'MobileNetV2', ...
    :param side: side of the input, in pixels.
    :param weights: None for random weights, which expect values from -1 to 1.  'imagenet' for the
        weights that Keras downloads or has in its cache.  Otherwise the path of a file: one that
        Keras wrote for this network without its top, or for MobileNetV2 an `.npz` file of
        torchvision's weights.
    :param load: whether to read the weights; if not, the same network has random weights.
    :param pooling: 'avg' for the mean over the picture, or None.
    :param scaled: whether the layer that scales the values is added.
    :return: layers; the last is the network.
    :raises ValueError: if keras.applications has no such network.
    :raises WeightsError: if the weights are not available or do not fit.
    """
    make = getattr(keras.applications, name, None)
    if not callable(make):
        there = vars(keras.applications)
        names = sorted(name for name, value in there.items() if callable(value))
        raise ValueError(f"there is no backbone '{name}'; choose one of: {', '.join(names)}")
    shape = (side, side, 3)
    body = make(input_shape=shape, include_top=False, weights=None, pooling=pooling)
    if weights is None:
        return [body]
    if weights.endswith('.npz'):
        if name != 'MobileNetV2':
            raise WeightsError(f'{weights} can be used only for MobileNetV2, not for {name}')
        body = as_torchvision_has_it(body)
        if load:
            _load_torchvision(body, Path(weights))
        if not scaled:
            return [body]
        deviation = np.array(TORCHVISION_DEVIATION)
        offset = -np.array(TORCHVISION_MEAN) / deviation
        return [layers.Rescaling((1 / deviation).tolist(), offset.tolist()), body]
    if load:
        _load_keras(make, body, shape, pooling, weights)
    if not scaled:
        return [body]
    if not _wants_caffe(name):
        return [layers.Rescaling(2.0, -1.0), body]
    if load:
        # Reversing the first kernel turns the trained order blue, green, red into red, green,
        # blue.
        first = next(layer for layer in body.layers if isinstance(layer, layers.Conv2D))
        kernel, *rest = first.get_weights()
        first.set_weights([kernel[:, :, ::-1], *rest])
    return [layers.Rescaling(255.0, [-mean for mean in CAFFE_MEAN]), body]


def _wants_caffe(name: str) -> bool:
    """Check whether a network expects values of range 255 and mean 0; others expect -1 to 1."""
    return name in ('VGG16', 'VGG19', 'ResNet50', 'ResNet101', 'ResNet152')


def _load_keras(
    make: Callable[..., keras.Model],
    body: keras.Model,
    shape: tuple[int, int, int],
    pooling: str | None,
    weights: str,
) -> None:
    """Load the weights of ImageNet that Keras provides, or a file of Keras."""
    if weights != 'imagenet' and not Path(weights).is_file():
        raise WeightsError(
            f'the file of weights {weights} does not exist; use random weights with --weights none'
        )
    try:
        loaded = make(input_shape=shape, include_top=False, weights=weights, pooling=pooling)
    except Exception as error:
        # Keras raises a bare Exception if a download fails.
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise WeightsError(
            f"the weights '{weights}' of {body.name} cannot be downloaded ({reason}); set a file "
            'with --weights PATH, or use random weights with --weights none'
        ) from error
    body.set_weights(loaded.get_weights())


def as_torchvision_has_it(body: keras.Model) -> keras.Model:
    """Change a MobileNetV2 to torchvision's padding and epsilon, for torchvision's weights."""

    def changed(layer: keras.Layer) -> keras.Layer:
        options = layer.get_config()
        if isinstance(layer, layers.BatchNormalization):
            options['epsilon'] = TORCHVISION_EPSILON
        elif isinstance(layer, layers.ZeroPadding2D):
            options['padding'] = ((1, 1), (1, 1))
        return type(layer).from_config(options)

    return keras.models.clone_model(body, clone_function=changed)


def _load_torchvision(body: keras.Model, path: Path) -> None:
    """
    Load torchvision's weights into a MobileNetV2.

    The arrays have the names of its state dict; kernels are (out, in, height, width).
    """
    if not path.is_file():
        raise WeightsError(
            f'the file of weights {path} does not exist; use random weights with --weights none'
        )
    with np.load(path) as saved:
        arrays = {name: saved[name] for name in saved.files}
    kernels = [array for array in arrays.values() if array.ndim == 4]
    groups = [
        [arrays[f'{name.removesuffix(".running_mean")}.{part}'] for part in _NORMALISATION]
        for name in arrays
        if name.endswith('.running_mean')
    ]
    kinds = (layers.Conv2D, layers.DepthwiseConv2D)
    convolutions = [layer for layer in body.layers if isinstance(layer, kinds)]
    normalisations = [la for la in body.layers if isinstance(la, layers.BatchNormalization)]
    if len(kernels) != len(convolutions) or len(groups) != len(normalisations):
        raise WeightsError(
            f'{path} has {len(kernels)} convolutions and {len(groups)} normalisations, but '
            f'{body.name} has {len(convolutions)} and {len(normalisations)}'
        )
    for layer, kernel in zip(convolutions, kernels, strict=True):
        depthwise = isinstance(layer, layers.DepthwiseConv2D)
        layer.set_weights([kernel.transpose((2, 3, 0, 1) if depthwise else (2, 3, 1, 0))])
    for layer, values in zip(normalisations, groups, strict=True):
        layer.set_weights(values)


# Arrays of a batch normalisation in torchvision's state dict, in the order of Keras's weights.
_NORMALISATION = ('weight', 'bias', 'running_mean', 'running_var')


def fine_tuned(
    classes: int,
    name: str = 'ResNet101',
    side: int = 48,
    weights: str | None = None,
    load: bool = True,
    scaled: bool = True,
) -> keras.Model:
    """
    Build a backbone with average pooling and a dense layer.

    :param classes: number of classes.
    :param name: name of the backbone: 'ResNet101', 'MobileNetV2', ...
    :param side: side of the input, in pixels.
    :param weights: weights of the backbone, as in `backbone`.
    :param load: whether to load the weights, as in `backbone`.
    :param scaled: whether the values are scaled, as in `backbone`.
    :return: model that maps (N, side, side, 3) to (N, classes) logits.
    :raises ValueError: if keras.applications has no such network.
    """
    return chain(
        f'ckplus_{name.lower()}',
        (side, side, 3),
        [
            backbone(name, side, weights, load, scaled=scaled),
            layers.GlobalAveragePooling2D(),
            dense(classes, None),
        ],
    )
