"""The arguments that name a data set and select its pictures."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
import re

from training.data.datasets import data_root
from training.data.datasets import DataError
from training.data.datasets import FaceData
from training.data.reading.forms import read_data
from training.data.selection import select
from training.data.selection import Selection
from training.data.selection import SPLITTINGS


def add_data_arguments(parser: argparse.ArgumentParser) -> None:
    """
    Add what names the data and what of it counts.

    :param parser: of a command; `--data` and `--strict` are among what is added, unless it has
        an argument `data` already.
    """
    if not any(action.dest == 'data' for action in parser._actions):
        parser.add_argument('--data', help='data set (default: FER_ROS_DATA)')
    parser.add_argument(
        '--strict', action='store_true', help='stop at the first unreadable picture'
    )
    which = parser.add_argument_group('selection of the pictures')
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
    Make a selection of what a command was told.

    :param arguments: of a parser that `add_data_arguments` was given.
    :param default: applies where the command line names nothing else.
    :return: the selection.
    :raises DataError: if it makes no sense.
    """
    said = {
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
        # The recipe's fractions belong to the recipe's way of splitting.
        known = replace(known, split_by='official', fractions=None)
    selection = replace(known, **{name: v for name, v in said.items() if v is not None})
    if arguments.fold and selection.split_by == 'official':
        raise DataError('--fold needs --split-by random or --split-by subject')
    return selection


def read_selected(
    arguments: argparse.Namespace, default: Selection | None = None, dataset: str = 'fer2013'
) -> FaceData:
    """
    Read the data that a command was told of, as far as it counts.

    :param arguments: of a parser that `add_data_arguments` was given.
    :param default: applies where the command line names nothing else.
    :param dataset: to read where no other was named.
    :return: what counts, all of its splits.
    :raises DataError: if there is no such data, or it does not have what is asked for.
    """
    selection = selection_from(arguments, default)
    data = read_data(data_root(arguments.data, dataset), arguments.strict)
    return select(data, selection, arguments.strict)


def _merged_groups(
    groups: Sequence[tuple[str, tuple[str, ...]]],
) -> dict[str, tuple[str, ...]]:
    """Put groups together by name, and refuse a name that is there twice."""
    by_name = dict(groups)
    if len(by_name) < len(groups):
        raise DataError(
            f'--group has the same name twice: {", ".join(name for name, _ in groups)}'
        )
    return by_name


def _names(text: str) -> tuple[str, ...]:
    """Read names with commas between them."""
    names = tuple(name.strip() for name in text.split(','))
    if not all(names):
        raise argparse.ArgumentTypeError(f"'{text}' must have the form NAME,NAME")
    return names


def _group(text: str) -> tuple[str, tuple[str, ...]]:
    """Read `name=label,label`."""
    name, equals, members = (part.strip() for part in text.partition('='))
    labels = tuple(member.strip() for member in members.split(','))
    if not (name and equals and all(labels)):
        raise argparse.ArgumentTypeError(f"'{text}' must have the form NAME=LABEL,LABEL")
    return name, labels


def part(text: str) -> tuple[int, int]:
    """
    Read `K/N`, K from 1 to N.

    :param text: of the command line.
    :return: K - 1 and N.
    :raises argparse.ArgumentTypeError: if it is anything else.
    """
    match = re.fullmatch(r'(\d+)/(\d+)', text)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise argparse.ArgumentTypeError(f"'{text}' must have the form K/N with K from 1 to N")
    return int(match[1]) - 1, int(match[2])


def _fractions(text: str) -> tuple[float, ...]:
    """Read three fractions."""
    try:
        return tuple(float(part) for part in text.split(','))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"'{text}' must have the form TRAIN,VALIDATION,TEST"
        ) from None
