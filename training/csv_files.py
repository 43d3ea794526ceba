"""Pictures from CSV files, a row each, with what is broken in them counted and named."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
import csv
from dataclasses import dataclass
import hashlib
from pathlib import Path
import sys

import numpy as np

from fer_ros.perception.emotions import FER2013_LABELS
from fer_ros.perception.emotions import FERPLUS_LABELS
from training.datasets import DataError
from training.datasets import FaceData
from training.datasets import FER2013_SIDE
from training.datasets import SPLIT_NAMES
from training.datasets import USAGES
from training.faults import Faults
from training.faults import progress_bar
from training.pixels import parse_rows
from training.pixels import PIXELS
from training.votes_file import read_votes
from training.votes_file import VOTES_FILE
from training.votes_file import VotesFile

# A folder's file with all splits goes by one of these names: the official one, the one that came
# with it later (whose columns are in another order), and CK+'s.
CSV_NAMES = ('fer2013.csv', 'icml_face_data.csv', 'ckextended.csv')

# Read at once: enough rows for NumPy to be quick, few enough for the cache.
BLOCK_BYTES = 1 << 17

_USAGES = {name.encode(): split for name, split in USAGES.items()}


@dataclass
class _Row:
    """
    A row of a file.

    :param line: in the file, from 1 on.
    :param number: from 0 on, blank rows not counted; -1 for a blank row.
    :param fault: why it is skipped, or nothing.
    """

    line: int
    number: int
    fault: str = ''
    label: int = 0
    split: str = ''
    pixels: bytes = b''

    def name(self, file: Path) -> str:
        """Give the name by which it is told of."""
        row = '' if self.number < 0 else f' (row {self.number})'
        return f'{file.name} line {self.line}{row}'


def read_csv(path: Path, faults: Faults) -> FaceData:
    """
    Read FER2013 or CK+ as CSV.

    Either one file with the columns `emotion`, `pixels` and `Usage`, or files with the first two,
    each named after its split (`train.csv`, `validation.csv`, `test.csv`).  A file whose name
    begins with `ck` has the eight labels of CK+ with neutral faces (Kaggle's `ckextended.csv`),
    any other the seven of FER2013.  Where `fer2013new.csv` lies beside FER2013, the votes of FER+
    come along, by the number of the row.

    :param path: of a file or a folder.
    :param faults: told of every row that is skipped.
    :return: the pictures in order; the source id has the number of the row, from 0 on.
    :raises DataError: if there is no such file, it has other columns, or no row is left.
    """
    files = csv_files(path)
    names = FERPLUS_LABELS if files[0].stem.lower().startswith('ck') else FER2013_LABELS
    votes_path = files[0].parent / VOTES_FILE
    has_votes = names is FER2013_LABELS and votes_path.is_file()
    votes = read_votes(votes_path) if has_votes else None
    # No row that is whole is shorter than its numbers; what is never written takes no memory.
    most = sum(file.stat().st_size for file in files) // (2 * PIXELS - 1)
    room = np.empty((most, PIXELS), np.uint8)
    labels: list[int] = []
    split: list[str] = []
    source: list[str] = []
    kept_votes = []
    for file in files:
        stem = file.stem
        for rows, pixels, voted in _read_file(file, names, votes, faults):
            begin = len(labels)
            room[begin:][: len(rows)] = pixels
            labels += [row.label for row in rows]
            split += [row.split for row in rows]
            source += [f'{stem}/{row.number:05d}' for row in rows]
            kept_votes.append(voted)
    if not labels:
        raise DataError(f'{path} has no row that can be read\n{faults.text()}')
    images = room[: len(labels)].reshape(-1, FER2013_SIDE, FER2013_SIDE)
    return FaceData(
        images=images,
        labels=np.array(labels, np.int64),
        split=np.array(split),
        source=np.array(source),
        label_names=names,
        votes=None if votes is None else np.concatenate(kept_votes),
        sha256=hashlib.sha256(images.data).hexdigest(),
        skipped=faults.names,
    )


def csv_files(path: Path) -> list[Path]:
    """
    Find the files of a data set that is CSV.

    :param path: of a file or a folder.
    :return: one file with all splits, or a file for each split, in the order of their names.
    :raises DataError: if there is none.
    """
    if path.is_file():
        return [path]
    whole = [path / name for name in CSV_NAMES if (path / name).is_file()]
    if whole:
        return whole[:1]
    files = [file for file in sorted(path.glob('*.csv')) if file.name != VOTES_FILE]
    by_split = [file for file in files if file.stem.lower() in SPLIT_NAMES]
    if by_split or len(files) == 1:
        return by_split or files
    raise DataError(f'{path} holds no fer2013.csv, and no train.csv, validation.csv, test.csv')


def _read_file(
    file: Path, labels: Sequence[str], votes: VotesFile | None, faults: Faults
) -> Iterator[tuple[list[_Row], np.ndarray, np.ndarray]]:
    """
    Go through the rows that are whole, some at a time.

    :return: M rows; (M, 2304) uint8, their pixels; (M, 10) uint8, their votes, or (M, 0).
    """
    form: _Form | None = None
    voted, voted_split = np.empty((0, 0), np.uint8), np.empty(0, '<U7')
    for lines in _line_blocks(file):
        if form is None:
            form = _Form(file, lines.pop(0), len(labels))
            if votes is not None:
                where = votes.split == (form.split or votes.split)
                voted, voted_split = votes.votes[where], votes.split[where]
        rows = form.rows(lines)
        if votes is not None:
            _check_votes(rows, voted_split)
        parsed = [row for row in rows if not row.fault]
        pixels, wrong = parse_rows([row.pixels for row in parsed])
        for position, reason in wrong.items():
            parsed[position].fault = reason
        for row in rows:
            if row.fault:
                faults.skip(row.name(file), row.fault)
        whole = [row for row in rows if not row.fault]
        numbers = [row.number for row in whole]
        yield whole, pixels, voted[numbers] if votes is not None else voted
    if form is not None and form.count < len(voted):
        message = (
            f'{file} has {form.count} rows, and {VOTES_FILE} has votes for {len(voted)}: they go '
            'by the row, and are right only if no row is missing but the last ones'
        )
        if faults.strict:
            raise DataError(message)
        print(message, file=sys.stderr)


def _check_votes(rows: Sequence[_Row], voted_split: np.ndarray) -> None:
    """Mark rows that the votes do not go with."""
    for row in rows:
        if row.fault:
            continue
        if row.number >= len(voted_split):
            row.fault = f'{VOTES_FILE} has no votes for the row'
        elif voted_split[row.number] != row.split:
            row.fault = f'{VOTES_FILE} has a row of another split there'


def _line_blocks(file: Path) -> Iterator[list[bytes]]:
    """Go through the lines of a file, without what ends them, some hundred at a time."""
    try:
        with (
            open(file, 'rb', buffering=0) as opened,
            progress_bar(f'reading {file.name}', file.stat().st_size, 'B') as progress,
        ):
            rest = b''
            while block := opened.read(BLOCK_BYTES):
                progress.update(len(block))
                lines = block.split(b'\n')
                lines[0] = rest + lines[0]
                rest = lines.pop()
                if lines:
                    yield lines
            yield [rest]
    except OSError as error:
        raise DataError(f'{file} cannot be read: {error}') from error


class _Form:
    """The columns of a file, and how far in it the rows are."""

    def __init__(self, file: Path, header: bytes, labels: int) -> None:
        """
        Read the header.

        :param file: which it is of.
        :param header: its first line.
        :param labels: how many there are.
        :raises DataError: if it lacks a column, or is none.
        """
        text = header.decode('utf-8-sig', errors='replace').strip()
        names = [name.strip().lower() for name in next(csv.reader([text]), [])]
        # A file named after its split needs no usage, and one that has it needs no such name.
        self.split = SPLIT_NAMES.get(file.stem.lower(), '')
        wanted = ['emotion', 'pixels'] + ([] if self.split else ['Usage'])
        missing = [name for name in wanted if name.lower() not in names]
        if missing:
            begin = f"its first line is '{text[:40]}{'…' if len(text) > 40 else ''}'"
            raise DataError(f'{file} has no column {", ".join(missing)}; {begin}')
        self._places = [names.index(name.lower()) for name in wanted]
        self._columns = len(names)
        self._labels = {str(label).encode(): label for label in range(labels)}
        self._blank: list[_Row] = []
        self._lines = 1
        self.count = 0

    def rows(self, lines: Sequence[bytes]) -> list[_Row]:
        """
        Make rows of the next lines.

        :param lines: without what ends them.
        :return: the rows; blank ones only when another follows, so not those at the end.
        """
        rows = []
        for line in lines:
            self._lines += 1
            if not line or line.isspace():
                self._blank.append(_Row(self._lines, -1, 'the row is blank'))
                continue
            rows += self._blank
            self._blank = []
            row = _Row(self._lines, self.count)
            row.fault = self._fill(row, line)
            rows.append(row)
            self.count += 1
        return rows

    def _fill(self, row: _Row, line: bytes) -> str:
        """Fill a row from its line, all but the numbers, or tell what is wrong with it."""
        if b'"' in line:
            try:
                fields = [f.encode() for f in next(csv.reader([line.decode('utf-8')]))]
            except (UnicodeDecodeError, csv.Error):
                return 'the row is no CSV'
        else:
            fields = line.split(b',')
        if len(fields) < self._columns:
            return 'the row has fewer columns than the header'
        columns = self._columns
        further = fields[columns:]
        if b''.join(further).strip():
            return 'the row has more columns than the header'
        emotion, row.pixels, *usage = (fields[place].strip() for place in self._places)
        label = self._labels.get(emotion)
        if label is None:
            return f'the label is not from 0 to {len(self._labels) - 1}'
        split = _USAGES.get(usage[0]) if usage else self.split
        if split is None:
            return f'the usage is not one of {", ".join(USAGES)}'
        row.label, row.split = label, split
        return ''
