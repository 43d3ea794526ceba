"""Check whether a network was initialised with weights that were trained on ImageNet."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any


def is_of_imagenet(weights: str) -> bool:
    """
    Check whether initial weights were trained on ImageNet.

    Keras's own weights and those of torchvision in an `.npz` file were trained on ImageNet alone.
    The weights in a `.keras` file were trained on other data too.

    :param weights: `weights` of a `Recipe`, or the name of the file.
    :return: whether they were trained on ImageNet alone.
    """
    return weights == 'imagenet' or weights.endswith('.npz')


def began_with_imagenet(beginnings: Sequence[Mapping[str, Any]]) -> bool:
    """
    Check whether any of the initial weights of a network were trained on ImageNet.

    If a network was initialised from a bundle, the initial weights of that bundle count too.

    :param beginnings: `begun_from` of the entry `training` of a card.
    :return: whether any were trained on ImageNet.
    """
    return any(
        is_of_imagenet(beginning['name'])
        or began_with_imagenet(beginning.get('training', {}).get('begun_from', []))
        for beginning in beginnings
    )
