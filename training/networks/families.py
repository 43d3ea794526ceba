"""Families of networks that a search chooses from; an instance is the `build` of a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import keras
from keras import layers

from training.networks.parts.layer_lists import chain
from training.networks.parts.layer_lists import conv
from training.networks.parts.layer_lists import dense
from training.networks.parts.layer_lists import pool
from training.networks.parts.layer_lists import with_head

# Activations of the searches of the facial emotion detection notebooks and of the CSCE633
# project.
ACTIVATIONS = ('leaky_relu', 'relu', 'selu')
PAIR_ACTIVATIONS = ('relu', 'sigmoid', 'elu')

# Negative slope of LeakyReLU, as in the networks that the searches of the sources found.
LEAK = 0.1


def _activation(name: str) -> str | keras.Layer:
    """Return an activation by its name."""
    return layers.LeakyReLU(negative_slope=LEAK) if name == 'leaky_relu' else name


@dataclass(frozen=True)
class SearchedNetwork:
    """
    Convolutions, some followed by pooling, and linear dense layers.

    The facial emotion detection notebooks searched in this family, with 4, 5 or 6 convolutions.
    Each pooling is followed by dropout and batch normalisation, each dense layer by dropout.

    :param channels: channels of each convolution.
    :param kernels: side of the kernel of each convolution, in pixels.
    :param pools: side of the pooling after each convolution, in pixels; 0 for no pooling.
    :param units: units of each dense layer.
    :param activation: one of `ACTIVATIONS`.
    :param dropout: dropout rate after each pooling and each dense layer.
    :param last_dropout: whether dropout follows the last dense layer.
    """

    channels: tuple[int, ...]
    kernels: tuple[int, ...]
    pools: tuple[int, ...]
    units: tuple[int, ...]
    activation: str
    dropout: float
    last_dropout: bool = True

    def __call__(self, heads: Mapping[str, int], side: int | None) -> keras.Model:
        """
        Build the network.

        :param heads: number of labels of the only head, keyed by its name.
        :param side: side of the input, in pixels.
        :return: model that maps (N, side, side, 1) to a dict of (N, labels) logits, keyed by head.
        :raises ValueError: if there are several heads, or `channels`, `kernels` and `pools` differ
            in length.
        """
        if not len(self.channels) == len(self.kernels) == len(self.pools):
            raise ValueError(
                f'there are {len(self.channels)} channels, {len(self.kernels)} kernels and '
                f'{len(self.pools)} pools, but each convolution needs one of each'
            )
        side = side or 48
        stack = []
        for channels, kernel, window in zip(self.channels, self.kernels, self.pools, strict=True):
            stack.append(conv(channels, kernel, _activation(self.activation), same=True))
            if window:
                stack.append(pool(window, dropout=self.dropout, normalise=True))
        stack.append([layers.Flatten()])
        for number, units in enumerate(self.units, 1):
            stack.append([layers.Dense(units)])
            if self.last_dropout or number < len(self.units):
                stack.append([layers.Dropout(self.dropout)])
        shape = (side, side, 1)
        return with_head(
            'searched',
            heads,
            lambda classes: chain('searched', shape, [*stack, dense(classes, None)]),
        )


@dataclass(frozen=True)
class PairNetwork:
    """
    Two pairs of convolutions and a dense layer, the network that the CSCE633 project tuned.

    :param kernel: side of all kernels, in pixels.
    :param dropout: dropout rate after each pair.
    :param activation: one of `PAIR_ACTIVATIONS`.
    """

    kernel: int
    dropout: float
    activation: str

    def __call__(self, heads: Mapping[str, int], side: int | None) -> keras.Model:
        """
        Build the network.

        :param heads: number of labels of the only head, keyed by its name.
        :param side: side of the input, in pixels.
        :return: model that maps (N, side, side, 1) to a dict of (N, labels) logits, keyed by head.
        :raises ValueError: if there are several heads.
        """
        side = side or 48
        stack = []
        for pair in ((32, 32), (64, 128)):
            stack += [conv(c, self.kernel, _activation(self.activation)) for c in pair]
            stack.append(pool(dropout=self.dropout))
        stack.append([layers.Flatten(), layers.Dense(512)])
        stack.append([layers.Activation(_activation(self.activation))])
        shape = (side, side, 1)
        return with_head(
            'pairs', heads, lambda classes: chain('pairs', shape, [*stack, dense(classes, None)])
        )
