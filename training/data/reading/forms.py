"""Read a data set in any supported format, detected from its path."""

from __future__ import annotations

from pathlib import Path
import sys

from training.data.datasets import CKPLUS_FILE
from training.data.datasets import DataError
from training.data.datasets import FaceData
from training.data.datasets import PACKED_FILE
from training.data.datasets import read_fer2013
from training.data.datasets import SPLIT_NAMES
from training.data.reading.csv_files import CSV_NAMES
from training.data.reading.csv_files import read_csv
from training.data.reading.faults import Faults
from training.data.reading.ferplus_file import VOTES_FILE
from training.data.reading.folders import read_folders


def read_data(path: Path, strict: bool = False) -> FaceData:
    """
    Read a data set in any supported format, and report skipped rows and files.

    :param path: path of one of these: the packed `fer2013.npz`, or a folder with it; `CK+48.zip`,
        or
        its folder; `fer2013.csv`, or a folder with it or with a CSV for each split; a folder or an
        archive of pictures.
    :param strict: whether to fail at the first broken row or file instead of skipping it.
    :return: the pictures.
    :raises DataError: if the format is not supported, or a row or file is broken and `strict` is
        set.
    """
    faults = Faults(strict)
    data = _read(path, faults)
    if faults.count:
        print(faults.text(), file=sys.stderr)
    return data


def _read(path: Path, faults: Faults) -> FaceData:
    """Read a data set with the reader of its format."""
    if path.suffix == '.npz':
        return read_fer2013(path)
    if path.suffix == '.csv':
        return read_csv(path, faults)
    if path.suffix == '.zip':
        return read_folders(path, faults)
    for name in (PACKED_FILE, f'fer2013/{PACKED_FILE}'):
        if (path / name).is_file():
            return read_fer2013(path / name)
    if (path / CKPLUS_FILE).is_file():
        return read_folders(path / CKPLUS_FILE, faults)
    if not path.is_dir():
        raise DataError(f'{path} is not a .npz, .zip or .csv file or a folder')
    tables = [file for file in path.glob('*.csv') if file.name != VOTES_FILE]
    if any(file.name in CSV_NAMES or file.stem.lower() in SPLIT_NAMES for file in tables):
        return read_csv(path, faults)
    if len(tables) == 1 and not any(child.is_dir() for child in path.iterdir()):
        return read_csv(path, faults)
    return read_folders(path, faults)
