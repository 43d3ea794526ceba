"""Whether a network began from weights that were trained on ImageNet."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any


def is_of_imagenet(weights: str) -> bool:
    """
    Say if the weights that a network begins from were learned from ImageNet.

    :param weights: as of `Recipe`, or the name of their file: Keras's own, and
        torchvision's in an `.npz`, are; what is in a `.keras` learned from other data too.
    :return: whether they are.
    """
    return weights == 'imagenet' or weights.endswith('.npz')


def began_with_imagenet(beginnings: Sequence[Mapping[str, Any]]) -> bool:
    """
    Say if there are weights of ImageNet at the beginning of a network.

    :param beginnings: the `begun_from` of a card's `training`; what a file of a bundle began from
        counts too.
    :return: whether there are.
    """
    return any(
        is_of_imagenet(beginning['name'])
        or began_with_imagenet(beginning.get('training', {}).get('begun_from', []))
        for beginning in beginnings
    )
