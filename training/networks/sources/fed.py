"""
The networks of the facial emotion detection notebooks, for four classes.

The authors found them by random searches over blocks and channels.  Where they published another
network than the search found, this module has both; the searched network ends in `_search`.
"""

from __future__ import annotations

import keras
from keras import layers

from training.networks.parts.layer_lists import chain
from training.networks.parts.layer_lists import conv
from training.networks.parts.layer_lists import dense
from training.networks.parts.layer_lists import pool

_SHAPE = (48, 48, 1)


def _leaky() -> keras.Layer:
    """Create the activation of most of these networks."""
    return layers.LeakyReLU(negative_slope=0.1)


def fed_model1(classes: int) -> keras.Model:
    """
    Build model 1: two blocks of two convolutions, and wide dense layers without activations.

    :param classes: number of classes.
    :return: model that maps (N, 48, 48, 1) to (N, classes) logits.
    """
    return chain(
        'fed_model1',
        _SHAPE,
        [
            conv(128, 3, _leaky(), same=True),
            conv(32, 4, _leaky(), same=True),
            pool(dropout=0.25, normalise=True),
            conv(64, 2, _leaky(), same=True),
            conv(480, 3, _leaky(), same=True),
            pool(dropout=0.25, normalise=True),
            layers.Flatten(),
            dense(192, None, dropout=0.25),
            dense(256, None, dropout=0.25),
            dense(classes, None),
        ],
    )


def fed_model2_search(classes: int) -> keras.Model:
    """
    Build model 2 as the search found it.

    :param classes: number of classes.
    :return: model that maps (N, 48, 48, 1) to (N, classes) logits.
    """
    return chain(
        'fed_model2_search',
        _SHAPE,
        [
            conv(256, 3, same=True),
            conv(224, 3, same=True),
            pool(dropout=0.25, normalise=True),
            conv(224, 2, same=True),
            pool(dropout=0.25, normalise=True),
            conv(64, 3, same=True),
            pool(dropout=0.25, normalise=True),
            conv(96, 3, same=True),
            pool(dropout=0.25, normalise=True),
            *_model2_head(classes),
        ],
    )


def fed_model2(classes: int) -> keras.Model:
    """
    Build model 2 as the authors published it.

    :param classes: number of classes.
    :return: model that maps (N, 48, 48, 1) to (N, classes) logits.
    """
    return chain(
        'fed_model2',
        _SHAPE,
        [
            conv(256, 3, same=True),
            pool(),
            conv(224, 4, same=True),
            pool(dropout=0.25, normalise=True),
            conv(224, 2, same=True),
            pool(dropout=0.25, normalise=True),
            conv(64, 3, same=True),
            pool(dropout=0.25, normalise=True),
            conv(96, 3, same=True),
            pool(dropout=0.25, normalise=True),
            *_model2_head(classes),
        ],
    )


def _model2_head(classes: int) -> list[keras.Layer | list[keras.Layer]]:
    """Create the dense layers of model 2, which have no activations."""
    return [
        layers.Flatten(),
        dense(32, None, dropout=0.25),
        dense(128, None, dropout=0.25),
        dense(32, None, dropout=0.25),
        dense(classes, None),
    ]


def fed_model3(classes: int) -> keras.Model:
    """
    Build model 3: five convolutions, each followed by pooling.

    :param classes: number of classes.
    :return: model that maps (N, 48, 48, 1) to (N, classes) logits.
    """
    blocks = [(416, 2), (416, 2), (64, 2)]
    return chain(
        'fed_model3',
        _SHAPE,
        [
            conv(512, 3, _leaky(), same=True),
            pool(),
            *[
                conv(channels, kernel, _leaky(), same=True) + pool(dropout=0.2, normalise=True)
                for channels, kernel in blocks
            ],
            conv(352, 2, None, same=True),
            pool(dropout=0.2, normalise=True),
            layers.Flatten(),
            dense(128, None, dropout=0.2),
            dense(256, None, dropout=0.2),
            dense(224, None),
            dense(classes, None),
        ],
    )


def fed_model4_search(classes: int) -> keras.Model:
    """
    Build model 4 as the search found it.

    :param classes: number of classes.
    :return: model that maps (N, 48, 48, 1) to (N, classes) logits.
    """
    return chain(
        'fed_model4_search',
        _SHAPE,
        [
            conv(32, 3, same=True),
            conv(352, 3, same=True),
            pool(dropout=0.25, normalise=True),
            conv(160, 2, same=True),
            pool(dropout=0.25, normalise=True),
            conv(64, 3, same=True),
            pool(dropout=0.25, normalise=True),
            conv(512, 3, same=True),
            pool(dropout=0.25, normalise=True),
            conv(512, 3, same=True),
            pool(1, dropout=0.25, normalise=True),
            *_model4_head(classes),
        ],
    )


def fed_model4(classes: int) -> keras.Model:
    """
    Build model 4 as the authors published it.

    :param classes: number of classes.
    :return: model that maps (N, 48, 48, 1) to (N, classes) logits.
    """
    return chain(
        'fed_model4',
        _SHAPE,
        [
            conv(32, 3, same=True),
            pool(),
            *[
                conv(channels, 2, same=True) + pool(dropout=0.25, normalise=True)
                for channels in (352, 160, 64)
            ],
            # The source sets no activation for the last two convolutions.
            conv(512, 2, None, same=True),
            pool(dropout=0.25, normalise=True),
            conv(64, 2, None, same=True),
            pool(1, dropout=0.25, normalise=True),
            *_model4_head(classes),
        ],
    )


def _model4_head(classes: int) -> list[keras.Layer | list[keras.Layer]]:
    """Create the dense layers of model 4, which have no activations."""
    return [
        layers.Flatten(),
        dense(128, None, dropout=0.25),
        dense(64, None, dropout=0.25),
        dense(352, None),
        dense(classes, None),
    ]
