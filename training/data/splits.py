"""
Splits other than the official one: at random, or by who is in the picture.

Each gives every picture one of the three splits anew.  A fold is for testing, the one after it for
choosing, the rest for training; so over all folds each picture is tested on once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
import re

import numpy as np

from training.data.datasets import DataError
from training.data.datasets import FaceData
from training.data.datasets import PRIVATE
from training.data.datasets import PUBLIC
from training.data.datasets import TRAIN

# Testing and choosing need a fold each, and something must be left to learn from.
LEAST_FOLDS = 3

# CK+ names its pictures S<subject>_<session>_<frame>.
_SUBJECT = re.compile(r'(?:^|/)(S\d+)_\d+_\d+')


def split_random(
    data: FaceData,
    fold: int = 0,
    folds: int = 10,
    seed: int = 0,
    fractions: Sequence[float] | None = None,
) -> FaceData:
    """
    Split at random, each label in the same proportion everywhere.

    What is nearly the same picture (the frames of a sequence, copies) falls on both sides, so
    that figures on such a split flatter; `split_by_subject` is the honest one where it can be had.

    :param data: with any splits, which are forgotten.
    :param fold: which of the folds is tested on, from 0 on.
    :param folds: of about the same size; 3 or more.
    :param seed: of the chance.
    :param fractions: for training, choosing and testing, in place of folds; they sum to 1.
    :return: the same pictures in the same order, with other splits.
    :raises DataError: if folds or fractions make no sense, or a label has too few pictures.
    """
    from sklearn.model_selection import StratifiedKFold

    if fractions is not None:
        return _with_splits(data, *_drawn(data, fractions, seed))
    _check_fold(fold, folds)
    few = np.bincount(data.labels, minlength=len(data.label_names))
    if ((few > 0) & (few < folds)).any():
        names = [name for name, n in zip(data.label_names, few, strict=True) if 0 < n < folds]
        raise DataError(f'{folds} folds need at least {folds} pictures of {", ".join(names)}')
    tests = [
        test
        for _, test in StratifiedKFold(folds, shuffle=True, random_state=seed).split(
            np.zeros(len(data)), data.labels
        )
    ]
    return _with_splits(data, tests[(fold + 1) % folds], tests[fold])


def split_by_subject(data: FaceData, fold: int = 0, folds: int = 10, seed: int = 0) -> FaceData:
    """
    Split by who is in the picture: no subject, whatever it shows, is on two sides.

    :param data: with any splits, which are forgotten; its source ids name the subjects.
    :param fold: which of the folds is tested on, from 0 on.
    :param folds: of about the same number of pictures; 3 or more.
    :param seed: of the chance.
    :return: the same pictures in the same order, with other splits.
    :raises DataError: if folds make no sense, or the source ids name no subjects, or too few.
    """
    from sklearn.model_selection import GroupKFold

    _check_fold(fold, folds)
    who = subjects(data)
    count = len(np.unique(who))
    if count < folds:
        raise DataError(f'{folds} folds need at least {folds} subjects, but the data has {count}')
    tests = [
        test
        for _, test in GroupKFold(folds, shuffle=True, random_state=seed).split(
            np.zeros(len(data)), groups=who
        )
    ]
    return _with_splits(data, tests[(fold + 1) % folds], tests[fold])


def subjects(data: FaceData) -> np.ndarray:
    """
    Tell who is in each picture, as CK+ writes it into its names.

    :param data: whose source ids end in `S<subject>_<session>_<frame>`.
    :return: (N,) str, as `S052`.
    :raises DataError: if a source id names no subject.
    """
    found = [_SUBJECT.search(str(source)) for source in data.source]
    without = [str(source) for source, match in zip(data.source, found, strict=True) if not match]
    if without:
        raise DataError(
            f'the names of {len(without)} pictures, such as {without[0]}, do not contain a '
            'subject as in CK+ (S052_004_00000031)'
        )
    return np.array([match.group(1) for match in found if match])


def _drawn(data: FaceData, fractions: Sequence[float], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw the pictures for choosing and for testing by their fractions of each label."""
    from sklearn.model_selection import StratifiedShuffleSplit

    if (
        len(fractions) != 3
        or min(fractions) < 0
        or fractions[0] == 0
        or abs(sum(fractions) - 1) > 1e-6
    ):
        raise DataError(
            f'fractions are {tuple(fractions)}, but must be three fractions for training, '
            'validation and test that sum to 1'
        )
    rest = np.arange(len(data))
    drawn = []
    for fraction in (fractions[2], fractions[1]):
        chosen = rest[:0]
        if fraction:
            share = round(len(data) * fraction)
            try:
                kept, taken = next(
                    StratifiedShuffleSplit(1, test_size=share, random_state=seed).split(
                        rest, data.labels[rest]
                    )
                )
            except ValueError as error:
                raise DataError(f'{fraction} of {len(data)} pictures: {error}') from error
            rest, chosen = rest[kept], rest[taken]
        drawn.append(chosen)
    return drawn[1], drawn[0]


def _check_fold(fold: int, folds: int) -> None:
    """Refuse a fold that is none."""
    if folds < LEAST_FOLDS:
        raise DataError(f'there are {folds} folds, but there must be at least {LEAST_FOLDS}')
    if not 0 <= fold < folds:
        raise DataError(f'the fold is {fold}, but must be from 0 to {folds - 1}')


def _with_splits(data: FaceData, validation: np.ndarray, test: np.ndarray) -> FaceData:
    """Give the pictures of two lists of indices to validation and test, the rest to training."""
    split = np.full(len(data), TRAIN, dtype='<U7')
    split[validation] = PUBLIC
    split[test] = PRIVATE
    return replace(data, split=split)
