"""Read pictures whose labels are in a table beside them, such as the output of FER+."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
import csv
from dataclasses import dataclass
from dataclasses import field
from io import StringIO
from pathlib import PurePosixPath
import re

import numpy as np

from fer_ros.perception.emotions import FERPLUS_LABELS
from fer_ros.perception.images.picture_formats import PICTURE_SUFFIXES
from training.data.datasets import DataError
from training.data.datasets import PRIVATE
from training.data.datasets import split_of
from training.data.datasets import USAGES
from training.data.labels import NUMBERED
from training.data.reading.archives import READ_ERRORS
from training.data.reading.archives import unreadable
from training.data.reading.csv_rows import LABEL_COLUMNS
from training.data.reading.csv_rows import SPLIT_COLUMNS
from training.data.reading.faults import Faults
from training.data.reading.files import DataFile
from training.data.votes import emotion_votes
from training.data.votes import VOTE_COLUMNS

# Names of the column with the names of the picture files, in small letters without separators.
FILE_COLUMNS = (
    *('image', 'images', 'imagename', 'imagepath', 'imageid', 'img', 'filename', 'file'),
    *('filepath', 'path', 'pth', 'name', 'picture'),
)

# The list of RAF-DB, with the spelling of its authors.
_RAFDB_LIST = re.compile(r'list_par?tition_label', re.IGNORECASE)

# Maximum size of a table of names in bytes; a million names need about 100 MB.
MOST_LIST_BYTES = 256 << 20

# A row of `label.csv`, which FER+ has for each split: the name of the picture, its box, the votes.
_FERPLUS_ROW = re.compile(r'fer\d+\.png,"?\(')


@dataclass
class Listed:
    """
    Pictures with the labels that tables give them.

    :param files: the picture files.
    :param labels: label of each picture.
    :param splits: split of each picture, or an empty string.
    :param votes: votes of FER+ for each picture; empty without votes.
    """

    files: list[DataFile] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    splits: list[str] = field(default_factory=list)
    votes: list[np.ndarray] = field(default_factory=list)


def read_lists(files: Sequence[DataFile], faults: Faults) -> Listed:
    """
    Find the labels of pictures in the tables beside them.

    A table has a column with the names of the files and a column with their labels, and perhaps
    one with their splits; or it is a `label.csv` of FER+, with votes.  Otherwise, the names of the
    table, of its folder and of the folder of the picture give the split.

    :param files: all files of the data set.
    :param faults: collects the rows without a picture or a label.
    :return: the pictures of all tables; empty if there is no such table.
    """
    by_name: dict[str, DataFile] = {}
    by_stem: dict[str, list[DataFile]] = {}
    for file in files:
        if file.suffix in PICTURE_SUFFIXES or not file.suffix:
            by_name[file.name] = file
            by_stem.setdefault(PurePosixPath(file.name).name, []).append(file)
    listed = Listed()
    for table in files:
        if table.suffix in ('.csv', '.tsv') or _RAFDB_LIST.fullmatch(table.stem):
            for name, label, split, votes in _rows(table, faults):
                found = _find(name, table, by_name, by_stem)
                if found is None:
                    faults.skip(f'{table.name}: {name}', 'there is no such picture')
                    continue
                places = (*reversed(found.folders), *reversed(table.folders))
                listed.files.append(found)
                listed.labels.append(label)
                listed.splits.append(split or next(filter(None, map(split_of, places)), ''))
                if votes is not None:
                    listed.votes.append(votes)
    if listed.votes and len(listed.votes) < len(listed.files):
        raise DataError('some tables have votes of FER+ and others do not; keep only one kind')
    if any(listed.splits):
        listed.splits = [split or PRIVATE for split in listed.splits]
    return listed


def _rows(table: DataFile, faults: Faults) -> Iterator[tuple[str, str, str, np.ndarray | None]]:
    """Iterate over the names, labels, splits and votes of a table; none if it is another table."""
    try:
        content = table.read(MOST_LIST_BYTES).decode('utf-8-sig')
    except (*READ_ERRORS, UnicodeDecodeError) as error:
        faults.skip(table.name, f'the table cannot be read ({unreadable(error)})')
        return
    if _RAFDB_LIST.fullmatch(table.stem):
        yield from _rafdb_rows(content)
        return
    first = content[:4096].split('\n', 1)[0]
    split = split_of(table.stem) or ''
    if _FERPLUS_ROW.match(first):
        yield from _ferplus_rows(csv.reader(StringIO(content)), table, faults, split)
        return
    delimiter = max(',;\t', key=first.count)
    reader = csv.reader(StringIO(content), delimiter=delimiter)
    header = [re.sub(r'[ _-]', '', name.lower()) for name in next(reader, [])]
    columns = [
        next((place for place, name in enumerate(header) if name in known), None)
        for known in (FILE_COLUMNS, LABEL_COLUMNS, SPLIT_COLUMNS)
    ]
    of_file, of_label, of_split = columns
    if of_file is None or of_label is None:
        return
    for row in reader:
        if len(row) <= max(place for place in columns if place is not None):
            if row:
                faults.skip(f'{table.name} line {reader.line_num}', 'the row has too few columns')
            continue
        label = re.sub(r'^(\d+)\.0*$', r'\1', row[of_label].strip())
        usage = row[of_split].strip() if of_split is not None else ''
        if not label:
            faults.skip(f'{table.name}: {row[of_file]}', 'the row has no label')
            continue
        yield row[of_file].strip(), label, USAGES.get(usage) or split_of(usage) or split, None


def _ferplus_rows(
    reader: Iterator[list[str]], table: DataFile, faults: Faults, split: str
) -> Iterator[tuple[str, str, str, np.ndarray | None]]:
    """Iterate over the rows of a `label.csv` of FER+; the label has the most votes."""
    for row in reader:
        if not row:
            continue
        try:
            votes = np.array(row[2:], np.int64).reshape(1, len(VOTE_COLUMNS))
        except ValueError:
            faults.skip(f'{table.name}: {row[0]}', 'the row does not have ten numbers of votes')
            continue
        counts = emotion_votes(votes)[0]
        if not counts.max() > 0 or votes.min() < 0 or votes.max() > 10:
            faults.skip(f'{table.name}: {row[0]}', 'no annotator of FER+ saw an emotion')
            continue
        label = FERPLUS_LABELS[int(counts.argmax())]
        yield row[0].strip(), label, split, votes[0].astype(np.uint8)


def _rafdb_rows(content: str) -> Iterator[tuple[str, str, str, np.ndarray | None]]:
    """Iterate over the rows of the list of RAF-DB, such as `train_00001.jpg 5`."""
    first, names = NUMBERED['raf-db']
    for line in content.splitlines():
        name, _, number = line.strip().partition(' ')
        if name and number.isdecimal() and first <= int(number) < first + len(names):
            split = split_of(name.split('_')[0]) or ''
            yield name, names[int(number) - first], split, None


def _find(
    name: str,
    table: DataFile,
    by_name: dict[str, DataFile],
    by_stem: dict[str, list[DataFile]],
) -> DataFile | None:
    """Find the picture that a table names: beside the table, or the only one of this name."""
    plain = name.replace('\\', '/').removeprefix('./')
    file = by_name.get('/'.join((*table.folders, plain))) or by_name.get(plain)
    if file is None:
        last = PurePosixPath(plain)
        # RAF-DB lists train_00001.jpg, and has train_00001_aligned.jpg.
        found = by_stem.get(last.name, []) or by_stem.get(f'{last.stem}_aligned{last.suffix}', [])
        inside = [one for one in found if one.name.endswith(f'/{plain}')] or found
        file = inside[0] if len(inside) == 1 else None
    return file
