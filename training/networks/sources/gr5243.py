"""The networks of the GR5243 notebooks on FER2013."""

from __future__ import annotations

import keras
from keras import layers

from training.networks.parts.backbones import backbone
from training.networks.parts.layer_lists import chain
from training.networks.parts.layer_lists import conv
from training.networks.parts.layer_lists import dense
from training.networks.parts.layer_lists import pool


def gr5243_mobilenet(
    classes: int, weights: str | None = None, load: bool = True, scaled: bool = True
) -> keras.Model:
    """
    Build MobileNetV2 with a convolution and dense layers on top.

    :param classes: number of classes.
    :param weights: weights of the backbone, as in `backbones.backbone`.
    :param load: whether to load the weights, as in `backbones.backbone`.
    :param scaled: whether the values are scaled, as in `backbones.backbone`.
    :return: model that maps (N, 48, 48, 3) to (N, classes) logits.
    """
    return chain(
        'gr5243_mobilenet',
        (48, 48, 3),
        [
            backbone('MobileNetV2', 48, weights, load, scaled=scaled),
            conv(128, 3, same=True, name='conv_ex1'),
            layers.Flatten(),
            dense(1024, name='fully_connected_1'),
            dense(1024, name='fully_connected_2'),
            dense(512, name='fully_connected_3'),
            dense(classes, None, name='fully_connected_4'),
        ],
    )


def gr5243_resnet50(
    classes: int, weights: str | None = None, load: bool = True, scaled: bool = True
) -> keras.Model:
    """
    Build ResNet50 with average pooling and dense layers.

    :param classes: number of classes.
    :param weights: weights of the backbone, as in `backbones.backbone`.
    :param load: whether to load the weights, as in `backbones.backbone`.
    :param scaled: whether the values are scaled, as in `backbones.backbone`.
    :return: model that maps (N, 48, 48, 3) to (N, classes) logits.
    """
    return chain(
        'gr5243_resnet50',
        (48, 48, 3),
        [
            backbone('ResNet50', 48, weights, load, scaled=scaled),
            layers.GlobalAveragePooling2D(),
            dense(1024),
            dense(classes, None),
        ],
    )


def gr5243_vgg19(classes: int) -> keras.Model:
    """
    Build the network that the authors call VGG19: eight convolutions in pairs.

    :param classes: number of classes.
    :return: model that maps (N, 48, 48, 1) to (N, classes) logits.
    """
    return chain(
        'gr5243_vgg19',
        (48, 48, 1),
        [
            conv(32, same=True, name='conv_1'),
            conv(32, same=True, name='conv_12'),
            pool(dropout=0.5, name='pooling_1'),
            conv(64, same=True, name='conv_2'),
            conv(64, name='conv_3'),
            pool(dropout=0.5, name='pooling_2'),
            conv(96, same=True, name='conv_4'),
            conv(96, name='conv_5'),
            pool(dropout=0.5, name='pooling_3'),
            conv(128, same=True, name='conv_6'),
            conv(128, same=True, name='conv_7'),
            pool(dropout=0.5, name='pooling_4'),
            layers.Flatten(),
            dense(128, name='fully_connected_1'),
            dense(classes, None, name='fully_connected_2'),
        ],
    )


def gr5243_improved(classes: int) -> keras.Model:
    """
    Build the improved network: one convolution, then blocks of two, two and three convolutions.

    :param classes: number of classes.
    :return: model that maps (N, 48, 48, 1) to (N, classes) logits.
    """
    return chain(
        'gr5243_improved',
        (48, 48, 1),
        [
            conv(32, same=True, name='conv_1'),
            pool(name='pooling_1'),
            conv(64, same=True, name='conv_2'),
            conv(64, same=True, name='conv_3'),
            pool(name='pooling_2'),
            conv(64, same=True, name='conv_4'),
            conv(64, same=True, name='conv_5'),
            pool(name='pooling_3'),
            conv(128, same=True, name='conv_6'),
            conv(128, same=True, name='conv_7'),
            conv(128, same=True, name='conv_8'),
            pool(dropout=0.5, name='pooling_4'),
            layers.Flatten(),
            dense(128, name='fully_connected_1'),
            dense(classes, None, name='fully_connected_2'),
        ],
    )
