"""The networks of the CSCE633 project: fully connected, small convolutional and fine-tuned."""

from __future__ import annotations

import keras
from keras import layers
from keras import regularizers

from training.networks.parts.backbones import backbone
from training.networks.parts.layer_lists import chain
from training.networks.parts.layer_lists import conv
from training.networks.parts.layer_lists import dense
from training.networks.parts.layer_lists import pool

_SHAPE = (48, 48, 1)

# Units of the hidden layers of each fully connected network, which the source names by ordinals.
# Network 4 has one more hidden layer, with another activation.
_WIDTHS = {
    1: (1568, 784, 392, 196),
    2: (1568, 784, 392),
    3: (2000, 1000, 500),
    4: (2000, 1000, 500, 250),
    5: (2000, 1000, 500, 250),
}
_ORDINALS = ('first', 'second', 'third', 'fourth')


def csce633_fnn(classes: int, number: int) -> keras.Model:
    """
    Build one of the five fully connected networks on all 2,304 pixels.

    :param classes: number of classes.
    :param number: number of the network, from 1 to 5.
    :return: model that maps (N, 48, 48, 1) to (N, classes) logits.
    """
    activation = 'relu' if number == 1 else 'elu'
    decay = regularizers.L2(1e-4) if number == 5 else None
    hidden = [
        dense(units, activation, regularizer=decay, name=f'{ordinal}_hidden_layer')
        for ordinal, units in zip(_ORDINALS, _WIDTHS[number], strict=False)
    ]
    if number == 4:
        hidden.append(dense(784, name='fifth_hidden_layer'))
    dropout = [] if number == 1 else [layers.Dropout(0.25)]
    return chain(
        f'csce633_fnn{number}',
        _SHAPE,
        [layers.Flatten(), *hidden, *dropout, dense(classes, None)],
    )


def csce633_cnn1(classes: int) -> keras.Model:
    """
    Build the first convolutional network.

    :param classes: number of classes.
    :return: model that maps (N, 48, 48, 1) to (N, classes) logits.
    """
    return chain(
        'csce633_cnn1',
        _SHAPE,
        [
            conv(32),
            conv(32),
            pool(),
            conv(64),
            conv(64),
            pool(),
            layers.Flatten(),
            dense(512),
            dense(classes, None),
        ],
    )


def csce633_cnn2(classes: int) -> keras.Model:
    """
    Build the second convolutional network: wider, with L2 penalties on the weights.

    :param classes: number of classes.
    :return: model that maps (N, 48, 48, 1) to (N, classes) logits.
    """
    return chain(
        'csce633_cnn2',
        _SHAPE,
        [
            conv(64),
            conv(64),
            pool(),
            conv(128, regularizer=regularizers.L2(1e-3)),
            conv(128, regularizer=regularizers.L2(1e-3)),
            pool(),
            layers.Flatten(),
            dense(512, regularizer=regularizers.L2(1e-2)),
            dense(classes, None),
        ],
    )


def csce633_cnn3(classes: int) -> keras.Model:
    """
    Build the third convolutional network: with strides and few parameters.

    :param classes: number of classes.
    :return: model that maps (N, 48, 48, 1) to (N, classes) logits.
    """
    return chain(
        'csce633_cnn3',
        _SHAPE,
        [
            conv(64, 3, 'elu'),
            conv(64, 3, 'elu', same=True),
            pool(),
            conv(128, 3, 'elu', same=True),
            pool(),
            conv(128, 3, 'elu', same=True, stride=2, regularizer=regularizers.L1(1e-3)),
            conv(128, 3, 'elu', same=True, stride=2, regularizer=regularizers.L1(1e-3)),
            pool(),
            layers.Flatten(),
            dense(512, 'elu', dropout=0.25, regularizer=regularizers.L1(1e-2)),
            dense(classes, None),
        ],
    )


def csce633_tuned(classes: int) -> keras.Model:
    """
    Build the network that the Bayesian search of the project found.

    :param classes: number of classes.
    :return: model that maps (N, 48, 48, 1) to (N, classes) logits.
    """
    dropout = 0.2448
    return chain(
        'csce633_tuned',
        _SHAPE,
        [
            conv(32, 5),
            conv(32, 5),
            pool(dropout=dropout),
            conv(64, 5),
            conv(128, 5),
            pool(dropout=dropout),
            layers.Flatten(),
            dense(512),
            dense(classes, None),
        ],
    )


def csce633_ft(
    classes: int,
    number: int,
    weights: str | None = None,
    load: bool = True,
    scaled: bool = True,
) -> keras.Model:
    """
    Build one of the three networks on a frozen backbone.

    :param classes: number of classes.
    :param number: 1 (ResNet50), 2 or 3 (MobileNetV2; 3 has penalties on the weights).
    :param weights: weights of the backbone, as in `backbones.backbone`.
    :param load: whether to load the weights, as in `backbones.backbone`.
    :param scaled: whether the values are scaled, as in `backbones.backbone`.
    :return: model that maps (N, 48, 48, 3) to (N, classes) logits.
    """
    name = 'ResNet50' if number == 1 else 'MobileNetV2'
    body = backbone(name, 48, weights, load, pooling='avg', scaled=scaled)
    body[-1].trainable = False
    activation = 'elu' if number == 3 else 'relu'
    decay = regularizers.L2(0.01) if number == 3 else None
    return chain(
        f'csce633_ft{number}',
        (48, 48, 3),
        [
            body,
            *[dense(units, activation, regularizer=decay) for units in (512, 1024, 512)],
            layers.Dropout(0.4 if number == 2 else 0.3),
            dense(classes, None),
        ],
    )
