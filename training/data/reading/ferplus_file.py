"""Read the file with the votes of FER+, and match its rows to pictures."""

from __future__ import annotations

from collections import Counter
import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.data.datasets import DataError
from training.data.datasets import USAGES
from training.data.votes import VOTE_COLUMNS

VOTES_FILE = 'fer2013new.csv'

# Maximum size of this file in bytes; it has 1.8 MB.
MOST_BYTES = 64 << 20


@dataclass(frozen=True)
class VotesFile:
    """
    The votes, in the order of the rows of FER2013.

    :param votes: (N, 10) uint8, columns as `votes.VOTE_COLUMNS`.
    :param split: (N,) str, each one of `datasets.SPLITS`.
    :param names: (N,) str, names of the pictures in FER+.  From row 60 on, the number in a name
        differs from the row number.  Some names are empty.
    """

    votes: np.ndarray
    split: np.ndarray
    names: np.ndarray

    def of_split(self, split: str) -> np.ndarray:
        """
        Return the votes of one split, in order.

        :param split: one of `datasets.SPLITS`.
        :return: (M, 10) uint8 votes.
        """
        return self.votes[self.split == split]

    def by_name(self) -> dict[str, np.ndarray]:
        """
        Return the votes of each picture with a unique name.

        :return: (10,) uint8 votes, keyed by the name without its suffix.
        """
        stems = [Path(str(name)).stem for name in self.names]
        count = Counter(stems)
        return {
            stem: row
            for stem, row in zip(stems, self.votes, strict=True)
            if stem and count[stem] == 1
        }


def read_votes(path: Path) -> VotesFile:
    """
    Read the votes of FER+.

    :param path: path of `fer2013new.csv`.
    :return: the votes of all pictures.
    :raises DataError: if the file cannot be read or lacks a column, a vote is not a whole number
        from
        0 to 10, or a usage is not one of FER2013.
    """
    wanted = ('Usage', 'Image name', *VOTE_COLUMNS)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise DataError(f'{path} has more than {MOST_BYTES >> 20} MiB; the votes have 2 MB')
        with open(path, newline='', encoding='utf-8-sig') as opened:
            rows = csv.reader(opened)
            header = [name.strip() for name in next(rows, [])]
            missing = [name for name in wanted if name not in header]
            if missing:
                raise DataError(f'{path} has no column {", ".join(missing)}')
            places = [header.index(name) for name in wanted]
            table = [[row[place] for place in places] for row in rows if row]
        votes = np.array([row[2:] for row in table], np.int64).reshape(-1, len(VOTE_COLUMNS))
        split = np.array([USAGES[row[0]] for row in table], dtype='<U7')
    except KeyError as error:
        raise DataError(
            f'{path} has the usage {error}, but must have one of {", ".join(USAGES)}'
        ) from error
    except (OSError, UnicodeDecodeError, csv.Error, IndexError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f'cannot read {path}: {error}') from error
    if len(votes) and not 0 <= votes.min() <= votes.max() <= 10:
        raise DataError(
            f'{path} has votes from {votes.min()} to {votes.max()}, but must have '
            'votes from 0 to 10'
        )
    return VotesFile(votes.astype(np.uint8), split, np.array([row[1] for row in table]))
