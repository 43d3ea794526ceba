"""Every network by its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import keras

from fer_ros.perception.emotions import FER2013_LABELS
from training.architectures.backbones import fine_tuned
from training.architectures.com3528 import com3528_vgg
from training.architectures.csce633 import csce633_cnn1
from training.architectures.csce633 import csce633_cnn2
from training.architectures.csce633 import csce633_cnn3
from training.architectures.csce633 import csce633_fnn
from training.architectures.csce633 import csce633_ft
from training.architectures.csce633 import csce633_tuned
from training.architectures.fed import fed_model1
from training.architectures.fed import fed_model2
from training.architectures.fed import fed_model2_search
from training.architectures.fed import fed_model3
from training.architectures.fed import fed_model4
from training.architectures.fed import fed_model4_search
from training.architectures.gr5243 import gr5243_improved
from training.architectures.gr5243 import gr5243_mobilenet
from training.architectures.gr5243 import gr5243_resnet50
from training.architectures.gr5243 import gr5243_vgg19
from training.architectures.mini_xception import mini_xception


@dataclass(frozen=True)
class NetworkEntry:
    """
    A network that can be built by name.

    :param name: of it.
    :param source: where it is from.
    :param classes: as its source has them.
    :param build: makes it, from the number of classes, without a download.
    """

    name: str
    source: str
    classes: int
    build: Callable[[int], keras.Model]


_FER = len(FER2013_LABELS)
# CK+ has contempt in place of neutral.
_CKPLUS = 7

ENTRIES = (
    NetworkEntry('com3528_vgg', 'COM3528', _FER, com3528_vgg),
    NetworkEntry('fed_model1', 'facial emotion detection', 4, fed_model1),
    NetworkEntry('fed_model2_search', 'facial emotion detection', 4, fed_model2_search),
    NetworkEntry('fed_model2', 'facial emotion detection', 4, fed_model2),
    NetworkEntry('fed_model3', 'facial emotion detection', 4, fed_model3),
    NetworkEntry('fed_model4_search', 'facial emotion detection', 4, fed_model4_search),
    NetworkEntry('fed_model4', 'facial emotion detection', 4, fed_model4),
    NetworkEntry('gr5243_mobilenet', 'GR5243', _FER, gr5243_mobilenet),
    NetworkEntry('gr5243_resnet50', 'GR5243', _FER, gr5243_resnet50),
    NetworkEntry('gr5243_vgg19', 'GR5243', _FER, gr5243_vgg19),
    NetworkEntry('gr5243_improved', 'GR5243', _FER, gr5243_improved),
    NetworkEntry('ckplus_resnet101', 'CK+', _CKPLUS, fine_tuned),
    *[
        NetworkEntry(f'csce633_fnn{i}', 'CSCE633', _FER, partial(csce633_fnn, number=i))
        for i in range(1, 6)
    ],
    NetworkEntry('csce633_cnn1', 'CSCE633', _FER, csce633_cnn1),
    NetworkEntry('csce633_cnn2', 'CSCE633', _FER, csce633_cnn2),
    NetworkEntry('csce633_cnn3', 'CSCE633', _FER, csce633_cnn3),
    NetworkEntry('csce633_tuned', 'CSCE633', _FER, csce633_tuned),
    *[
        NetworkEntry(f'csce633_ft{i}', 'CSCE633', _FER, partial(csce633_ft, number=i))
        for i in range(1, 4)
    ],
    NetworkEntry('mini_xception', 'arXiv:1710.07557', _FER, mini_xception),
)
