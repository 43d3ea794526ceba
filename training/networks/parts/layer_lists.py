"""The few words that networks are written in, those of the notebooks above all."""

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
    Put layers one after the other.

    :param name: of the model.
    :param shape: (height, width, channels) of the input.
    :param stack: layers, or lists of them, in order.
    :return: from (N, height, width, channels) float32 to what the last layer gives.
    """
    flat: list[keras.Layer] = []
    for entry in stack:
        flat.extend([entry] if isinstance(entry, keras.Layer) else entry)
    return keras.Sequential([keras.Input(shape, name='image'), *flat], name=name)


def with_head(
    name: str, heads: Mapping[str, int], build: Callable[[int], keras.Model]
) -> keras.Model:
    """
    Name the output of a network that has one.

    :param name: of the network.
    :param heads: the number of labels of the only head, by its name.
    :param build: makes the network, from the number of labels.
    :return: from pictures to a dict of (N, labels) logits with that name.
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
) -> list[keras.Layer]:
    """
    Make a convolution with a bias, and its activation.

    :param channels: of the result.
    :param kernel: side of the kernel, in pixels.
    :param activation: a name, a layer, or None for none.
    :param same: keep the size, rather than lose the border.
    :param stride: in pixels.
    :param regularizer: of the kernel.
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
    )
    return [layer] if named == activation else [layer, activation]


def dense(
    units: int,
    activation: str | None = 'relu',
    *,
    dropout: float = 0.0,
    regularizer: keras.Regularizer | None = None,
) -> list[keras.Layer]:
    """
    Make a fully connected layer, with dropout after it if asked for.

    :param units: of the result.
    :param activation: a name, or None for none.
    :param dropout: rate.
    :param regularizer: of the kernel.
    :return: the layers, in order.
    """
    layer = layers.Dense(units, activation=activation, kernel_regularizer=regularizer)
    return [layer, layers.Dropout(dropout)] if dropout else [layer]


def pool(side: int = 2, *, dropout: float = 0.0, normalise: bool = False) -> list[keras.Layer]:
    """
    Take the largest of each square, then drop out and normalise if asked for.

    :param side: of the squares, in pixels.
    :param dropout: rate.
    :param normalise: over the batch.
    :return: the layers, in order.
    """
    made: list[keras.Layer] = [layers.MaxPooling2D(side)]
    if dropout:
        made.append(layers.Dropout(dropout))
    if normalise:
        made.append(layers.BatchNormalization())
    return made


def logits_of(
    x: keras.KerasTensor, heads: Mapping[str, int], dropout: float
) -> dict[str, keras.KerasTensor]:
    """
    Put heads on the features of a picture.

    :param x: (N, features).
    :param heads: the number of labels by the head's name.
    :param dropout: rate before the heads.
    :return: by head, (N, labels) float32 logits.
    """
    x = layers.Dropout(dropout)(x)
    # In float32 whatever the body computes in: a softmax needs the digits.
    return {
        head: layers.Dense(count, dtype='float32', name=head)(x) for head, count in heads.items()
    }
