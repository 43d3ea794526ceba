"""Labelled pictures of faces, from whatever form they come in, behind one interface."""

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

import cv2
import numpy as np

from fer_ros.perception.emotions import FER2013_LABELS

SPLITS = ('train', 'public', 'private')
TRAIN, PUBLIC, PRIVATE = SPLITS

# FER2013's pictures are squares of this side, in pixels.
FER2013_SIDE = 48

# Of the decoded (35887, 48, 48) uint8 array: a reader that turns one pixel is found out.
FER2013_IMAGES_SHA256 = '3c18eb2594e4962006db8cd170d9e12c147e6a8c5901904d4bc87900ee4fcead'

PACKED_FILE = 'fer2013.npz'
CKPLUS_FILE = 'CK+48.zip'

# CK+'s emotions, in the order of its folders; it has no neutral faces.
CKPLUS_LABELS = ('angry', 'contempt', 'disgust', 'fear', 'happy', 'sad', 'surprise')

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
    # FER+'s own script writes these.
    'fer2013train': TRAIN,
    'fer2013valid': PUBLIC,
    'fer2013test': PRIVATE,
}


# Where a data set lies in the folder of the data.
DATASETS = {'fer2013': '', 'ckplus': 'ckplus'}


class DataError(ValueError):
    """Data that is missing, or not what it should be."""


@dataclass(frozen=True)
class FaceData:
    """
    Labelled pictures.

    :param images: (N, H, W) uint8, gray.
    :param labels: (N,) int64, indices into `label_names`.
    :param split: (N,) str, each one of `SPLITS`.
    :param source: (N,) str, which picture of its data set each one is.
    :param label_names: what the labels mean.
    :param votes: (N, 10) uint8, those of FER+ in the order of `votes.VOTE_COLUMNS`, or None.
    :param sha256: of the pixels of all pictures of the data set, in order.
    :param merged: by name, the data set's own labels that a label stands for, where these are
        several or have another name.
    :param sizes: (N, 2) int64, height and width in pixels before the pictures were brought to one
        size, or None if they had it.
    :param skipped: by reason, the names of the rows or files that were not read.
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
        Keep some of the pictures.

        :param where: (N,) bool, or indices.
        :return: these, in this order.
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
        Tell what a label stands for.

        :param name: one of `label_names`.
        :return: the data set's own labels.
        """
        return self.merged.get(name, (name,))

    def has_split(self, split: str) -> bool:
        """Say if there are pictures of a split."""
        return bool((self.split == split).any())

    def of_split(self, split: str) -> FaceData:
        """
        Keep one split.

        :param split: one of `SPLITS`.
        :return: its pictures, in order.
        :raises DataError: if there is no such split, or none of its pictures.
        """
        if split not in SPLITS:
            raise DataError(f"there is no split '{split}'; the splits are: {', '.join(SPLITS)}")
        kept = self.take(self.split == split)
        if not len(kept):
            raise DataError(f"the data has no picture in the split '{split}'")
        return kept


def data_root(given: str | None = None, dataset: str = 'fer2013') -> Path:
    """
    Find the folder of the data sets, or where one of them lies in it.

    :param given: a path, taken as it is, or None for the environment variable `FER_ROS_DATA` or,
        without it, the folder `shared/data` beside the checkout.
    :param dataset: one of `DATASETS`; where in that folder to look if no path is given.
    :return: an existing file or folder.
    :raises DataError: if there is none.
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

    The pictures lie in lossless WebP strips, 48 pixels wide, one below the other, in the order of
    the original CSV.

    :param path: of `fer2013.npz`, of its folder, or of the folder above that.
    :return: all 35,887 pictures; the source id is the number of the row in the CSV.
    :raises DataError: if there is no such file, or it is broken or another.
    """
    file = _packed_file(path)
    with np.load(file) as packed:
        missing = {'webp', 'offsets', 'label', 'usage', 'ferplus_votes'} - set(packed.files)
        if missing:
            raise DataError(f'{file} has no {", ".join(sorted(missing))}')
        strips, offsets = packed['webp'], packed['offsets']
        labels, usage, votes = packed['label'], packed['usage'], packed['ferplus_votes']
    tiles = []
    for begin, end in pairwise(offsets):
        strip = cv2.imdecode(strips[begin:end], cv2.IMREAD_GRAYSCALE)
        if strip is None or strip.shape[1] != FER2013_SIDE:
            raise DataError(f'{file}: bytes {begin} to {end} are not a strip of pictures')
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
    """Find `fer2013.npz` at a path or below it."""
    for candidate in (path, path / PACKED_FILE, path / 'fer2013' / PACKED_FILE):
        if candidate.is_file() and candidate.suffix == '.npz':
            return candidate
    raise DataError(f'there is no {PACKED_FILE} in {path}')


def also_in(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """
    Find the pictures that occur, pixel for pixel, among others.

    :param images: (N, H, W) uint8.
    :param others: (M, H, W) uint8.
    :return: (N,) bool.
    """
    known = {image.tobytes() for image in others}
    return np.array([image.tobytes() in known for image in images], bool)
