"""Read a data set in any supported format, detected from its path and its content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from pathlib import PurePosixPath
import sys

from fer_ros.perception.images.picture_formats import PICTURE_SUFFIXES
from fer_ros.perception.quoting import quoted
from training.data.datasets import CKPLUS_FILE
from training.data.datasets import DataError
from training.data.datasets import FaceData
from training.data.datasets import FER2013_IMAGES_SHA256
from training.data.datasets import PACKED_FILE
from training.data.datasets import read_fer2013
from training.data.labels import name_labels
from training.data.reading.archives import FOREIGN_SUFFIXES
from training.data.reading.archives import is_archive
from training.data.reading.archives import opened_archive
from training.data.reading.archives import SUFFIXES
from training.data.reading.csv_files import choose_tables
from training.data.reading.csv_files import CSV_NAMES
from training.data.reading.csv_files import read_csv
from training.data.reading.csv_files import read_tables
from training.data.reading.faults import Faults
from training.data.reading.files import DataFile
from training.data.reading.files import file_on_disk
from training.data.reading.folders import LAYOUT
from training.data.reading.folders import read_folders
from training.data.reading.impostors import check_start
from training.data.reading.impostors import START_BYTES

# What can be read, for error messages.
FORMS = (
    'a CSV file with the columns emotion and pixels, a .zip or .tar.gz archive, fer2013.npz, or a '
    f'folder with {LAYOUT}'
)


def read_data(path: Path, strict: bool = False, labels: Sequence[str] = ()) -> FaceData:
    """
    Read a data set in any supported format, and report skipped rows and files.

    :param path: path of one of these: the packed `fer2013.npz`, or a folder with it; `CK+48.zip`,
        or its folder; `fer2013.csv`, or a folder with it or with a CSV for each split; a folder of
        pictures; an archive of any of the last two.
    :param strict: whether to fail at the first broken row or file instead of skipping it.
    :param labels: names of the labels, as in `training.data.labels.name_labels`.
    :return: the pictures.
    :raises DataError: if the format is not supported, or a row or file is broken and `strict` is
        set.
    """
    faults = Faults(strict)
    data = _read(path, faults, labels)
    if data.sha256 != FER2013_IMAGES_SHA256 or labels:
        data = name_labels(data, labels, str(path))
    if faults.count:
        print(faults.text(), file=sys.stderr)
    return replace(data, skipped=faults.names)


def _read(path: Path, faults: Faults, labels: Sequence[str]) -> FaceData:
    """Read a data set with the reader of its format."""
    if path.is_dir():
        return _read_folder(path, faults, labels)
    _check_file(path)
    if path.suffix.lower() == '.npz':
        return read_fer2013(path)
    if is_archive(path):
        return _read_archive(path, faults, labels)
    if path.suffix.lower() in ('.csv', '.tsv', '.txt'):
        return read_csv(path, faults, labels)
    if path.suffix.lower() in SUFFIXES:
        with opened_archive(path, faults):
            pass
    hint = ''
    if path.suffix.lower() in FOREIGN_SUFFIXES:
        hint = '; unpack the archive, and give its folder'
    raise DataError(f'{path} is no data set: it must be {FORMS}{hint}')


def _check_file(path: Path) -> None:
    """Check that a file can be read and is the data itself."""
    try:
        if not path.is_file():
            raise DataError(f'{path} is neither a file nor a folder')
        with open(path, 'rb') as opened:
            start = opened.read(START_BYTES)
    except OSError as error:
        raise DataError(f'cannot read {path}: {error.strerror}') from error
    check_start(start, str(path))
    if not start and path.suffix.lower() != '.csv':
        raise DataError(f'{path} is empty; copy or download it again')


def _read_folder(path: Path, faults: Faults, labels: Sequence[str]) -> FaceData:
    """Read a data set from a folder."""
    for name in (PACKED_FILE, f'fer2013/{PACKED_FILE}'):
        if (path / name).is_file():
            _check_file(path / name)
            return read_fer2013(path / name)
    if (path / CKPLUS_FILE).is_file():
        return read_folders(path / CKPLUS_FILE, faults)
    try:
        children = sorted(path.iterdir())
    except OSError as error:
        raise DataError(f'cannot read {path}: {error.strerror}') from error
    folders = [child for child in children if child.is_dir() and child.name[0] != '.']
    tables = choose_tables([child.name for child in children if child.is_file()])
    has_pictures = folders or any(child.suffix.lower() in PICTURE_SUFFIXES for child in children)
    # Beside pictures, a table of another name may contain their labels.
    if tables and (
        tables[0].lower() in CSV_NAMES
        or not has_pictures
        or _has_pixels(file_on_disk(path / tables[0]))
    ):
        return read_csv(path, faults, labels)
    archives = [
        child for child in children if child.is_file() and child.suffix.lower() in SUFFIXES
    ]
    if len(archives) == 1 and not has_pictures:
        return _read(archives[0], faults, labels)
    return read_folders(path, faults)


def _read_archive(path: Path, faults: Faults, labels: Sequence[str]) -> FaceData:
    """Read a data set from an archive: tables if there are any, otherwise pictures."""
    with opened_archive(path, faults) as files:
        tables = _tables(files)
        if tables:
            return read_tables(tables, path, faults, None, labels)
        inner = [file.name for file in files if file.suffix in SUFFIXES]
        if inner and not any(file.suffix in PICTURE_SUFFIXES for file in files):
            raise DataError(
                f'{path} contains the archive {quoted(inner[0])}; unpack {path.name}, and give '
                'the path of that archive'
            )
    return read_folders(path, faults)


def _tables(files: Sequence[DataFile]) -> list[DataFile]:
    """Choose the tables of an archive: those of the outermost folder that has any."""
    by_folder: dict[tuple[str, ...], list[DataFile]] = {}
    for file in files:
        if file.suffix == '.csv':
            by_folder.setdefault(file.folders, []).append(file)
    has_pictures = any(file.suffix in PICTURE_SUFFIXES for file in files)
    for folder in sorted(by_folder, key=len):
        there = {PurePosixPath(file.name).name: file for file in by_folder[folder]}
        names = choose_tables(list(there))
        # Beside pictures, a table may contain anything.
        if names and not (has_pictures and not _has_pixels(there[names[0]])):
            return [there[name] for name in names]
    return []


def _has_pixels(file: DataFile) -> bool:
    """Check whether the first line of a table names a column of pixels."""
    with file.open_file() as opened:
        return b'pixel' in opened.read(4096).split(b'\n')[0].lower()
