"""The network of the COM3528 robot project: a VGG with batch normalisation for 48x48 pixels."""

from __future__ import annotations

import keras
from keras import layers

from training.networks.parts.layer_lists import chain
from training.networks.parts.layer_lists import conv
from training.networks.parts.layer_lists import dense
from training.networks.parts.layer_lists import pool

# Channels and number of convolutions of each block.
_BLOCKS = ((64, 2), (128, 3), (256, 4), (256, 4), (512, 4))

# (Block, convolution) pairs without batch normalisation, counted from 1 as in the names of layers.
_NOT_NORMALISED = {(2, 3), (5, 4)}


def com3528_vgg(classes: int) -> keras.Model:
    """
    Build the network.

    :param classes: number of classes.
    :return: model that maps (N, 48, 48, 1) to (N, classes) logits.
    """
    stack = []
    for block, (channels, count) in enumerate(_BLOCKS, start=1):
        for index in range(1, count + 1):
            stack += conv(channels, same=True, name=f'conv{block}_{index}')
            if (block, index) not in _NOT_NORMALISED:
                stack.append(layers.BatchNormalization())
        stack += pool(name=f'pool{block}_1')
        stack.append(layers.Dropout(0.25, name=f'drop{block}_1'))
    return chain(
        'com3528_vgg',
        (48, 48, 1),
        [*stack, layers.Flatten(), dense(classes, None, name='output')],
    )
