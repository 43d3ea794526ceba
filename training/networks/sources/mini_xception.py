"""The network Mini-Xception (arXiv:1710.07557), which the `fer` package of PyPI uses."""

from __future__ import annotations

import keras
from keras import layers


def mini_xception(classes: int, side: int = 64) -> keras.Model:
    """
    Build Mini-Xception.

    :param classes: number of classes.
    :param side: side of the input, in pixels.
    :return: model that maps (N, side, side, 1) to (N, classes) logits.
    """
    image = keras.Input((side, side, 1), name='image')
    x = image
    for _ in range(2):
        x = layers.Conv2D(8, 3, use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    for channels in (16, 32, 64, 128):
        shortcut = layers.Conv2D(channels, 1, strides=2, padding='same', use_bias=False)(x)
        shortcut = layers.BatchNormalization()(shortcut)
        x = layers.SeparableConv2D(channels, 3, padding='same', use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
        x = layers.SeparableConv2D(channels, 3, padding='same', use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        x = layers.MaxPooling2D(3, strides=2, padding='same')(x)
        x = layers.Add()([x, shortcut])
    x = layers.Conv2D(classes, 3, padding='same')(x)
    return keras.Model(image, layers.GlobalAveragePooling2D()(x), name='mini_xception')
