"""
Pictures from CSV files and folders, with what is broken in them counted and named.

Nothing is ever half read: a row or a file is taken whole or skipped, and why stands in `Faults`.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
import csv
from dataclasses import dataclass
from dataclasses import field
import hashlib
from io import BytesIO
from pathlib import Path
import sys

import cv2
import numpy as np
from PIL import Image
from PIL import ImageOps

from fer_ros.perception.emotions import FER2013_LABELS
from fer_ros.perception.emotions import FERPLUS_LABELS
from training.datasets import CKPLUS_FILE
from training.datasets import DataError
from training.datasets import FaceData
from training.datasets import FER2013_SIDE
from training.datasets import PACKED_FILE
from training.datasets import PRIVATE
from training.datasets import PUBLIC
from training.datasets import read_ckplus
from training.datasets import read_fer2013
from training.datasets import TRAIN
from training.votes import VOTE_COLUMNS

# What the official CSV calls its splits.
USAGES = {'Training': TRAIN, 'PublicTest': PUBLIC, 'PrivateTest': PRIVATE}

# What people call the files and folders of the splits.
SPLIT_NAMES = {
    'train': TRAIN,
    'training': TRAIN,
    'val': PUBLIC,
    'valid': PUBLIC,
    'validation': PUBLIC,
    'public': PUBLIC,
    'publictest': PUBLIC,
    'test': PRIVATE,
    'private': PRIVATE,
    'privatetest': PRIVATE,
}

# What people call the emotions.
CLASS_NAMES = {
    'anger': 'angry',
    'disgusted': 'disgust',
    'fearful': 'fear',
    'happiness': 'happy',
    'sadness': 'sad',
    'surprised': 'surprise',
}

PICTURE_SUFFIXES = {'.png', '.jpg', '.jpeg', '.bmp', '.webp', '.tif', '.tiff', '.pgm'}

VOTES_FILE = 'fer2013new.csv'

_PIXELS = FER2013_SIDE**2

# Told after this many rows or files.
_PROGRESS_EVERY = 2000


@dataclass
class Faults:
    """
    What was skipped, and why.

    :param strict: stop at the first one.
    :param names: of rows or files by the reason for which they were skipped.
    """

    strict: bool = False
    names: dict[str, list[str]] = field(default_factory=dict)

    def skip(self, name: str, reason: str) -> None:
        """
        Count a row or a file as skipped.

        :param name: of it.
        :param reason: in words.
        :raises DataError: if this is strict.
        """
        if self.strict:
            raise DataError(f'{name}: {reason}')
        self.names.setdefault(reason, []).append(name)

    @property
    def count(self) -> int:
        """How many were skipped."""
        return sum(map(len, self.names.values()))

    def text(self, most: int = 5) -> str:
        """
        Tell what was skipped, a line for each reason.

        :param most: names that a line lists.
        :return: lines, or nothing.
        """
        return '\n'.join(
            f'skipped {len(names)}: {reason}: {", ".join(names[:most])}'
            + (', …' if len(names) > most else '')
            for reason, names in self.names.items()
        )


def progress_line(done: int) -> None:
    """Write how many rows or files are read, over the line before, where somebody watches."""
    if sys.stderr.isatty() and done % _PROGRESS_EVERY == 0:
        sys.stderr.write(f'\r{done} read')


def read_data(path: Path, strict: bool = False) -> FaceData:
    """
    Read a data set, whichever of the known forms a path leads to, and tell what was skipped.

    :param path: of the packed `fer2013.npz` or a folder with it, of `CK+48.zip` or its folder, of
        `fer2013.csv` or a folder with it or with a CSV for each split, or of a folder of pictures.
    :param strict: stop at the first row or file that is broken, rather than skip it.
    :return: the pictures.
    :raises DataError: if the path leads to nothing of the kind, or something is broken.
    """
    if path.suffix == '.zip':
        return read_ckplus(path)
    if path.suffix == '.npz':
        return read_fer2013(path)
    for name in (PACKED_FILE, f'fer2013/{PACKED_FILE}'):
        if (path / name).is_file():
            return read_fer2013(path / name)
    if (path / CKPLUS_FILE).is_file():
        return read_ckplus(path / CKPLUS_FILE)
    faults = Faults(strict)
    if path.suffix == '.csv':
        data = read_csv(path, faults)
    elif (path / 'fer2013.csv').is_file():
        data = read_csv(path / 'fer2013.csv', faults)
    elif any(file.stem.lower() in SPLIT_NAMES for file in path.glob('*.csv')):
        data = read_csv(path, faults)
    elif path.is_dir():
        data = read_folders(path, faults)
    else:
        raise DataError(f'{path} is no .npz, .zip, .csv or folder')
    if faults.count:
        print(faults.text(), file=sys.stderr)
    return data


def read_csv(
    path: Path, faults: Faults, progress: Callable[[int], None] = progress_line
) -> FaceData:
    """
    Read FER2013 as a CSV.

    Either one file with the columns `emotion`, `pixels` and `Usage`, or a folder of files with
    the first two, each named after its split (`train.csv`, `validation.csv`, `test.csv`).  Where
    `fer2013new.csv` lies beside, the votes of FER+ come along, by the number of the row.

    :param path: of the file or the folder.
    :param faults: told of every row that is skipped.
    :param progress: told how many rows are read.
    :return: the pictures in order; the source id has the number of the row, from 0 on.
    :raises DataError: if there is no such file, it has other columns, or no row is left.
    """
    files: list[tuple[Path, str | None]]
    if path.is_file():
        files = [(path, None)]
    else:
        files = [
            (file, SPLIT_NAMES[file.stem.lower()])
            for file in sorted(path.glob('*.csv'))
            if file.stem.lower() in SPLIT_NAMES
        ]
    if not files:
        raise DataError(f'{path} holds no fer2013.csv, and no train.csv, validation.csv, test.csv')
    votes_path = files[0][0].parent / VOTES_FILE
    votes = read_votes(votes_path) if len(files) == 1 and votes_path.is_file() else None
    images, labels, split, source, kept_votes = [], [], [], [], []
    digest = hashlib.sha256()
    done = 0
    for file, file_split in files:
        for row, fields in _csv_rows(file, file_split):
            done += 1
            progress(done)
            name = f'{file.name} row {row}'
            read = _parse_row(fields, file_split, name, faults)
            if read is None:
                continue
            if votes is not None and row >= len(votes):
                faults.skip(name, f'no votes: {VOTES_FILE} has {len(votes)} rows')
                continue
            image, label, row_split = read
            images.append(image)
            labels.append(label)
            split.append(row_split)
            source.append(f'{file.stem}/{row:05d}')
            if votes is not None:
                kept_votes.append(votes[row])
            digest.update(image.tobytes())
    if not images:
        raise DataError(f'{path} has no row that can be read\n{faults.text()}')
    return FaceData(
        images=np.stack(images),
        labels=np.array(labels, np.int64),
        split=np.array(split),
        source=np.array(source),
        label_names=FER2013_LABELS,
        votes=np.stack(kept_votes) if votes is not None else None,
        sha256=digest.hexdigest(),
    )


def _csv_rows(file: Path, split: str | None) -> Iterator[tuple[int, dict[str, str | None]]]:
    """Go through the rows of a CSV, with their numbers from 0 on."""
    try:
        with open(file, newline='', encoding='utf-8') as opened:
            reader = csv.DictReader(opened)
            wanted = {'emotion', 'pixels'} | (set() if split else {'Usage'})
            missing = wanted - set(reader.fieldnames or ())
            if missing:
                raise DataError(f'{file} has no column {", ".join(sorted(missing))}')
            yield from enumerate(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f'{file} cannot be read: {error}') from error


def _parse_row(
    fields: dict[str, str | None], split: str | None, name: str, faults: Faults
) -> tuple[np.ndarray, int, str] | None:
    """Make a picture, its label and its split of a row, or count it as skipped."""
    emotion, pixels = (fields['emotion'] or '').strip(), fields['pixels'] or ''
    if not (emotion.isascii() and emotion.isdigit() and int(emotion) < len(FER2013_LABELS)):
        faults.skip(name, f'the label is not from 0 to {len(FER2013_LABELS) - 1}')
        return None
    if split is None:
        split = USAGES.get((fields['Usage'] or '').strip())
        if split is None:
            faults.skip(name, f'the usage is not one of {", ".join(USAGES)}')
            return None
    # Digits and blanks alone; NumPy would stop at anything else without a word.
    if not pixels.isascii() or pixels.encode().translate(None, b'0123456789 '):
        faults.skip(name, 'a pixel is no number from 0 to 255')
        return None
    values = np.fromstring(pixels, np.int64, sep=' ') if pixels.strip() else np.empty(0, np.int64)
    if len(values) != _PIXELS:
        faults.skip(name, f'the number of pixels is not {_PIXELS}')
        return None
    if values.max() > 255:
        faults.skip(name, 'a pixel is no number from 0 to 255')
        return None
    image = values.astype(np.uint8).reshape(FER2013_SIDE, FER2013_SIDE)
    return image, int(emotion), split


def read_votes(path: Path) -> np.ndarray:
    """
    Read the votes of FER+, which go by the order of the rows.

    The names of the pictures in it do not: from row 60 on the number in a name is not the row.

    :param path: of `fer2013new.csv`.
    :return: (N, 10) uint8, columns as `votes.VOTE_COLUMNS`.
    :raises DataError: if it cannot be read, or a row has other than whole numbers from 0 to 10.
    """
    try:
        with open(path, newline='', encoding='utf-8') as opened:
            reader = csv.DictReader(opened)
            missing = [name for name in VOTE_COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise DataError(f'{path} has no column {", ".join(missing)}')
            rows = [[int(row[name]) for name in VOTE_COLUMNS] for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error, TypeError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f'{path} cannot be read: {error}') from error
    votes = np.array(rows, np.int64).reshape(-1, len(VOTE_COLUMNS))
    if len(votes) and not 0 <= votes.min() <= votes.max() <= 10:
        raise DataError(f'{path} has votes from {votes.min()} to {votes.max()}, not 0 to 10')
    return votes.astype(np.uint8)


def read_folders(
    path: Path, faults: Faults, progress: Callable[[int], None] = progress_line
) -> FaceData:
    """
    Read pictures that lie in a folder for each class.

    Either `train/<class>/`, `validation/<class>/` and `test/<class>/`, or `<class>/` alone; the
    latter has no splits, and all of it is `private`: to be measured on.

    :param path: of the folder.
    :param faults: told of every file that is skipped.
    :param progress: told how many files are read.
    :return: the pictures, made gray and 48x48 pixels; the source id is the path below the folder.
        The labels are FER2013's, or FER+'s, if these have all the classes, else the classes in
        alphabetical order.
    :raises DataError: if there are no two classes, or no picture can be read.
    """
    below = sorted(folder for folder in path.iterdir() if folder.is_dir())
    splits = {folder: SPLIT_NAMES.get(folder.name.lower()) for folder in below}
    class_folders: list[tuple[Path, str]] = []
    if below and all(splits.values()):
        for folder, split in splits.items():
            class_folders += [(f, split) for f in sorted(folder.iterdir()) if f.is_dir() and split]
    else:
        class_folders = [(folder, PRIVATE) for folder in below]
    found = {_class_name(folder) for folder, _ in class_folders}
    if len(found) < 2:
        raise DataError(f'{path} has not two folders of classes: {", ".join(sorted(found))}')
    names = next(
        (known for known in (FER2013_LABELS, FERPLUS_LABELS) if found <= set(known)),
        tuple(sorted(found)),
    )
    images, labels, split_of, source = [], [], [], []
    done = 0
    for folder, split in class_folders:
        for file in sorted(f for f in folder.rglob('*') if f.is_file()):
            done += 1
            progress(done)
            name = file.relative_to(path).as_posix()
            image = _read_picture(file, name, faults)
            if image is None:
                continue
            images.append(image)
            labels.append(names.index(_class_name(folder)))
            split_of.append(split)
            source.append(name)
    if not images:
        raise DataError(f'{path} has no picture that can be read\n{faults.text()}')
    stacked = np.stack(images)
    return FaceData(
        images=stacked,
        labels=np.array(labels, np.int64),
        split=np.array(split_of),
        source=np.array(source),
        label_names=names,
        sha256=hashlib.sha256(stacked.tobytes()).hexdigest(),
    )


def _class_name(folder: Path) -> str:
    """Give the name of a class as it is here."""
    name = folder.name.lower()
    return CLASS_NAMES.get(name, name)


def _read_picture(file: Path, name: str, faults: Faults) -> np.ndarray | None:
    """Read a picture in gray at 48x48 pixels, or count it as skipped."""
    if file.suffix.lower() not in PICTURE_SUFFIXES:
        faults.skip(name, 'the file is no picture by its name')
        return None
    try:
        content = file.read_bytes()
    except OSError as error:
        faults.skip(name, f'the file cannot be read ({error.strerror})')
        return None
    if not content:
        faults.skip(name, 'the file is empty')
        return None
    try:
        # Unlike OpenCV, Pillow refuses a picture that ends too early, and checks what it reads.
        with Image.open(BytesIO(content)) as opened:
            image = np.asarray(ImageOps.exif_transpose(opened).convert('L'))
    # A broken PNG is a SyntaxError to Pillow.
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        faults.skip(name, 'the picture cannot be decoded')
        return None
    if image.shape == (FER2013_SIDE, FER2013_SIDE):
        return image
    shrink = min(image.shape) > FER2013_SIDE
    return cv2.resize(
        image,
        (FER2013_SIDE, FER2013_SIDE),
        interpolation=cv2.INTER_AREA if shrink else cv2.INTER_LINEAR,
    )
