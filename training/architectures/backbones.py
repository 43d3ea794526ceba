"""Networks of keras.applications, fine-tuned as a whole."""

from __future__ import annotations

import keras
from keras import layers

from training.architectures.layer_lists import chain
from training.architectures.layer_lists import dense


def fine_tuned(
    classes: int, backbone: str = 'ResNet101', side: int = 48, weights: str | None = None
) -> keras.Model:
    """
    Build a backbone with a dense layer on its averages.

    :param classes: how many.
    :param backbone: as keras.applications names it: 'ResNet101', 'MobileNetV2', ...
    :param side: of the input, in pixels.
    :param weights: of the backbone: a path, 'imagenet', or None for chance.
    :return: from (N, side, side, 3) to (N, classes) logits.
    :raises ValueError: if keras.applications has no such network.
    """
    make = getattr(keras.applications, backbone, None)
    if not callable(make):
        there = vars(keras.applications)
        names = sorted(name for name, value in there.items() if callable(value))
        raise ValueError(f"there is no backbone '{backbone}'; there are: {', '.join(names)}")
    body = make(input_shape=(side, side, 3), include_top=False, weights=weights)
    return chain(
        f'ckplus_{backbone.lower()}',
        (side, side, 3),
        [body, layers.GlobalAveragePooling2D(), dense(classes, None)],
    )
