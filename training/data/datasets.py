"""Labelled pictures of faces from data sets in any format, behind one interface."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
import hashlib
from itertools import pairwise
import os
from pathlib import Path
import re
import zipfile
import zlib

import cv2
import numpy as np

from fer_ros.perception.emotions import FER2013_LABELS
from fer_ros.perception.quoting import shortened

SPLITS = ('train', 'public', 'private')
TRAIN, PUBLIC, PRIVATE = SPLITS

# Side of the pictures of FER2013, in pixels.
FER2013_SIDE = 48

# SHA-256 of the decoded (35887, 48, 48) uint8 array; it detects any change of a pixel.
FER2013_IMAGES_SHA256 = '3c18eb2594e4962006db8cd170d9e12c147e6a8c5901904d4bc87900ee4fcead'

PACKED_FILE = 'fer2013.npz'

# Maximum size of its arrays in bytes.
MOST_PACKED_BYTES = 256 << 20

CKPLUS_FILE = 'CK+48.zip'

# Emotions of CK+, in the order of its folders; CK+ has no neutral faces.
CKPLUS_LABELS = ('angry', 'contempt', 'disgust', 'fear', 'happy', 'sad', 'surprise')

# Names of the splits in the official CSV file.
USAGES = {'Training': TRAIN, 'PublicTest': PUBLIC, 'PrivateTest': PRIVATE}

# Common names of the files and folders of the splits, in small letters, without `_SURROUNDING`.
SPLIT_NAMES = {
    'train': TRAIN,
    'training': TRAIN,
    'trn': TRAIN,
    'val': PUBLIC,
    'valid': PUBLIC,
    'validate': PUBLIC,
    'validation': PUBLIC,
    'dev': PUBLIC,
    'public': PUBLIC,
    'publictest': PUBLIC,
    'test': PRIVATE,
    'testing': PRIVATE,
    'private': PRIVATE,
    'privatetest': PRIVATE,
}

# Words around the name of a split, as in `training_set` or `FER2013Train` of the script of FER+.
_SURROUNDING = re.compile(r'^(fer2013|fer)|(set|data|images|faces)$')

# Names of the splits in messages.
SPLIT_TITLES = {TRAIN: 'training', PUBLIC: 'validation', PRIVATE: 'test'}

# Path of each data set, relative to the data folder.
DATASETS = {'fer2013': '', 'ckplus': 'ckplus'}


class DataError(ValueError):
    """Data is missing or invalid."""


def split_of(name: str) -> str | None:
    """
    Find the split that a name stands for.

    :param name: name of a file or a folder without its suffix, or a usage in a table.
    :return: one of `SPLITS`, or None.
    """
    letters = re.sub(r'[^a-z0-9]', '', name.lower())
    return SPLIT_NAMES.get(letters) or SPLIT_NAMES.get(_SURROUNDING.sub('', letters))


@dataclass(frozen=True)
class FaceData:
    """
    Labelled pictures.

    :param images: (N, H, W) uint8 gray pictures.
    :param labels: (N,) int64, indices into `label_names`.
    :param split: (N,) str, each one of `SPLITS`.
    :param source: (N,) str, identifier of each picture in its data set.
    :param label_names: names of the labels.
    :param votes: (N, 10) uint8, votes of FER+ in the order of `votes.VOTE_COLUMNS`, or None.
    :param sha256: SHA-256 of the pixels of all pictures of the data set, in order.
    :param merged: original labels of the data set that form a merged or renamed label, keyed by
        the
        name of that label.
    :param sizes: (N, 2) int64, original height and width in pixels, or None if no picture was
        resized.
    :param skipped: names of the rows or files that were not read, keyed by the reason.
    :param unsplit: whether the data set has no splits; all pictures then have the split `private`.
    """

    images: np.ndarray
    labels: np.ndarray
    split: np.ndarray
    source: np.ndarray
    label_names: tuple[str, ...]
    votes: np.ndarray | None = None
    sha256: str = ''
    merged: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sizes: np.ndarray | None = None
    skipped: Mapping[str, Sequence[str]] = field(default_factory=dict)
    unsplit: bool = False

    def __post_init__(self) -> None:
        count = len(self.images)
        if self.images.ndim != 3 or self.images.dtype != np.uint8:
            raise DataError(
                f'images are {self.images.shape} {self.images.dtype}, but must be (N, H, W) uint8'
            )
        for name in ('labels', 'split', 'source', 'votes', 'sizes'):
            values = getattr(self, name)
            if values is not None and len(values) != count:
                raise DataError(f'there are {count} images, but {len(values)} {name}')
        unknown = sorted(set(np.unique(self.split).tolist()) - set(SPLITS))
        if unknown:
            raise DataError(f'splits contain {unknown}, but may only contain {", ".join(SPLITS)}')
        if count and not 0 <= self.labels.min() <= self.labels.max() < len(self.label_names):
            raise DataError(
                f'labels are from {self.labels.min()} to {self.labels.max()}, but there are '
                f'{len(self.label_names)} label names'
            )

    def __len__(self) -> int:
        return len(self.images)

    def take(self, where: np.ndarray | Sequence[int]) -> FaceData:
        """
        Select pictures.

        :param where: (N,) bool mask, or indices.
        :return: the selected pictures, in this order.
        """
        return replace(
            self,
            images=self.images[where],
            labels=self.labels[where],
            split=self.split[where],
            source=self.source[where],
            votes=None if self.votes is None else self.votes[where],
            sizes=None if self.sizes is None else self.sizes[where],
        )

    def members(self, name: str) -> tuple[str, ...]:
        """
        Return the original labels that form a label.

        :param name: one of `label_names`.
        :return: original labels of the data set.
        """
        return self.merged.get(name, (name,))

    def has_split(self, split: str) -> bool:
        """Check whether there are pictures of a split."""
        return bool((self.split == split).any())

    def of_split(self, split: str) -> FaceData:
        """
        Select the pictures of one split.

        :param split: one of `SPLITS`.
        :return: pictures of the split, in order.
        :raises DataError: if the split is unknown or empty.
        """
        if split not in SPLITS:
            raise DataError(f"there is no split '{split}'; the splits are: {', '.join(SPLITS)}")
        kept = self.take(self.split == split)
        if not len(kept):
            there = [SPLIT_TITLES[name] for name in SPLITS if self.has_split(name)]
            raise DataError(
                f'the data has no {SPLIT_TITLES[split]} pictures, only pictures for '
                f'{" and ".join(there) or "nothing"}'
            )
        return kept


def data_root(given: str | None = None, dataset: str = 'fer2013') -> Path:
    """
    Find the folder of the data sets, or the path of one data set.

    :param given: path that is returned unchanged; None for the environment variable
        `FER_ROS_DATA`,
        or if it is not set, for the folder `shared/data` beside the checkout.
    :param dataset: one of `DATASETS`; selects a path in that folder if `given` is None.
    :return: existing file or folder.
    :raises DataError: if the path does not exist.
    """
    beside = Path(__file__).resolve().parents[3] / 'shared' / 'data'
    path = Path(given or os.environ.get('FER_ROS_DATA') or beside).expanduser()
    if not given:
        path /= DATASETS[dataset]
    if not path.exists():
        raise DataError(f'there is no data in {path}; set its folder with --data or FER_ROS_DATA')
    return path


def read_fer2013(path: Path) -> FaceData:
    """
    Read the packed FER2013 with the FER+ votes.

    The pictures are stored in lossless WebP strips, 48 pixels wide, one below the other, in the
    order
    of the original CSV file.

    :param path: path of `fer2013.npz`, of its folder, or of the parent of that folder.
    :return: all 35,887 pictures; the identifier of a picture is its row number in the CSV file.
    :raises DataError: if the file is missing, broken, or has other pictures.
    """
    file = _packed_file(path)
    try:
        with zipfile.ZipFile(file) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > MOST_PACKED_BYTES:
            raise DataError(
                f'{file} unpacks to {size / 2**20:.0f} MiB, but the packed FER2013 has 54 MiB'
            )
        with np.load(file) as packed:
            missing = {'webp', 'offsets', 'label', 'usage', 'ferplus_votes'} - set(packed.files)
            if missing:
                raise DataError(
                    f'{file} has no {", ".join(sorted(missing))}, so it is not the packed FER2013'
                )
            strips, offsets = packed['webp'], packed['offsets']
            labels, usage, votes = packed['label'], packed['usage'], packed['ferplus_votes']
    except DataError:
        raise
    # A truncated file is no longer a ZIP archive; NumPy then takes it for a pickle.
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(
            f'{file} is damaged or incomplete ({shortened(error)}); copy or download it again'
        ) from error
    tiles = []
    for begin, end in pairwise(offsets):
        strip = cv2.imdecode(strips[begin:end], cv2.IMREAD_GRAYSCALE)
        if strip is None or strip.shape[1] != FER2013_SIDE:
            raise DataError(f'{file}: bytes {begin} to {end} do not contain a strip of pictures')
        tiles.append(strip.reshape(-1, FER2013_SIDE, FER2013_SIDE))
    images = np.concatenate(tiles)
    found = hashlib.sha256(images.tobytes()).hexdigest()
    if found != FER2013_IMAGES_SHA256:
        raise DataError(
            f'{file}: the decoded pictures have the SHA-256 {found[:12]}…, but those of FER2013 '
            f'have {FER2013_IMAGES_SHA256[:12]}…'
        )
    return FaceData(
        images=images,
        labels=labels.astype(np.int64),
        split=np.array(SPLITS)[usage],
        source=np.array([f'fer2013/{row:05d}' for row in range(len(images))]),
        label_names=FER2013_LABELS,
        votes=votes,
        sha256=found,
    )


def _packed_file(path: Path) -> Path:
    """Find `fer2013.npz` at a path, or in it."""
    for candidate in (path, path / PACKED_FILE, path / 'fer2013' / PACKED_FILE):
        if candidate.is_file() and candidate.suffix == '.npz':
            return candidate
    raise DataError(f'there is no {PACKED_FILE} in {path}')


def also_in(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """
    Find the pictures that also occur, pixel for pixel, in a second set of pictures.

    :param images: (N, H, W) uint8 gray pictures.
    :param others: (M, H, W) uint8 gray pictures.
    :return: (N,) bool, True for a picture that occurs in both sets.
    """
    known = {image.tobytes() for image in others}
    return np.array([image.tobytes() in known for image in images], bool)
