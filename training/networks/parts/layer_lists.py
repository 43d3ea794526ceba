"""Short functions that create layers, used above all by the networks of the notebooks."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence

import keras
from keras import layers


def chain(
    name: str, shape: tuple[int, int, int], stack: Sequence[keras.Layer | Sequence[keras.Layer]]
) -> keras.Model:
    """
    Build a sequential model.

    :param name: name of the model.
    :param shape: (height, width, channels) of the input.
    :param stack: layers, or lists of layers, in order.
    :return: model that maps (N, height, width, channels) float32 to the output of the last layer.
    """
    flat: list[keras.Layer] = []
    for entry in stack:
        flat.extend([entry] if isinstance(entry, keras.Layer) else entry)
    return keras.Sequential([keras.Input(shape, name='image'), *flat], name=name)


def with_head(
    name: str, heads: Mapping[str, int], build: Callable[[int], keras.Model]
) -> keras.Model:
    """
    Name the output of a network with one output after its head.

    :param name: name of the network.
    :param heads: number of labels of the only head, keyed by its name.
    :param build: function that builds the network from the number of labels.
    :return: model that maps pictures to a dict of (N, labels) logits, keyed by head.
    :raises ValueError: if there are several heads.
    """
    if len(heads) != 1:
        raise ValueError(f'{name} can have only one head, not {", ".join(heads)}')
    ((head, classes),) = heads.items()
    model = build(classes)
    return keras.Model(model.inputs, {head: model.outputs[0]}, name=name)


def conv(
    channels: int,
    kernel: int = 3,
    activation: str | keras.Layer | None = 'relu',
    *,
    same: bool = False,
    stride: int = 1,
    regularizer: keras.Regularizer | None = None,
    name: str | None = None,
) -> list[keras.Layer]:
    """
    Create a convolution with a bias, and its activation.

    :param channels: channels of the output.
    :param kernel: side of the kernel, in pixels.
    :param activation: name of an activation, a layer, or None for no activation.
    :param same: whether to pad the input, so that the size stays the same.
    :param stride: stride in pixels.
    :param regularizer: regularizer of the kernel.
    :param name: name of the layer, or None for a name chosen by Keras.
    :return: the layers, in order.
    """
    named = activation if isinstance(activation, str) else None
    layer = layers.Conv2D(
        channels,
        kernel,
        strides=stride,
        padding='same' if same else 'valid',
        activation=named,
        kernel_regularizer=regularizer,
        name=name,
    )
    return [layer] if named == activation else [layer, activation]


def dense(
    units: int,
    activation: str | None = 'relu',
    *,
    dropout: float = 0.0,
    regularizer: keras.Regularizer | None = None,
    name: str | None = None,
) -> list[keras.Layer]:
    """
    Create a fully connected layer, followed by dropout if its rate is above 0.

    :param units: units of the layer.
    :param activation: name of an activation, or None for no activation.
    :param dropout: dropout rate.
    :param regularizer: regularizer of the kernel.
    :param name: name of the fully connected layer, or None for a name chosen by Keras.
    :return: the layers, in order.
    """
    layer = layers.Dense(units, activation=activation, kernel_regularizer=regularizer, name=name)
    return [layer, layers.Dropout(dropout)] if dropout else [layer]


def pool(
    side: int = 2, *, dropout: float = 0.0, normalise: bool = False, name: str | None = None
) -> list[keras.Layer]:
    """
    Create maximum pooling, optionally followed by dropout and batch normalisation.

    :param side: side of the pooling window, in pixels.
    :param dropout: dropout rate; 0 for no dropout.
    :param normalise: whether to add batch normalisation.
    :param name: name of the pooling layer, or None for a name chosen by Keras.
    :return: the layers, in order.
    """
    made: list[keras.Layer] = [layers.MaxPooling2D(side, name=name)]
    if dropout:
        made.append(layers.Dropout(dropout))
    if normalise:
        made.append(layers.BatchNormalization())
    return made


def logits_of(
    x: keras.KerasTensor, heads: Mapping[str, int], dropout: float
) -> dict[str, keras.KerasTensor]:
    """
    Add heads to the features of a picture.

    :param x: (N, features) features of the pictures.
    :param heads: number of labels of each head, keyed by the name of the head.
    :param dropout: dropout rate before the heads.
    :return: (N, labels) float32 logits, keyed by head.
    """
    x = layers.Dropout(dropout)(x)
    # The heads always use float32, because a softmax needs the precision.
    return {
        head: layers.Dense(count, dtype='float32', name=head)(x) for head, count in heads.items()
    }
