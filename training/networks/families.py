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

ACTIVATIONS = ('leaky_relu', 'relu', 'selu')

# Negative slope of LeakyReLU, as in the networks that the searches of the sources found.
LEAK = 0.1


def _activation(name: str) -> str | keras.Layer:
    """Return an activation by its name."""
    return layers.LeakyReLU(negative_slope=LEAK) if name == 'leaky_relu' else name


@dataclass(frozen=True)
class BlockNetwork:
    """
    Blocks of a convolution, pooling, dropout and batch normalisation, followed by dense layers.

    The facial emotion detection notebooks searched in this family, with 4, 5 or 6 blocks.

    :param channels: channels of the convolution of each block.
    :param kernels: side of the kernel of each block, in pixels.
    :param units: units of each dense layer.
    :param activation: one of `ACTIVATIONS`.
    :param dropout: dropout rate after each block and each dense layer.
    """

    channels: tuple[int, ...]
    kernels: tuple[int, ...]
    units: tuple[int, ...]
    activation: str
    dropout: float

    def __call__(self, heads: Mapping[str, int], side: int | None) -> keras.Model:
        """
        Build the network.

        :param heads: number of labels of the only head, keyed by its name.
        :param side: side of the input, in pixels.
        :return: model that maps (N, side, side, 1) to a dict of (N, labels) logits, keyed by head.
        :raises ValueError: if there are several heads, or `channels` and `kernels` differ in
            length.
        """
        if len(self.channels) != len(self.kernels):
            raise ValueError(
                f'there are {len(self.channels)} channels, but {len(self.kernels)} kernels'
            )
        side = left = side or 48
        stack = []
        for channels, kernel in zip(self.channels, self.kernels, strict=True):
            # Five halvings reduce 48 pixels to one; later blocks then pool nothing.
            window = 2 if left > 1 else 1
            left //= window
            stack.append(conv(channels, kernel, _activation(self.activation), same=True))
            stack.append(pool(window, dropout=self.dropout, normalise=True))
        stack.append([layers.Flatten()])
        for units in self.units:
            stack.append([layers.Dense(units), layers.Activation(_activation(self.activation))])
            stack.append([layers.Dropout(self.dropout)])
        shape = (side, side, 1)
        return with_head(
            'blocks', heads, lambda classes: chain('blocks', shape, [*stack, dense(classes, None)])
        )


@dataclass(frozen=True)
class PairNetwork:
    """
    Two pairs of convolutions and a dense layer, the network that the CSCE633 project tuned.

    :param kernel: side of all kernels, in pixels.
    :param dropout: dropout rate after each pair.
    :param activation: one of `ACTIVATIONS`.
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
