"""Families of networks that a search chooses from; one of each is a recipe's `build`."""

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

# The slope of the leaky rectifier below zero, as in the networks that the searches gave.
LEAK = 0.1


def _activation(name: str) -> str | keras.Layer:
    """Make an activation by its name."""
    return layers.LeakyReLU(negative_slope=LEAK) if name == 'leaky_relu' else name


@dataclass(frozen=True)
class BlockNetwork:
    """
    Convolutions, each followed by pooling, dropout and batch normalisation, and dense layers.

    The family that the facial emotion detection notebooks searched in, with 4, 5 or 6 blocks.

    :param channels: of each block's convolution.
    :param kernels: the side of each block's kernel, in pixels.
    :param units: of each dense layer.
    :param activation: one of `ACTIVATIONS`.
    :param dropout: rate after each block and each dense layer.
    """

    channels: tuple[int, ...]
    kernels: tuple[int, ...]
    units: tuple[int, ...]
    activation: str
    dropout: float

    def __call__(self, heads: Mapping[str, int], side: int | None) -> keras.Model:
        """
        Build the network.

        :param heads: the number of labels of the only head, by its name.
        :param side: of the input, in pixels.
        :return: from (N, side, side, 1) to a dict of (N, labels) logits with that name.
        :raises ValueError: if there are several heads, or the blocks' settings do not pair.
        """
        if len(self.channels) != len(self.kernels):
            raise ValueError(
                f'there are {len(self.channels)} channels, but {len(self.kernels)} kernels'
            )
        side = left = side or 48
        stack = []
        for channels, kernel in zip(self.channels, self.kernels, strict=True):
            # Five halvings leave one pixel of 48: then the others pool nothing.
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
    Two pairs of convolutions and a dense layer: what the CSCE633 project tuned.

    :param kernel: the side of all kernels, in pixels.
    :param dropout: rate after each pair.
    :param activation: one of `ACTIVATIONS`.
    """

    kernel: int
    dropout: float
    activation: str

    def __call__(self, heads: Mapping[str, int], side: int | None) -> keras.Model:
        """
        Build the network.

        :param heads: the number of labels of the only head, by its name.
        :param side: of the input, in pixels.
        :return: from (N, side, side, 1) to a dict of (N, labels) logits with that name.
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
