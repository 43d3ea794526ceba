"""Read pictures from folders and archives, and report broken files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import replace
import hashlib
from io import BytesIO
from pathlib import Path
from pathlib import PurePosixPath
import re
import sys
import zipfile
import zlib

import cv2
import numpy as np
from PIL import Image
from PIL import ImageOps

from fer_ros.perception.emotions import FER2013_LABELS
from fer_ros.perception.emotions import FERPLUS_LABELS
from training.data.datasets import CKPLUS_LABELS
from training.data.datasets import DataError
from training.data.datasets import FaceData
from training.data.datasets import FER2013_SIDE
from training.data.datasets import PRIVATE
from training.data.datasets import SPLIT_NAMES
from training.data.progress_bar import progress_bar
from training.data.reading.faults import Faults
from training.data.reading.ferplus_file import read_votes
from training.data.reading.ferplus_file import VOTES_FILE

# Other common names of the emotions, including those of CK+.
CLASS_NAMES = {
    'anger': 'angry',
    'disgusted': 'disgust',
    'fearful': 'fear',
    'happiness': 'happy',
    'sadness': 'sad',
    'surprised': 'surprise',
}

# A file or a folder, on disk or in an archive.
_Place = Path | zipfile.Path

PICTURE_SUFFIXES = {'.png', '.jpg', '.jpeg', '.bmp', '.webp', '.tif', '.tiff', '.pgm'}

# CK+ names its pictures S<subject>_<session>_<frame>.png.
_CKPLUS_NAME = re.compile(r'S\d+_\d+_\d+\.png')

# Names of folders that tools create, such as `__MACOSX`; they contain no pictures to read.
_LEFT_BEHIND = re.compile(r'\.|__')


@dataclass(frozen=True)
class _Entry:
    """
    A file of a class.

    :param name: path relative to the folder or the archive.
    """

    file: _Place
    name: str
    class_name: str
    split: str


def read_folders(path: Path, faults: Faults) -> FaceData:
    """
    Read pictures from one folder per class, on disk or in a ZIP archive.

    The folders are `train/<class>/`, `validation/<class>/` and `test/<class>/`, or only
    `<class>/`.
    Without folders of splits, all pictures have the split `private`, for measurement, unless they
    are
    split later.  A single enclosing folder, as in `CK+48/<class>/`, is skipped.  If
    `fer2013new.csv`
    is beside the folders and the files have the names of FER+'s own script, its votes are added.

    :param path: path of the folder or the archive.
    :param faults: collects every skipped file.
    :return: the pictures in gray and 48x48 pixels, in the order of their names.  The identifier of
        a
        picture is its path relative to the folder, for CK+
        `ckplus/S<subject>_<session>_<frame>`.  The labels are those of FER2013, CK+ or FER+ if
        they
        include all classes, otherwise the classes in alphabetical order.
    :raises DataError: if there are fewer than two classes, or no picture can be read.
    """
    entries = list(_entries(path, faults))
    found = {entry.class_name for entry in entries}
    if len(found) < 2:
        raise DataError(
            f'{path} must contain at least two class folders, but contains: '
            f'{", ".join(sorted(found))}'
        )
    is_ckplus = found == set(CKPLUS_LABELS) and all(
        _CKPLUS_NAME.fullmatch(entry.file.name) for entry in entries
    )
    known = (CKPLUS_LABELS,) if is_ckplus else (FER2013_LABELS, FERPLUS_LABELS)
    names = next((labels for labels in known if found <= set(labels)), tuple(sorted(found)))
    kept: list[_Entry] = []
    images, sizes = [], []
    with progress_bar(f'reading {path.name}', len(entries), 'files') as progress:
        for entry in entries:
            progress.update(1)
            picture = _read_picture(entry, faults)
            if picture is not None:
                kept.append(entry)
                images.append(_to_side(picture))
                sizes.append(picture.shape)
    if not images:
        raise DataError(f'no picture of {path} can be read\n{faults.text()}')
    stacked = np.stack(images)
    data = FaceData(
        images=stacked,
        labels=np.array([names.index(entry.class_name) for entry in kept], np.int64),
        split=np.array([entry.split for entry in kept]),
        source=np.array(
            [
                f'ckplus/{PurePosixPath(entry.name).stem}' if is_ckplus else entry.name
                for entry in kept
            ]
        ),
        label_names=names,
        sha256=hashlib.sha256(stacked.data).hexdigest(),
        sizes=np.array(sizes, np.int64),
        skipped=faults.names,
    )
    votes_path = path / VOTES_FILE
    return _with_votes(data, votes_path, faults) if votes_path.is_file() else data


def _entries(path: Path, faults: Faults) -> Iterator[_Entry]:
    """Iterate over the files of all classes, in order."""
    try:
        root: _Place = zipfile.Path(path) if path.is_file() else path
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(f'cannot read {path}: {error}') from error
    below = _folders(root)
    prefix = ''
    while len(below) == 1 and below[0].name.lower() not in SPLIT_NAMES and _folders(below[0]):
        prefix += f'{below[0].name}/'
        root, below = below[0], _folders(below[0])
    for file in _children(root):
        if Path(file.name).suffix.lower() in PICTURE_SUFFIXES and file.is_file():
            faults.skip(prefix + file.name, 'the picture is not in a class folder')
    has_splits = any(folder.name.lower() in SPLIT_NAMES for folder in below)
    for folder in below:
        name = f'{prefix}{folder.name}'
        split = SPLIT_NAMES.get(folder.name.lower())
        if not has_splits:
            yield from _class_entries(folder, name, PRIVATE)
        elif split is None:
            faults.skip(name, 'the folder belongs to no split, but other folders do')
        else:
            for class_folder in _folders(folder):
                yield from _class_entries(class_folder, f'{name}/{class_folder.name}', split)


def _children(folder: _Place) -> list[_Place]:
    """List the contents of a folder, ordered by name."""
    return sorted(folder.iterdir(), key=lambda child: child.name)


def _folders(folder: _Place) -> list[_Place]:
    """List the folders in a folder, ordered by name, without those of tools."""
    return [f for f in _children(folder) if f.is_dir() and not _LEFT_BEHIND.match(f.name)]


def _class_entries(folder: _Place, name: str, split: str) -> Iterator[_Entry]:
    """Iterate over the files of a class, in order."""
    class_name = CLASS_NAMES.get(folder.name.lower(), folder.name.lower())
    stack = [(folder, name)]
    while stack:
        current, path = stack.pop()
        for child in _children(current):
            if child.is_dir():
                stack.append((child, f'{path}/{child.name}'))
            else:
                yield _Entry(child, f'{path}/{child.name}', class_name, split)


def _read_picture(entry: _Entry, faults: Faults) -> np.ndarray | None:
    """
    Read a picture in gray, or record it as skipped.

    :return: (H, W) uint8, or None if it is skipped.
    """
    if PurePosixPath(entry.name).suffix.lower() not in PICTURE_SUFFIXES:
        faults.skip(entry.name, 'the file name has no suffix of a picture')
        return None
    try:
        content = entry.file.read_bytes()
    # Exceptions of a broken or encrypted archive.
    except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, EOFError) as error:
        reason = getattr(error, 'strerror', None) or error
        faults.skip(entry.name, f'the file cannot be read ({reason})')
        return None
    if not content:
        faults.skip(entry.name, 'the file is empty')
        return None
    try:
        # Unlike OpenCV, Pillow rejects truncated pictures and verifies checksums.
        with Image.open(BytesIO(content)) as opened:
            turned = ImageOps.exif_transpose(opened)
            if turned.mode.startswith('I'):
                # Pillow's own conversion would clip 16-bit values at 255.
                return (np.asarray(turned).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8)
            return np.asarray(turned.convert('L'))
    # Pillow raises SyntaxError for a broken PNG.
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        faults.skip(entry.name, 'the picture cannot be decoded')
        return None


def _to_side(picture: np.ndarray) -> np.ndarray:
    """Resize a picture to the size of FER2013."""
    if picture.shape == (FER2013_SIDE, FER2013_SIDE):
        return picture
    shrink = min(picture.shape) > FER2013_SIDE
    return cv2.resize(
        picture,
        (FER2013_SIDE, FER2013_SIDE),
        interpolation=cv2.INTER_AREA if shrink else cv2.INTER_LINEAR,
    )


def _with_votes(data: FaceData, votes_path: Path, faults: Faults) -> FaceData:
    """Add the FER+ votes by the names of the files, if FER+ knows any of them."""
    by_name = read_votes(votes_path).by_name()
    rows = [by_name.get(PurePosixPath(str(source)).stem) for source in data.source]
    if all(row is None for row in rows):
        print(
            f'{votes_path} contains none of the pictures, so its votes are not used',
            file=sys.stderr,
        )
        return data
    for source, row in zip(data.source, rows, strict=True):
        if row is None:
            faults.skip(str(source), f'{VOTES_FILE} has no votes for it')
    data = data.take(np.array([row is not None for row in rows]))
    return replace(data, votes=np.stack([row for row in rows if row is not None]))
