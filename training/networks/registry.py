"""Registry of all networks by name."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace
from functools import partial
from typing import Any

import keras

from fer_ros.perception.emotions import FER2013_LABELS
from training.networks.parts.backbones import fine_tuned
from training.networks.parts.layer_lists import with_head
from training.networks.sources.com3528 import com3528_vgg
from training.networks.sources.csce633 import csce633_cnn1
from training.networks.sources.csce633 import csce633_cnn2
from training.networks.sources.csce633 import csce633_cnn3
from training.networks.sources.csce633 import csce633_fnn
from training.networks.sources.csce633 import csce633_ft
from training.networks.sources.csce633 import csce633_tuned
from training.networks.sources.fed import fed_model1
from training.networks.sources.fed import fed_model2
from training.networks.sources.fed import fed_model2_search
from training.networks.sources.fed import fed_model3
from training.networks.sources.fed import fed_model4
from training.networks.sources.fed import fed_model4_search
from training.networks.sources.gr5243 import gr5243_improved
from training.networks.sources.gr5243 import gr5243_mobilenet
from training.networks.sources.gr5243 import gr5243_resnet50
from training.networks.sources.gr5243 import gr5243_vgg19
from training.networks.sources.mini_xception import mini_xception


@dataclass(frozen=True)
class NetworkEntry:
    """
    A network that can be built by name.

    :param name: name of the network.
    :param source: project or paper that the network comes from.
    :param classes: number of classes in the source.
    :param build: function that builds the network from the number of classes, without a download.
    :param has_backbone: whether `build` has the arguments `weights`, `load` and
        `scaled`.
    """

    name: str
    source: str
    classes: int
    build: Callable[..., keras.Model]
    has_backbone: bool = False


@dataclass(frozen=True)
class RegisteredNetwork:
    """
    A registered network with one head, as the `build` of a recipe.

    :param name: name of one of `ENTRIES`.
    :param weights: weights of its backbone, or None; see `backbones.backbone`.
    :param load: whether to load the weights.
    :param scaled: whether the values are scaled to the range that the weights expect.
    """

    name: str
    weights: str | None = None
    load: bool = False
    scaled: bool = True

    def __call__(self, heads: Mapping[str, int], side: int | None) -> keras.Model:
        """
        Build the network with one head.

        :param heads: number of labels of the only head, keyed by its name.
        :param side: ignored, because these networks have fixed sides.
        :return: model that maps pictures to a dict of (N, labels) logits, keyed by head.
        :raises ValueError: if there are several heads, or `weights` is set and there is no
            backbone.
        """
        options: dict[str, Any] = {}
        if self.weights is not None:
            options = {'weights': self.weights, 'load': self.load, 'scaled': self.scaled}
        return with_head(self.name, heads, partial(find_network(self.name).build, **options))

    def with_weights(self, weights: str, load: bool) -> RegisteredNetwork:
        """
        Return the same network with weights for its backbone.

        :param weights: 'imagenet', or the path of a file.
        :param load: whether to fetch the weights; if not, the same network has random weights.
        :return: the new `build`.
        :raises ValueError: if the network has no backbone.
        """
        if not find_network(self.name).has_backbone:
            raise ValueError(
                f"{self.name} has no backbone, so its weights must be 'none', not {weights}"
            )
        return replace(self, weights=weights, load=load)


def find_network(name: str) -> NetworkEntry:
    """
    Find a network by its name.

    :param name: name of the network.
    :return: entry of the network.
    :raises ValueError: if no network has this name; the message lists all names.
    """
    for entry in ENTRIES:
        if entry.name == name:
            return entry
    names = ', '.join(entry.name for entry in ENTRIES)
    raise ValueError(f'there is no network {name}; choose one of: {names}')


_FER = len(FER2013_LABELS)
# CK+ has contempt instead of neutral.
_CKPLUS = 7

ENTRIES = (
    NetworkEntry('com3528_vgg', 'COM3528', _FER, com3528_vgg),
    NetworkEntry('fed_model1', 'facial emotion detection', 4, fed_model1),
    NetworkEntry('fed_model2_search', 'facial emotion detection', 4, fed_model2_search),
    NetworkEntry('fed_model2', 'facial emotion detection', 4, fed_model2),
    NetworkEntry('fed_model3', 'facial emotion detection', 4, fed_model3),
    NetworkEntry('fed_model4_search', 'facial emotion detection', 4, fed_model4_search),
    NetworkEntry('fed_model4', 'facial emotion detection', 4, fed_model4),
    NetworkEntry('gr5243_mobilenet', 'GR5243', _FER, gr5243_mobilenet, True),
    NetworkEntry('gr5243_resnet50', 'GR5243', _FER, gr5243_resnet50, True),
    NetworkEntry('gr5243_vgg19', 'GR5243', _FER, gr5243_vgg19),
    NetworkEntry('gr5243_improved', 'GR5243', _FER, gr5243_improved),
    NetworkEntry('ckplus_resnet101', 'CK+', _CKPLUS, fine_tuned, True),
    *[
        NetworkEntry(f'csce633_fnn{i}', 'CSCE633', _FER, partial(csce633_fnn, number=i))
        for i in range(1, 6)
    ],
    NetworkEntry('csce633_cnn1', 'CSCE633', _FER, csce633_cnn1),
    NetworkEntry('csce633_cnn2', 'CSCE633', _FER, csce633_cnn2),
    NetworkEntry('csce633_cnn3', 'CSCE633', _FER, csce633_cnn3),
    NetworkEntry('csce633_tuned', 'CSCE633', _FER, csce633_tuned),
    *[
        NetworkEntry(f'csce633_ft{i}', 'CSCE633', _FER, partial(csce633_ft, number=i), True)
        for i in range(1, 4)
    ],
    NetworkEntry('mini_xception', 'arXiv:1710.07557', _FER, mini_xception),
)
