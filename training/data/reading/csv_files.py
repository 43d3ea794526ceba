"""Read pictures from CSV files, one per row, and report broken rows."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
import hashlib
from math import isqrt
from pathlib import Path
import re
import sys

import cv2
import numpy as np

from fer_ros.perception.emotions import FER2013_LABELS
from fer_ros.perception.emotions import FERPLUS_LABELS
from training.data.datasets import DataError
from training.data.datasets import FaceData
from training.data.datasets import FER2013_SIDE
from training.data.datasets import PRIVATE
from training.data.datasets import split_of
from training.data.datasets import SPLIT_TITLES
from training.data.labels import order_named_by
from training.data.reading.csv_blocks import blocks
from training.data.reading.csv_rows import Row
from training.data.reading.csv_rows import Table
from training.data.reading.faults import Faults
from training.data.reading.ferplus_file import read_votes
from training.data.reading.ferplus_file import VOTES_FILE
from training.data.reading.ferplus_file import VotesFile
from training.data.reading.files import DataFile
from training.data.reading.files import file_on_disk
from training.data.reading.pixels import parse_ranges
from training.data.reading.pixels import PIXELS

# File names of a CSV with all splits: the official FER2013, its later release with the columns in
# another order, and CK+.
CSV_NAMES = ('fer2013.csv', 'icml_face_data.csv', 'ckextended.csv')

# Sides of pictures in rows of text [px].
LEAST_SIDE, LARGEST_SIDE = 16, 512

# From this number of different labels on, numbers without 0 may be shifted by one, and are not
# FER2013 with a few broken rows.
LEAST_SHIFTED = 4

# A label that is a number.
_NUMBER = re.compile(r'-?\d{1,9}')


@dataclass
class _Read:
    """The rows that were read, of all files."""

    names: list[str] = field(default_factory=list)
    images: list[np.ndarray] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    split: list[str] = field(default_factory=list)
    source: list[str] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    votes: list[np.ndarray] = field(default_factory=list)
    side: int = FER2013_SIDE


def read_csv(path: Path, faults: Faults, labels: Sequence[str] = ()) -> FaceData:
    """
    Read FER2013 or CK+ from CSV.

    :param path: path of a file or a folder, as in `csv_files`.
    :param faults: collects every skipped row.
    :param labels: names of the labels that the user gives, as in `name_labels`.
    :return: the pictures, as `read_tables` returns them.
    :raises DataError: if there is no such file, a column is missing, or no row can be read.
    """
    files = csv_files(path)
    votes_path = files[0].parent / VOTES_FILE
    votes = read_votes(votes_path) if votes_path.is_file() else None
    return read_tables([file_on_disk(file) for file in files], path, faults, votes, labels)


def read_tables(
    files: Sequence[DataFile],
    path: Path,
    faults: Faults,
    votes: VotesFile | None = None,
    labels: Sequence[str] = (),
) -> FaceData:
    """
    Read pictures from tables with the columns `emotion`, `pixels` and perhaps `Usage`.

    Without the last column, the name of a file gives its split (`train.csv`), or there are no
    splits.  A file whose name begins with `ck` has the eight labels of CK+ with neutral faces
    (Kaggle's `ckextended.csv`); numbers in any other file are the seven labels of FER2013.

    :param files: one file, or a file for each split.
    :param path: path of the data set, for messages.
    :param faults: collects every skipped row.
    :param votes: votes of FER+, which are added by row number; not for CK+.
    :param labels: names of the labels that the user gives; numbers are then not interpreted here.
    :return: the pictures in order, in 48x48 pixels; the identifier of a picture contains its row
        number, from 0.
    :raises DataError: if a column is missing, or no row can be read.
    """
    known = FERPLUS_LABELS if files[0].stem.lower().startswith('ck') else FER2013_LABELS
    votes = votes if known is FER2013_LABELS else None
    read, unsplit = _Read(), False
    for file in files:
        for table, rows, pixels, voted in _read_file(file, read.names, votes, faults, len(files)):
            unsplit |= not table.has_splits
            read.side = isqrt(pixels.shape[1])
            read.images.append(_to_side(pixels))
            read.labels += [row.label for row in rows]
            read.split += [row.split or PRIVATE for row in rows]
            read.source += [f'{file.stem}/{row.number:05d}' for row in rows]
            read.rows += [row.name(file) for row in rows]
            read.votes.append(voted)
    number = np.array(read.labels, np.int64)
    names, kept = tuple(read.names), np.ones(len(number), bool)
    if not labels:
        names, number, kept = _numbered(read, known, order_named_by(str(path)), faults)
    if not kept.any():
        raise DataError(f'no row of {path} can be read\n{faults.text()}')
    images = np.concatenate(read.images)
    if not kept.all():
        images = images[kept]
    sizes = None
    if read.side != FER2013_SIDE:
        sizes = np.full((len(images), 2), read.side, np.int64)
    return FaceData(
        images=images,
        labels=number[kept],
        split=np.array(read.split, '<U7')[kept],
        source=np.array(read.source)[kept],
        label_names=names,
        votes=None if votes is None else np.concatenate(read.votes)[kept],
        sha256=hashlib.sha256(images.data).hexdigest(),
        sizes=sizes,
        skipped=faults.names,
        unsplit=unsplit,
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
    files = sorted(file for file in path.glob('*.csv') if file.is_file())
    chosen = choose_tables([file.name for file in files])
    if chosen:
        return [path / name for name in chosen]
    raise DataError(
        f'{path} contains neither fer2013.csv nor train.csv, validation.csv and test.csv'
    )


def choose_tables(names: Sequence[str]) -> list[str]:
    """
    Choose the files of a data set in CSV format.

    :param names: names of files in one folder.
    :return: one file with all splits, or a file for each split; empty if there are none.
    """
    tables = [name for name in names if name.lower().endswith('.csv') and name != VOTES_FILE]
    whole = [name for known in CSV_NAMES for name in tables if name.lower() == known]
    if whole:
        return whole[:1]
    by_split = [name for name in tables if split_of(Path(name).stem)]
    return by_split or (tables if len(tables) == 1 else [])


def _numbered(
    read: _Read, known: Sequence[str], named: str | None, faults: Faults
) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """
    Interpret the labels of a table.

    :param read: rows with the labels of the table.
    :param known: labels in the order of their numbers.
    :param named: data set that the path names, whose numbers have another order, or None.
    :param faults: collects the rows with other labels.
    :return: names of the labels, (N,) label of each row, and (N,) bool of the rows to keep.
    """
    labels = np.array(read.labels, np.int64)
    count = np.bincount(labels, minlength=len(read.names))
    numbers = {i: int(name) for i, name in enumerate(read.names) if _NUMBER.fullmatch(name)}
    is_number = np.isin(np.arange(len(read.names)), list(numbers))
    kept = np.ones(len(labels), bool)
    if not len(labels) or 2 * count[is_number].sum() < len(labels):
        # Labels in words; a row without a label is broken.
        kept = np.array([read.names[label].strip() != '' for label in labels], bool)
        for index in np.flatnonzero(~kept):
            faults.skip(read.rows[index], 'the row has no label')
        return tuple(read.names), labels, kept
    shifted = _is_shifted(set(numbers.values()), len(known))
    _check_splits(read, numbers, len(known))
    if shifted or named not in (None, 'fer2013'):
        kept = is_number[labels]
    else:
        valid = [numbers.get(i, -1) in range(len(known)) for i in range(len(read.names))]
        kept = np.array(valid, bool)[labels]
    for index in np.flatnonzero(~kept):
        faults.skip(read.rows[index], f'the label is not from 0 to {len(known) - 1}')
    if shifted or named not in (None, 'fer2013'):
        # The numbers are interpreted or refused with those of folders.
        order = sorted(i for i in numbers if kept[labels == i].any())
        index_of = {label: index for index, label in enumerate(order)}
        renumbered = np.array([index_of.get(label, 0) for label in labels], np.int64)
        return tuple(read.names[i] for i in order), renumbered, kept
    table = np.array([numbers.get(i, 0) for i in range(len(read.names))], np.int64)
    return tuple(known), table[labels], kept


def _is_shifted(values: set[int], count: int) -> bool:
    """Return whether numbers may begin at another number than 0, for a number of labels."""
    if len(values) < LEAST_SHIFTED:
        return False
    # A number of -1 beside all others marks a picture without a label.
    return 0 not in values or (min(values) < 0 and max(values) < count - 1)


def _check_splits(read: _Read, numbers: dict[int, int], count: int) -> None:
    """Refuse labels that begin at 0 in one split and at 1 in another."""
    labels, split = np.array(read.labels), np.array(read.split)
    used = {
        name: {numbers[i] for i in set(labels[split == name].tolist()) if i in numbers}
        for name in sorted(set(read.split))
    }
    if not any(0 in values for values in used.values()):
        return
    for name, values in used.items():
        if _is_shifted(values, count) and max(values) == count:
            raise DataError(
                f'the labels of the {SPLIT_TITLES[name]} pictures are the numbers '
                f'{min(values)} to {max(values)}, but those of another split begin at 0; number '
                'the labels of all splits in the same way'
            )


def _read_file(
    file: DataFile, labels: list[str], votes: VotesFile | None, faults: Faults, count: int
) -> Iterator[tuple[Table, list[Row], np.ndarray, np.ndarray]]:
    """
    Read the valid rows, one block at a time.

    :return: iterator over the table, M rows, their pixels as (M, pixels) uint8, and their votes as
        (M, 10) uint8, or (M, 0) without votes.
    """
    table: Table | None = None
    pixel_count = 0
    voted, voted_split = np.empty((0, 0), np.uint8), np.empty(0, '<U7')
    for text, size in blocks(file):
        if table is None:
            table = Table(file, text, size, labels)
            if not table.has_labels:
                if count == 1:
                    raise DataError(table.lacks)
                faults.skip(file.name, 'the file has no column emotion, so it has no labels')
                return
            if votes is not None:
                where = votes.split == (table.split or votes.split)
                voted, voted_split = votes.votes[where], votes.split[where]
        rows = table.rows(text, size)
        if votes is not None:
            _check_votes(rows, voted_split)
        parsed = [row for row in rows if not row.fault]
        pixel_count = pixel_count or _count_pixels(text, parsed)
        ranges = [row.pixels for row in parsed]
        pixels, wrong = parse_ranges(text, size, ranges, pixel_count or PIXELS)
        for position, reason in wrong.items():
            parsed[position].fault = reason
        for row in rows:
            if row.fault:
                faults.skip(row.name(file), row.fault)
        whole = [row for row in rows if not row.fault]
        numbers = [row.number for row in whole]
        yield table, whole, pixels, voted[numbers] if votes is not None else voted
    if table is not None and table.count < len(voted):
        message = (
            f'{file.name} has {table.count} rows, but {VOTES_FILE} has votes for {len(voted)}. '
            'Votes are assigned by row number, so they are correct only if the missing rows are '
            'the last ones'
        )
        if faults.strict:
            raise DataError(message)
        print(message, file=sys.stderr)


def _count_pixels(text: bytearray, rows: Sequence[Row]) -> int:
    """Return the number of pixels of the first row that has a square picture, or 0."""
    for row in rows:
        count = len(re.findall(rb'[\d.]+', text[slice(*row.pixels)]))
        side = isqrt(count)
        if side**2 == count and LEAST_SIDE <= side <= LARGEST_SIDE:
            return count
    return 0


def _to_side(pixels: np.ndarray) -> np.ndarray:
    """
    Resize pictures to the size of FER2013.

    :param pixels: (N, side ** 2) uint8 gray values of the pictures, row by row.
    :return: (N, 48, 48) uint8 gray pictures.
    """
    side = isqrt(pixels.shape[1])
    images = pixels.reshape(-1, side, side)
    if side == FER2013_SIDE:
        return images
    how = cv2.INTER_AREA if side > FER2013_SIDE else cv2.INTER_LINEAR
    size = (FER2013_SIDE, FER2013_SIDE)
    resized = [cv2.resize(image, size, interpolation=how) for image in images]
    return np.stack(resized) if resized else np.empty((0, *size), np.uint8)


def _check_votes(rows: Sequence[Row], voted_split: np.ndarray) -> None:
    """Mark rows without votes, or with votes of another split."""
    for row in rows:
        if row.fault:
            continue
        if row.number >= len(voted_split):
            row.fault = f'{VOTES_FILE} has no votes for the row'
        elif row.split and voted_split[row.number] != row.split:
            row.fault = f'{VOTES_FILE} has another split in this row'
