"""Arguments that name a data set and select its pictures."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
import re

from training.data.datasets import data_root
from training.data.datasets import DataError
from training.data.datasets import FaceData
from training.data.labels import NUMBERED
from training.data.reading.forms import read_data
from training.data.selection import select
from training.data.selection import Selection
from training.data.selection import SPLITTINGS


def add_data_arguments(parser: argparse.ArgumentParser, labels: str = '--labels') -> None:
    """
    Add the arguments that name the data set and select its pictures.

    :param parser: parser of a command; it gets `--data`, unless it already has an argument `data`,
        `--strict`, and the arguments of a selection.
    :param labels: name of the option for the labels of the data.
    """
    if not any(action.dest == 'data' for action in parser._actions):
        parser.add_argument('--data', help='data set (default: FER_ROS_DATA)')
    parser.add_argument(
        '--strict', action='store_true', help='stop at the first unreadable picture'
    )
    which = parser.add_argument_group('selection of the pictures')
    which.add_argument(
        labels,
        type=_names,
        dest='data_labels',
        metavar='NAME,NAME',
        help='names of the labels of the data: a name for each label, in the order of its '
        'numbers; or pairs LABEL=NAME; or the data set whose numbers the labels are: '
        f'{", ".join(NUMBERED)}',
    )
    which.add_argument(
        '--classes',
        type=_names,
        metavar='NAME,NAME',
        help='labels to keep, in this order (default: all)',
    )
    which.add_argument(
        '--group',
        type=_group,
        action='append',
        dest='groups',
        metavar='NAME=LABEL,LABEL',
        help='merge labels; the option may be repeated',
    )
    which.add_argument(
        '--exclude',
        type=Path,
        metavar='LIST',
        help='file with the names of pictures to leave out, one per line',
    )
    which.add_argument(
        '--clean',
        action='store_true',
        default=None,
        help='leave out of training the faults that inspect finds: copies, conflicting labels, '
        'pictures without a face',
    )
    which.add_argument(
        '--split-by',
        choices=SPLITTINGS,
        help='splits: those of the data set, random, or by subject',
    )
    which.add_argument(
        '--fold',
        type=part,
        metavar='K/N',
        help='use the K-th of N folds of these splits as the test split (default: 1/10)',
    )
    which.add_argument(
        '--fractions',
        type=_fractions,
        metavar='TRAIN,VALIDATION,TEST',
        help='fractions of the splits, with --split-by random, instead of folds',
    )
    which.add_argument(
        '--split-seed', type=int, dest='split_seed', help='seed of these splits (default: 0)'
    )


def selection_from(arguments: argparse.Namespace, default: Selection | None = None) -> Selection:
    """
    Create a selection from the arguments of a command.

    :param arguments: arguments of a parser that `add_data_arguments` extended.
    :param default: selection whose values apply if an argument is missing.
    :return: the selection.
    :raises DataError: if the selection is invalid.
    """
    said = {
        'labels': arguments.data_labels,
        'exclude': arguments.exclude,
        'groups': None if arguments.groups is None else _merged_groups(arguments.groups),
        'classes': arguments.classes,
        'split_by': arguments.split_by,
        'fold': arguments.fold,
        'fractions': arguments.fractions,
        'seed': arguments.split_seed,
        'clean': arguments.clean,
    }
    known = default or Selection()
    if arguments.split_by not in (None, known.split_by) and arguments.fractions is None:
        # The fractions of the recipe apply only to the recipe's own way of splitting.
        known = replace(known, split_by='official', fractions=None)
    selection = replace(known, **{name: v for name, v in said.items() if v is not None})
    if arguments.fold and selection.split_by == 'official':
        raise DataError('--fold needs --split-by random or --split-by subject')
    return selection


def read_selected(
    arguments: argparse.Namespace,
    default: Selection | None = None,
    dataset: str = 'fer2013',
    complete: Callable[[FaceData], bool] = lambda data: True,
) -> FaceData:
    """
    Read the data set that the arguments name, and apply their selection.

    :param arguments: arguments of a parser that `add_data_arguments` extended.
    :param default: selection whose values apply if an argument is missing.
    :param dataset: data set to read if the arguments name none.
    :param complete: function that tells whether to draw the splits that the data lacks.
    :return: the selected pictures of all splits.
    :raises DataError: if the data set is missing, or lacks something that the selection needs.
    """
    selection = selection_from(arguments, default)
    path = data_root(arguments.data, dataset)
    data = read_data(path, arguments.strict, selection.labels)
    return select(data, selection, arguments.strict, complete(data))


def _merged_groups(
    groups: Sequence[tuple[str, tuple[str, ...]]],
) -> dict[str, tuple[str, ...]]:
    """Merge groups into a dict, and reject a name that occurs twice."""
    by_name = dict(groups)
    if len(by_name) < len(groups):
        raise DataError(
            f'--group has the same name twice: {", ".join(name for name, _ in groups)}'
        )
    return by_name


def _names(text: str) -> tuple[str, ...]:
    """Parse names separated by commas."""
    names = tuple(name.strip() for name in text.split(','))
    if not all(names):
        raise argparse.ArgumentTypeError(f"'{text}' must have the form NAME,NAME")
    return names


def _group(text: str) -> tuple[str, tuple[str, ...]]:
    """Parse `name=label,label`."""
    name, equals, members = (part.strip() for part in text.partition('='))
    labels = tuple(member.strip() for member in members.split(','))
    if not (name and equals and all(labels)):
        raise argparse.ArgumentTypeError(f"'{text}' must have the form NAME=LABEL,LABEL")
    return name, labels


def part(text: str) -> tuple[int, int]:
    """
    Parse `K/N` with K from 1 to N.

    :param text: argument of the command line.
    :return: K - 1 and N.
    :raises argparse.ArgumentTypeError: if the text has another form.
    """
    match = re.fullmatch(r'(\d+)/(\d+)', text)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise argparse.ArgumentTypeError(f"'{text}' must have the form K/N with K from 1 to N")
    return int(match[1]) - 1, int(match[2])


def _fractions(text: str) -> tuple[float, ...]:
    """Parse three fractions separated by commas."""
    try:
        return tuple(float(part) for part in text.split(','))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"'{text}' must have the form TRAIN,VALIDATION,TEST"
        ) from None
