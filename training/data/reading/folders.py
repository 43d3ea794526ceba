"""Read pictures that are in one folder per class, and report broken files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
import hashlib
from pathlib import Path
from pathlib import PurePosixPath
import re
import sys

import cv2
import numpy as np

from fer_ros.perception.emotions import FERPLUS_LABELS
from fer_ros.perception.images.picture_formats import PICTURE_SUFFIXES
from fer_ros.perception.images.used_range import choose_range
from fer_ros.perception.images.used_range import scale_to_range
from fer_ros.perception.quoting import quoted
from training.data.datasets import DataError
from training.data.datasets import FaceData
from training.data.datasets import FER2013_SIDE
from training.data.datasets import PRIVATE
from training.data.datasets import split_of
from training.data.progress_bar import progress_bar
from training.data.reading.archives import opened_archive
from training.data.reading.archives import READ_ERRORS
from training.data.reading.archives import unreadable
from training.data.reading.faults import Faults
from training.data.reading.ferplus_file import read_votes
from training.data.reading.ferplus_file import VOTES_FILE
from training.data.reading.files import DataFile
from training.data.reading.files import files_below
from training.data.reading.lists import Listed
from training.data.reading.lists import read_lists
from training.data.reading.pictures import decode_picture
from training.data.reading.pictures import MOST_PICTURE_BYTES
from training.data.reading.pictures import PictureError

# CK+ names its pictures S<subject>_<session>_<frame>.png.
_CKPLUS_NAME = re.compile(r'S\d+_\d+_\d+\.png')

CKPLUS_FOLDERS = {'anger', 'contempt', 'disgust', 'fear', 'happy', 'sadness', 'surprise'}

# The accepted layout, for error messages.
LAYOUT = (
    'train/<class>/<picture> and test/<class>/<picture>, or only <class>/<picture>, for example '
    'train/happy/1.png'
)


@dataclass(frozen=True)
class Labelled:
    """
    A picture file with its label.

    :param class_name: name of its class in the data set.
    :param split: one of `datasets.SPLITS`.
    """

    file: DataFile
    class_name: str
    split: str


def read_folders(path: Path, faults: Faults) -> FaceData:
    """
    Read pictures from one folder per class, on disk or in an archive.

    The folders are `train/<class>/`, `validation/<class>/` and `test/<class>/`, or only
    `<class>/`, in other folders or not.  If `fer2013new.csv` is beside the folders and the files
    have the names of FER+'s own script, its votes are added.

    :param path: path of the folder or the archive.
    :param faults: collects every skipped file.
    :return: the pictures, as `read_labelled` returns them.
    :raises DataError: if there are fewer than two classes, or no picture can be read.
    """
    if path.is_dir():
        data = read_classes(files_below(path, faults), path, faults)
    else:
        with opened_archive(path, faults) as files:
            data = read_classes(files, path, faults)
    votes_path = path / VOTES_FILE
    return _with_votes(data, votes_path, faults) if votes_path.is_file() else data


def read_classes(files: Sequence[DataFile], path: Path, faults: Faults) -> FaceData:
    """
    Read the pictures among files, whose folders are their classes and splits.

    :param files: all files of the data set.
    :param path: path of the data set, for messages.
    :param faults: collects every skipped file.
    :return: the pictures, as `read_labelled` returns them.
    :raises DataError: if there are fewer than two classes, or no picture can be read.
    """
    unplaced = Faults()
    entries, unsplit = assign(files, unplaced)
    found = sorted({entry.class_name for entry in entries})
    listed = read_lists(files, faults) if len(found) < 2 else Listed()
    if listed.votes or len(set(listed.labels)) > 1:
        return _read_listed(listed, path, faults)
    for reason, names in unplaced.names.items():
        for name in names:
            faults.skip(name, reason)
    if len(found) < 2:
        named = f'the class {found[0]}' if found else 'none'
        raise DataError(
            f'{path} must contain at least two class folders, but contains {named}; the '
            f'folders must be {LAYOUT}; or a CSV file beside the pictures must have the columns '
            'image and label' + (f'\n{faults.text()}' if faults.count else '')
        )
    return replace(read_labelled(entries, path, faults), unsplit=unsplit)


def _read_listed(listed: Listed, path: Path, faults: Faults) -> FaceData:
    """Read the pictures that tables name."""
    entries = [
        Labelled(file, label, split or PRIVATE)
        for file, label, split in zip(listed.files, listed.labels, listed.splits, strict=True)
    ]
    data = replace(read_labelled(entries, path, faults), unsplit=not any(listed.splits))
    if not listed.votes:
        return data
    row_of = {file.name: row for row, file in enumerate(listed.files)}
    votes = np.stack([listed.votes[row_of[str(source)]] for source in data.source])
    number = np.array([FERPLUS_LABELS.index(name) for name in data.label_names])
    return replace(data, votes=votes, labels=number[data.labels], label_names=FERPLUS_LABELS)


def read_labelled(entries: Sequence[Labelled], path: Path, faults: Faults) -> FaceData:
    """
    Read picture files.

    :param entries: the files with their labels.
    :param path: path of the data set, for messages.
    :param faults: collects every skipped file.
    :return: the pictures in gray and 48x48 pixels, in the order of the entries.  Values of 16 bits
        and floats are scaled by the range that they use in all files.  The identifier of a picture
        is its path relative to the data set, for CK+ `ckplus/S<subject>_<session>_<frame>`.  The
        labels are the class names, in alphabetical order.
    :raises DataError: if no picture can be read.
    """
    images = np.empty((len(entries), FER2013_SIDE, FER2013_SIDE), np.uint8)
    deep: dict[int, np.ndarray] = {}
    ranges: dict[str, tuple[float, float]] = {}
    sizes = np.zeros((len(entries), 2), np.int64)
    # A compressed archive is read in the order in which it stores its files.
    order = sorted(range(len(entries)), key=lambda index: entries[index].file.position)
    failed: dict[int, str] = {}
    with progress_bar(f'reading {path.name}', len(entries), 'files') as progress:
        for index in order:
            progress.update(1)
            try:
                picture = _decode(entries[index].file)
            except PictureError as error:
                failed[index] = str(error)
                continue
            sizes[index] = picture.shape
            if picture.dtype == np.uint8:
                images[index] = _to_side(picture)
            else:
                kind = picture.dtype.name
                low, high = ranges.get(kind, (np.inf, -np.inf))
                ranges[kind] = min(low, picture.min()), max(high, picture.max())
                deep[index] = _to_side(picture)
    for index in sorted(failed):
        faults.skip(entries[index].file.name, failed[index])
    kept = [index for index in range(len(entries)) if index not in failed]
    if not kept:
        raise DataError(f'no picture of {path} can be read\n{faults.text()}')
    _scale(images, deep, ranges)
    whole = images[kept]
    used = [entries[index] for index in kept]
    names = sorted({entry.class_name for entry in used})
    if len(names) < 2:
        raise DataError(
            f'{path} has pictures of one class only: {quoted(names[0])}; a network needs at least '
            'two classes' + (f'\n{faults.text()}' if faults.count else '')
        )
    is_ckplus = {name.lower() for name in names} == CKPLUS_FOLDERS and all(
        _CKPLUS_NAME.fullmatch(PurePosixPath(entry.file.name).name) for entry in used
    )
    return FaceData(
        images=whole,
        labels=np.array([names.index(entry.class_name) for entry in used], np.int64),
        split=np.array([entry.split for entry in used], '<U7'),
        source=np.array(
            [f'ckplus/{entry.file.stem}' if is_ckplus else entry.file.name for entry in used]
        ),
        label_names=tuple(names),
        sha256=hashlib.sha256(whole.data).hexdigest(),
        sizes=sizes[kept],
        skipped=faults.names,
    )


def assign(files: Sequence[DataFile], faults: Faults) -> tuple[list[Labelled], bool]:
    """
    Find the class and the split of each file from the names of its folders.

    A folder with the name of a split contains the folders of the classes, or each folder of a
    class contains those of the splits.  Without splits, the classes are the outermost folders of
    which there are several.

    :param files: all files of the data set.
    :param faults: collects the pictures without a class, and folders beside those of the splits.
    :return: the files in the folders of the classes, and whether there are no splits.
    """
    pictures = [f for f in files if f.suffix in PICTURE_SUFFIXES or not f.suffix]
    places = [_place(file.folders) for file in pictures]
    if all(place is None for place in places):
        return _without_splits(files, pictures, faults), True
    lasts = {
        file.folders[place - 1] if place else ''
        for file, place in zip(pictures, places, strict=True)
        if place is not None and place == len(file.folders) - 1
    }
    class_first = len(lasts - {''}) > 1
    skip = 0
    if not class_first:
        skip = _common_depth(
            [
                _below(file.folders, place)
                for file, place in zip(pictures, places, strict=True)
                if place is not None
            ]
        )
    entries, beside = [], Counter[str]()
    outer = {
        file.folders[0] for file, place in zip(pictures, places, strict=True) if place is not None
    }
    for file in files:
        place = _place(file.folders)
        if place is None:
            if file.suffix and file.suffix not in PICTURE_SUFFIXES:
                continue
            if file.folders and file.folders[0] not in outer:
                beside[file.folders[0]] += 1
            elif file.suffix:
                faults.skip(file.name, 'the picture is not in a class folder')
            continue
        split = split_of(file.folders[place])
        assert split is not None
        after = _below(file.folders, place + skip)
        if class_first and not after and place:
            entries.append(Labelled(file, file.folders[place - 1], split))
        elif after:
            entries.append(Labelled(file, after[0], split))
        elif file.suffix in PICTURE_SUFFIXES:
            faults.skip(file.name, 'the picture is not in a class folder')
    for folder in sorted(beside):
        faults.skip(folder, 'the folder belongs to no split, but other folders do')
    return entries, False


def _place(folders: Sequence[str]) -> int | None:
    """Return the index of the innermost folder of a first series of split folders, or None."""
    place = next((i for i, name in enumerate(folders) if split_of(name)), None)
    while place is not None and place + 1 < len(folders) and split_of(folders[place + 1]):
        place += 1
    return place


def _below(folders: Sequence[str], place: int) -> Sequence[str]:
    """Return the folders inside the folder with an index."""
    first = place + 1
    return folders[first:]


def _without_splits(
    files: Sequence[DataFile], pictures: Sequence[DataFile], faults: Faults
) -> list[Labelled]:
    """Assign the files of a data set without splits."""
    skip = _common_depth([file.folders for file in pictures])
    entries = []
    for file in files:
        if len(file.folders) > skip:
            entries.append(Labelled(file, file.folders[skip], PRIVATE))
        elif file.suffix in PICTURE_SUFFIXES:
            faults.skip(file.name, 'the picture is not in a class folder')
    return entries


def _common_depth(folders: Sequence[Sequence[str]]) -> int:
    """Count the outer folders that all files with an inner folder have in common."""
    depth = 0
    while True:
        names = {parts[depth] for parts in folders if len(parts) > depth}
        if len(names) != 1 or not any(len(parts) > depth + 1 for parts in folders):
            return depth
        depth += 1


def _decode(file: DataFile) -> np.ndarray:
    """
    Read and decode a picture.

    :return: (H, W) uint8, uint16 or float32.
    :raises PictureError: with the reason why this is not possible.
    """
    try:
        content = file.read(MOST_PICTURE_BYTES)
    except READ_ERRORS as error:
        raise PictureError(f'the file cannot be read ({unreadable(error)})') from error
    if not content:
        raise PictureError('the file is empty')
    return decode_picture(content, file.suffix in PICTURE_SUFFIXES)


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


def _scale(
    images: np.ndarray, deep: dict[int, np.ndarray], ranges: dict[str, tuple[float, float]]
) -> None:
    """Scale the pictures with 16-bit and float values to 8 bits, and report their ranges."""
    chosen = {kind: choose_range(*used, whole=kind == 'uint16') for kind, used in ranges.items()}
    for index, values in deep.items():
        images[index] = scale_to_range(values, *chosen[values.dtype.name])
    for kind, (low, high) in chosen.items():
        count = sum(values.dtype.name == kind for values in deep.values())
        print(
            f'{count} pictures have {kind} values from {ranges[kind][0]:g} to '
            f'{ranges[kind][1]:g}; {low:g} becomes black, and {high:g} white',
            file=sys.stderr,
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
