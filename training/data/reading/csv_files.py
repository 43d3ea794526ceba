"""Read pictures from CSV files, one per row, and report broken rows."""

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
from training.data.datasets import DataError
from training.data.datasets import FaceData
from training.data.datasets import FER2013_SIDE
from training.data.datasets import SPLIT_NAMES
from training.data.datasets import USAGES
from training.data.progress_bar import progress_bar
from training.data.reading.faults import Faults
from training.data.reading.ferplus_file import read_votes
from training.data.reading.ferplus_file import VOTES_FILE
from training.data.reading.ferplus_file import VotesFile
from training.data.reading.pixels import parse_ranges
from training.data.reading.pixels import PIXELS

# File names of a CSV with all splits: the official FER2013, its later release with the columns in
# another order, and CK+.
CSV_NAMES = ('fer2013.csv', 'icml_face_data.csv', 'ckextended.csv')

# Bytes read at once: enough rows for NumPy to be fast, few enough for the CPU cache.
BLOCK_BYTES = 1 << 18

# Number of blanks before the text, which the parser needs before the first number.
MARGIN = 4

# Characters to strip around a field.
_AROUND = b'" \t\r'

_USAGES = {name.encode(): split for name, split in USAGES.items()}


@dataclass
class _Row:
    """
    A row of a file.

    :param line: line number in the file, from 1.
    :param number: row number from 0, not counting blank rows; -1 for a blank row.
    :param fault: reason why the row is skipped, or an empty string.
    :param pixels: begin and end of the numbers in the current block.
    """

    line: int
    number: int
    fault: str = ''
    label: int = 0
    split: str = ''
    pixels: tuple[int, int] = (0, 0)

    def name(self, file: Path) -> str:
        """Return the name of the row for messages."""
        row = '' if self.number < 0 else f' (row {self.number})'
        return f'{file.name} line {self.line}{row}'


def read_csv(path: Path, faults: Faults) -> FaceData:
    """
    Read FER2013 or CK+ from CSV.

    The path is either one file with the columns `emotion`, `pixels` and `Usage`, or files with the
    first two, each named after its split (`train.csv`, `validation.csv`, `test.csv`).  A file
    whose
    name begins with `ck` has the eight labels of CK+ with neutral faces (Kaggle's
    `ckextended.csv`);
    any other file has the seven labels of FER2013.  If `fer2013new.csv` is beside FER2013, its
    FER+
    votes are added by row number.

    :param path: path of a file or a folder.
    :param faults: collects every skipped row.
    :return: the pictures in order; the identifier of a picture contains its row number, from 0.
    :raises DataError: if there is no such file, a column is missing, or no row can be read.
    """
    files = csv_files(path)
    names = FERPLUS_LABELS if files[0].stem.lower().startswith('ck') else FER2013_LABELS
    votes_path = files[0].parent / VOTES_FILE
    has_votes = names is FER2013_LABELS and votes_path.is_file()
    votes = read_votes(votes_path) if has_votes else None
    # Upper bound of the number of rows, as each has `PIXELS` numbers; unused memory is never
    # allocated.
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
        raise DataError(f'no row of {path} can be read\n{faults.text()}')
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
    Find the files of a data set in CSV format.

    :param path: path of a file or a folder.
    :return: one file with all splits, or a file for each split, in the order of their names.
    :raises DataError: if there is no CSV file.
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
    raise DataError(
        f'{path} contains neither fer2013.csv nor train.csv, validation.csv and test.csv'
    )


def _read_file(
    file: Path, labels: Sequence[str], votes: VotesFile | None, faults: Faults
) -> Iterator[tuple[list[_Row], np.ndarray, np.ndarray]]:
    """
    Read the valid rows, one block at a time.

    :return: iterator over M rows, their pixels as (M, 2304) uint8, and their votes as (M, 10)
        uint8,
        or (M, 0) without votes.
    """
    form: _Form | None = None
    voted, voted_split = np.empty((0, 0), np.uint8), np.empty(0, '<U7')
    for text, size in _blocks(file):
        if form is None:
            form = _Form(file, text, size, len(labels))
            if votes is not None:
                where = votes.split == (form.split or votes.split)
                voted, voted_split = votes.votes[where], votes.split[where]
        rows = form.rows(text, size)
        if votes is not None:
            _check_votes(rows, voted_split)
        parsed = [row for row in rows if not row.fault]
        pixels, wrong = parse_ranges(text, size, [row.pixels for row in parsed])
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
            f'{file} has {form.count} rows, but {VOTES_FILE} has votes for {len(voted)}. Votes '
            'are assigned by row number, so they are correct only if the missing rows are the '
            'last ones'
        )
        if faults.strict:
            raise DataError(message)
        print(message, file=sys.stderr)


def _check_votes(rows: Sequence[_Row], voted_split: np.ndarray) -> None:
    """Mark rows without votes, or with votes of another split."""
    for row in rows:
        if row.fault:
            continue
        if row.number >= len(voted_split):
            row.fault = f'{VOTES_FILE} has no votes for the row'
        elif voted_split[row.number] != row.split:
            row.fault = f'{VOTES_FILE} has another split in this row'


