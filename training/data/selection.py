"""
Selection of the pictures of a data set, their labels and their splits.

All commands that read data have these arguments: `--classes`, `--group`, `--exclude`, `--clean`,
`--split-by`, `--fold`, `--fractions`, `--split-seed`.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from pathlib import Path
import re
import sys
from typing import Any

import numpy as np

from training.data.cleaning import unclean
from training.data.datasets import DataError
from training.data.datasets import FaceData
from training.data.splits import complete_splits
from training.data.splits import split_by_subject
from training.data.splits import split_random

SPLITTINGS = ('official', 'random', 'subject')

# Maximum size of a list of names to leave out, in bytes.
MOST_LIST_BYTES = 256 << 20

# Separators between a name and its reason, in a list of names to leave out.
_PARTING = re.compile(r'[\s,#]')


@dataclass(frozen=True)
class Selection:
    """
    Selection of pictures, their labels and their splits.

    The steps are applied in the order of the fields.

    :param exclude: path of a file of names to leave out, one per line with a reason, or None.
    :param groups: labels to merge, keyed by the name of the merged label.
    :param classes: labels to keep, in their new order; empty for all labels.
    :param split_by: 'official' for the splits of the data set, or 'random' or 'subject'.
    :param fold: (index of the test fold from 0, number of folds), if `split_by` is not 'official'.
    :param fractions: fractions of training, validation and test instead of folds, if `split_by` is
        'random'.
    :param seed: seed of the random numbers of the splits, also of splits that the data lacks.
    :param labels: names of the labels, as in `training.data.labels.name_labels`; they are applied
        when the data is read.
    :param stratified: whether each part has the same proportion of each label, if `fractions` is
        set.
    :param clean: whether to remove the pictures that `training.data.cleaning` finds from training.
    :raises DataError: if a value is invalid.
    """

    exclude: Path | None = None
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    split_by: str = 'official'
    fold: tuple[int, int] = (0, 10)
    fractions: tuple[float, ...] | None = None
    seed: int = 0
    clean: bool = False
    labels: tuple[str, ...] = ()
    stratified: bool = True

    def __post_init__(self) -> None:
        if self.split_by not in SPLITTINGS:
            raise DataError(
                f"split_by is '{self.split_by}', but must be one of {', '.join(SPLITTINGS)}"
            )
        if self.fractions is not None and self.split_by != 'random':
            raise DataError(f"fractions need split_by 'random', but it is '{self.split_by}'")

    def summary(self) -> dict[str, Any]:
        """Return the fields that differ from the defaults, as values that JSON can store."""
        plain = Selection()
        return {
            name: str(value) if isinstance(value, Path) else value
            for name, value in asdict(self).items()
            if value != getattr(plain, name)
        }


def select_classes(data: FaceData, names: Sequence[str]) -> FaceData:
    """
    Keep the pictures with some of the labels.

    :param data: pictures; their votes stay unchanged, including votes for other labels.
    :param names: names of two or more labels, in their new order.
    :return: pictures with these labels, in order.
    :raises DataError: if a label is unknown or occurs twice.
    """
    unknown = [name for name in names if name not in data.label_names]
    if unknown:
        raise DataError(
            f'there is no class {", ".join(unknown)}; the classes are: '
            f'{", ".join(data.label_names)}'
        )
    if len(names) < 2 or len(set(names)) < len(names):
        raise DataError(
            f'the classes are {", ".join(names)}, but must be two or more different classes'
        )
    number = np.full(len(data.label_names), -1)
    number[[data.label_names.index(name) for name in names]] = np.arange(len(names))
    kept = data.take(number[data.labels] >= 0)
    return replace(
        kept,
        labels=number[kept.labels],
        label_names=tuple(names),
        merged={name: members for name, members in data.merged.items() if name in names},
    )


def group_classes(data: FaceData, groups: Mapping[str, Sequence[str]]) -> FaceData:
    """
    Merge labels; a merged label has the position of its first label.

    :param data: pictures; their votes stay unchanged, and `votes.soft_labels` adds them up.
    :param groups: labels to merge, keyed by the name of the merged label.
    :return: the same pictures in order, with fewer labels.
    :raises DataError: if a label is unknown, is in two groups, or already has the name of a group.
    """
    group_of: dict[str, str] = {}
    for name, members in groups.items():
        for member in members:
            if member not in data.label_names:
                raise DataError(
                    f"the group '{name}' merges '{member}', which is not a class; the classes "
                    f'are: {", ".join(data.label_names)}'
                )
            if member in group_of:
                raise DataError(f"the groups merge '{member}' twice; merge each class only once")
            group_of[member] = name
    for name in groups:
        if name in data.label_names and group_of.get(name) != name:
            raise DataError(
                f"the name of the group '{name}' is a class that the group does not merge"
            )
    became = [group_of.get(label, label) for label in data.label_names]
    names = tuple(dict.fromkeys(became))
    merged = {
        name: tuple(
            own
            for label, new in zip(data.label_names, became, strict=True)
            if new == name
            for own in data.members(label)
        )
        for name in names
        if name in groups or name in data.merged
    }
    number = np.array([names.index(name) for name in became])
    return replace(data, labels=number[data.labels], label_names=names, merged=merged)


def exclude(data: FaceData, names: Iterable[str]) -> FaceData:
    """
    Remove pictures by their identifiers.

    :param data: pictures.
    :param names: identifiers to remove; unknown identifiers are ignored.
    :return: the other pictures, in order.
    """
    return data.take(~np.isin(data.source, list(names)))


def read_names(path: Path, known: Iterable[str]) -> tuple[list[str], list[str]]:
    """
    Read a list of names to leave out.

    A line has a name and, after a blank, a comma or a #, its reason.  Empty lines and lines that
    begin
    with # are ignored.

    :param path: path of the list.
    :param known: all identifiers of the data set; they may contain blanks and commas.
    :return: the names that are known, and the names that are unknown.
    :raises DataError: if the list cannot be read.
    """
    try:
        # A device has no end, and cannot be read as a whole.
        if path.exists() and not (path.is_file() and path.stat().st_size <= MOST_LIST_BYTES):
            raise DataError(
                f'{path} is no list of names: it must be a text file of at most '
                f'{MOST_LIST_BYTES >> 20} MiB'
            )
        lines = path.read_text(encoding='utf-8-sig').splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f'cannot read {path}: {error}') from error
    there = set(known)
    found, unknown = [], []
    for line in map(str.strip, lines):
        if not line or line.startswith('#'):
            continue
        ends = [match.start() for match in _PARTING.finditer(line)] + [len(line)]
        name = next((line[:end] for end in reversed(ends) if line[:end] in there), None)
        if name is None:
            unknown.append(line[: ends[0]])
        else:
            found.append(name)
    return found, unknown


def select(
    data: FaceData, selection: Selection, strict: bool = False, complete: bool = True
) -> FaceData:
    """
    Apply a selection, and report the removed pictures.

    :param data: data set with all its splits.
    :param selection: selection to apply.
    :param strict: whether to fail if a name to leave out is unknown.
    :param complete: whether to draw the splits that the data lacks, as in `complete_splits`.
    :return: the selected pictures.
    :raises DataError: if the data set lacks something that the selection needs.
    """
    if selection.exclude is not None:
        names, unknown = read_names(selection.exclude, map(str, data.source))
        if unknown:
            message = (
                f'{selection.exclude} contains {len(unknown)} pictures that the data does not '
                f'have: {", ".join(unknown[:5])}' + (', …' if len(unknown) > 5 else '')
            )
            if strict:
                raise DataError(message)
            _tell(message)
        before = len(data)
        data = exclude(data, names)
        _tell(f'left out {before - len(data)} pictures listed in {selection.exclude}')
    if selection.groups:
        data = group_classes(data, selection.groups)
    if selection.classes:
        data = select_classes(data, selection.classes)
    fold, folds = selection.fold
    if selection.split_by == 'random':
        data = split_random(
            data, fold, folds, selection.seed, selection.fractions, selection.stratified
        )
    elif selection.split_by == 'subject':
        data = split_by_subject(data, fold, folds, selection.seed)
    elif complete:
        data, sentence = complete_splits(data, selection.seed)
        if sentence:
            _tell(sentence)
    if selection.clean:
        found = unclean(data)
        counts = ', '.join(f'{int(where.sum())} {reason}' for reason, where in found.items())
        _tell(f'left out of training: {counts}')
        data = data.take(~np.any(list(found.values()), axis=0))
    return data


def _tell(message: str) -> None:
    """Print a message to the standard error output, apart from the results."""
    print(message, file=sys.stderr)
