"""Describe the layers of a network in one line each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import keras
from keras import layers


@dataclass(frozen=True)
class LayerDescription:
    """
    A layer of a network.

    :param name: name of the layer.
    :param kind: class of the layer, such as Conv2D; Model for a network inside the network.
    :param shape: shape of the output without the batch.
    :param parameters: number of parameters.
    :param settings: what distinguishes the layer from others of its class, such as
        'kernel=3 stride=1 same relu'.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int
    settings: str


def describe_layers(model: keras.Model) -> Iterator[LayerDescription]:
    """
    Describe the layers of a sequential network in order, without its input.

    A LeakyReLU layer counts as the activation of the layer before it.

    :param model: the network.
    :return: iterator over the layers.
    """
    stack = [layer for layer in model.layers if not isinstance(layer, layers.InputLayer)]
    for index, layer in enumerate(stack):
        if isinstance(layer, layers.LeakyReLU):
            continue
        following = stack[index + 1] if index + 1 < len(stack) else None
        activation = (
            f'leaky_relu({following.negative_slope:.4g})'
            if isinstance(following, layers.LeakyReLU)
            else getattr(getattr(layer, 'activation', None), '__name__', '')
        )
        yield LayerDescription(
            layer.name,
            'Model' if isinstance(layer, keras.Model) else type(layer).__name__,
            tuple(layer.output.shape[1:]),
            layer.count_params(),
            ' '.join(_settings(layer, activation)),
        )


def _settings(layer: keras.Layer, activation: str) -> Iterator[str]:
    """Yield the settings of a layer."""
    if isinstance(layer, layers.Conv2D):
        yield f'kernel={_side(layer.kernel_size)}'
        yield f'stride={_side(layer.strides)}'
        yield layer.padding
    if isinstance(layer, layers.MaxPooling2D):
        yield f'pool={_side(layer.pool_size)}'
    if isinstance(layer, layers.Dropout):
        yield f'rate={layer.rate:.4g}'
    if isinstance(layer, layers.Conv2D | layers.Dense):
        yield activation
        regularizer = layer.kernel_regularizer
        for name in ('l1', 'l2'):
            strength = float(getattr(regularizer, name, 0.0))
            if strength:
                yield f'{name}({strength:.4g})'


def _side(sides: tuple[int, ...]) -> str:
    """Write a kernel size, a stride or a pooling window: one number if it is square."""
    return str(sides[0]) if len(set(sides)) == 1 else 'x'.join(map(str, sides))