def _blocks(file: Path) -> Iterator[tuple[bytearray, int]]:
    """
    Read the lines of a file in blocks of some hundred kilobytes.

    :return: iterator over a buffer and the number of its valid bytes.  The buffer has whole lines
        from `MARGIN` on, and blanks before.  The buffer is the same array each time, and may be
        modified.
    """
    text = bytearray(b' ' * MARGIN + bytes(2 * BLOCK_BYTES))
    filled = MARGIN
    try:
        with (
            open(file, 'rb', buffering=0) as opened,
            progress_bar(f'reading {file.name}', file.stat().st_size, 'B') as progress,
        ):
            while True:
                if len(text) - filled <= BLOCK_BYTES:
                    # A line of this length is invalid, but is still reported as one line.
                    text += bytes(len(text))
                count = opened.readinto(memoryview(text)[filled:][:BLOCK_BYTES])
                progress.update(count)
                if not count:
                    break
                filled += count
                size = text.rfind(b'\n', filled - count, filled) + 1
                if size:
                    rest = bytes(memoryview(text)[size:filled])
                    yield text, size
                    text[:MARGIN] = b' ' * MARGIN
                    filled = MARGIN + len(rest)
                    text[MARGIN:filled] = rest
            text[filled:] = b'\n'
            yield text, filled + 1
    except OSError as error:
        raise DataError(f'cannot read {file}: {error}') from error


class _Form:
    """The columns of a file, and the current position in its rows."""

    def __init__(self, file: Path, text: bytearray, size: int, labels: int) -> None:
        """
        Read the header.

        :param file: path of the file.
        :param text: first buffer of `_blocks`; its first line is the header.
        :param size: number of valid bytes in the buffer.
        :param labels: number of labels.
        :raises DataError: if the header is missing or lacks a column.
        """
        end = text.index(b'\n', 0, size)
        header = bytes(text[MARGIN:end]).decode('utf-8-sig', errors='replace').strip()
        names = [name.strip().lower() for name in next(csv.reader([header]), [])]
        # The name of the file gives the split, so the column `Usage` is not needed.
        self.split = SPLIT_NAMES.get(file.stem.lower(), '')
        wanted = ['emotion', 'pixels'] + ([] if self.split else ['Usage'])
        missing = [name for name in wanted if name.lower() not in names]
        if missing:
            begin = f"its first line is '{header[:40]}{'…' if len(header) > 40 else ''}'"
            raise DataError(f'{file} has no column {", ".join(missing)}; {begin}')
        self._places = [names.index(name.lower()) for name in wanted]
        self._columns = len(names)
        self._labels = {str(label).encode(): label for label in range(labels)}
        self._blank: list[_Row] = []
        self._begin = end + 1
        self._lines = 1
        self.count = 0

    def rows(self, text: bytearray, size: int) -> list[_Row]:
        """
        Parse the next lines into rows.

        :param text: buffer of `_blocks`.
        :param size: number of valid bytes in the buffer.
        :return: the rows; blank rows are included only if another row follows, so not at the end.
        """
        rows = []
        begin, self._begin = self._begin, MARGIN
        while begin < size:
            end = text.index(b'\n', begin, size)
            self._lines += 1
            # Long lines cannot be blank, so only short lines are stripped.
            if end - begin < PIXELS and not text[begin:end].strip():
                self._blank.append(_Row(self._lines, -1, 'the row is blank'))
            else:
                rows += self._blank
                self._blank = []
                row = _Row(self._lines, self.count)
                row.fault = self._fill(row, text, begin, end)
                rows.append(row)
                self.count += 1
            begin = end + 1
        return rows

    def _fill(self, row: _Row, text: bytearray, begin: int, end: int) -> str:
        """Fill a row from its line; return the reason if the line is invalid."""
        quoted = text.find(b'"', begin, end) >= 0
        try:
            fields = _quoted_fields(text, begin, end) if quoted else _fields(text, begin, end)
        except (UnicodeDecodeError, csv.Error):
            return 'the row is not valid CSV'
        columns = self._columns
        if len(fields) < columns:
            return 'the row has fewer columns than the header'
        if any(text[first:last].strip() for first, last in fields[columns:]):
            return 'the row has more columns than the header'
        emotion, row.pixels, *usage = (fields[place] for place in self._places)
        label = self._labels.get(bytes(text[slice(*emotion)].strip(_AROUND)))
        if label is None:
            return f'the label is not from 0 to {len(self._labels) - 1}'
        split: str | None = self.split
        if usage:
            split = _USAGES.get(bytes(text[slice(*usage[0])].strip(_AROUND)))
        if split is None:
            return f'the usage is not one of {", ".join(USAGES)}'
        row.label, row.split = label, split
        return ''


def _fields(text: bytearray, begin: int, end: int) -> list[tuple[int, int]]:
    """Return the begin and the end of each field of a line."""
    if text.endswith(b'\r', begin, end):
        end -= 1
    fields = []
    while (comma := text.find(b',', begin, end)) >= 0:
        fields.append((begin, comma))
        begin = comma + 1
    return [*fields, (begin, end)]


def _quoted_fields(text: bytearray, begin: int, end: int) -> list[tuple[int, int]]:
    """Return the begin and the end of each field of a line that contains quotes."""
    fields = []
    for field in next(csv.reader([text[begin:end].decode('utf-8').rstrip('\r')])):
        content = field.encode()
        # A field with escaped quotes is not found in the text; it is no valid number or usage
        # anyway.
        first = max(text.find(content, begin, end), begin)
        fields.append((first, min(first + len(content), end)))
        begin = fields[-1][1]
    return fields
