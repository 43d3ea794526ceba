"""
Splits other than the official one: at random, or by subject.

The functions assign every picture to a new split.  One fold is for test, the next fold for
validation, and the rest for training.  Over all folds, each picture is tested once.
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
from training.data.datasets import SPLIT_TITLES
from training.data.datasets import SPLITS
from training.data.datasets import TRAIN

# Test and validation need one fold each, and training at least one.
LEAST_FOLDS = 3

# Share of the pictures of each label that is drawn for a split that the data lacks.
DRAWN = 0.1

# CK+ names its pictures S<subject>_<session>_<frame>.
_SUBJECT = re.compile(r'(?:^|/)(S\d+)_\d+_\d+')


def split_random(
    data: FaceData,
    fold: int = 0,
    folds: int = 10,
    seed: int = 0,
    fractions: Sequence[float] | None = None,
    stratify: bool = True,
) -> FaceData:
    """
    Split at random, with the same proportion of each label in all splits.

    Nearly identical pictures, such as copies or frames of a sequence, are in different splits.
    Results on a random split are therefore too good.  Use `split_by_subject` if the subjects are
    known.

    :param data: pictures; their current splits are ignored.
    :param fold: index of the test fold, from 0.
    :param folds: number of folds of about the same size; 3 or more.
    :param seed: seed of the random numbers.
    :param fractions: fractions of training, validation and test, instead of folds; they sum to 1.
    :param stratify: whether fractions keep the proportion of each label.
    :return: the same pictures in the same order, with new splits.
    :raises DataError: if folds or fractions are invalid, or a label has too few pictures.
    """
    from sklearn.model_selection import StratifiedKFold

    if fractions is not None:
        return _with_splits(data, *_drawn(data, fractions, seed, stratify))
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


def complete_splits(data: FaceData, seed: int = 0) -> tuple[FaceData, str]:
    """
    Create the splits that a data set lacks by stratified random sampling.

    Existing splits are kept, except that the training split loses the sampled pictures.

    :param data: pictures.
    :param seed: seed of the random numbers.
    :return: the same pictures in the same order, and a sentence that states what was drawn, or an
        empty string.  Without splits, `DRAWN` of the pictures of each label are drawn for test and
        for validation each, and the others are for training.  With a training split but no
        validation split, the validation pictures are drawn from the training split.
    """
    split = data.split.astype('<U7')
    generator = np.random.default_rng(seed)
    if data.unsplit:
        split[:] = TRAIN
        split[_drawn_from(data.labels, split, generator)] = PRIVATE
    elif data.has_split(PUBLIC) or not data.has_split(TRAIN):
        return data, ''
    split[_drawn_from(data.labels, split, generator)] = PUBLIC
    counts = {name: int((split == name).sum()) for name in SPLITS}
    drawn = 'validation and no test' if data.unsplit else 'validation'
    return replace(data, split=split, unsplit=False), (
        f'the data has no {drawn} split, so pictures were drawn by label (--split-seed {seed}): '
        + ', '.join(f'{counts[name]} {SPLIT_TITLES[name]}' for name in SPLITS)
    )


def _drawn_from(
    labels: np.ndarray, split: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """
    Draw `DRAWN` of the training pictures of each label.

    :return: indices; at least one of each label with two or more pictures.
    """
    drawn = [np.empty(0, np.int64)]
    for label in np.unique(labels):
        pool = np.flatnonzero((labels == label) & (split == TRAIN))
        count = max(round(len(pool) * DRAWN), 1) if len(pool) > 1 else 0
        drawn.append(generator.permutation(pool)[:count])
    return np.concatenate(drawn)


def split_by_subject(data: FaceData, fold: int = 0, folds: int = 10, seed: int = 0) -> FaceData:
    """
    Split by subject: all pictures of a subject are in the same split.

    :param data: pictures whose identifiers contain the subjects; their current splits are ignored.
    :param fold: index of the test fold, from 0.
    :param folds: number of folds of about the same number of pictures; 3 or more.
    :param seed: seed of the random numbers.
    :return: the same pictures in the same order, with new splits.
    :raises DataError: if the folds are invalid, or the identifiers contain no or too few subjects.
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
    Return the subject of each picture, from the names of CK+.

    :param data: pictures whose identifiers end in `S<subject>_<session>_<frame>`.
    :return: (N,) str, for example 'S052'.
    :raises DataError: if an identifier contains no subject.
    """
    found = [_SUBJECT.search(str(source)) for source in data.source]
    without = [str(source) for source, match in zip(data.source, found, strict=True) if not match]
    if without:
        raise DataError(
            f'the names of {len(without)} pictures, such as {without[0]}, do not contain a '
            'subject as in CK+ (S052_004_00000031); set --split-by official or random'
        )
    return np.array([match.group(1) for match in found if match])


def _drawn(
    data: FaceData, fractions: Sequence[float], seed: int, stratify: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the pictures for validation and test, by their fractions."""
    from sklearn.model_selection import ShuffleSplit
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
    draw = StratifiedShuffleSplit if stratify else ShuffleSplit
    rest = np.arange(len(data))
    drawn = []
    for fraction in (fractions[2], fractions[1]):
        chosen = rest[:0]
        if fraction:
            share = round(len(data) * fraction)
            try:
                kept, taken = next(
                    draw(1, test_size=share, random_state=seed).split(rest, data.labels[rest])
                )
            except ValueError as error:
                raise DataError(
                    f'cannot split off {fraction} of {len(data)} pictures: {error}'
                ) from error
            rest, chosen = rest[kept], rest[taken]
        drawn.append(chosen)
    return drawn[1], drawn[0]


def _check_fold(fold: int, folds: int) -> None:
    """Check the index and the number of folds."""
    if folds < LEAST_FOLDS:
        raise DataError(f'there are {folds} folds, but there must be at least {LEAST_FOLDS}')
    if not 0 <= fold < folds:
        raise DataError(f'the fold is {fold}, but must be from 0 to {folds - 1}')


def _with_splits(data: FaceData, validation: np.ndarray, test: np.ndarray) -> FaceData:
    """Assign pictures to validation and test by their indices, and the rest to training."""
    split = np.full(len(data), TRAIN, dtype='<U7')
    split[validation] = PUBLIC
    split[test] = PRIVATE
    return replace(data, split=split, unsplit=False)
