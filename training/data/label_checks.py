"""Find labels that not every split has, before a network is trained on them."""

from __future__ import annotations

import sys

import numpy as np

from fer_ros.perception.quoting import quoted
from training.data.datasets import DataError
from training.data.datasets import FaceData
from training.data.datasets import SPLIT_TITLES
from training.data.datasets import SPLITS
from training.data.datasets import TRAIN

REMEDY = (
    'rename such labels with --labels LABEL=NAME, merge them with --group, or choose the others '
    'with --classes'
)


def label_gaps(data: FaceData) -> list[str]:
    """
    Find the labels that have pictures in some splits only.

    :param data: pictures of all splits.
    :return: a sentence for each such label.
    """
    splits = [split for split in SPLITS if data.has_split(split)]
    gaps = []
    for label, name in enumerate(data.label_names):
        has = data.labels == label
        counts = {split: int(np.sum(has & (data.split == split))) for split in splits}
        lacking = [SPLIT_TITLES[split] for split, count in counts.items() if not count]
        if not lacking or len(lacking) == len(splits):
            continue
        there = ' and '.join(
            f'{count} {SPLIT_TITLES[split]}' for split, count in counts.items() if count
        )
        learnt = '' if counts.get(TRAIN) else ', so the network cannot learn it'
        gaps.append(
            f'the label {quoted(name)} has {there} pictures, but none for '
            f'{" or ".join(lacking)}{learnt}'
        )
    return gaps


def report_gaps(data: FaceData, strict: bool = False) -> None:
    """
    Report the labels that have pictures in some splits only.

    :param data: pictures of all splits.
    :param strict: whether to fail instead of printing them.
    :raises DataError: if there are such labels and `strict` is set.
    """
    gaps = label_gaps(data)
    if not gaps:
        return
    text = '\n'.join([*gaps, REMEDY])
    if strict:
        raise DataError(text)
    print(text, file=sys.stderr)
