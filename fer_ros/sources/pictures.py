"""Picture files: a single file, or all files in a folder."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from pathlib import Path
import re

import cv2
import numpy as np

from fer_ros.perception.images.bit_depth import scale_to_8_bits
from fer_ros.perception.images.picture_formats import PICTURE_SUFFIXES
from fer_ros.perception.images.used_range import choose_range
from fer_ros.perception.images.used_range import scale_to_range
from fer_ros.perception.quoting import shortened
from fer_ros.sources.base import ImageSource
from fer_ros.sources.base import shown
from fer_ros.sources.base import SourceError
from fer_ros.sources.base import TimedImage
from fer_ros.sources.opencv import opencv_name
from fer_ros.sources.picture_files import decode_file
from fer_ros.sources.scaling import fit_image

# Picture files have no frame rate. By default, each one is shown for one second [Hz].
PICTURE_RATE = 1.0

# Formats of cameras that neither OpenCV nor Pillow reads. Phones save HEIC by default.
FOREIGN_SUFFIXES = frozenset({'.arw', '.cr2', '.cr3', '.dng', '.heic', '.heif', '.nef'})

# Maximum number of files that a message names, and maximum length of a name [characters].
MOST_NAMES = 5
MOST_LETTERS = 40

UNREADABLE = 'neither OpenCV nor, if installed, Pillow can decode it'


def is_picture(path: Path) -> bool:
    """Check whether a file is a picture, by its suffix or its first bytes. It may be damaged."""
    if path.suffix.lower() in PICTURE_SUFFIXES:
        return True
    try:
        return bool(cv2.haveImageReader(opencv_name(path)))
    except UnicodeEncodeError:
        return False


def list_pictures(folder: Path) -> tuple[list[Path], list[Path]]:
    """
    List the files in a folder in natural order: 2 comes before 10.

    :param folder: folder with the pictures. Subfolders and hidden files are ignored.
    :return: the pictures, and the files that are no pictures for OpenCV.
    :raises SourceError: if the folder contains no pictures.
    """
    files = (path for path in folder.iterdir() if path.is_file() and path.name[0] != '.')
    pictures: list[Path] = []
    others: list[Path] = []
    for path in sorted(files, key=_natural_order):
        (pictures if is_picture(path) else others).append(path)
    if not pictures:
        hint = f': {describe_left_out(others)}' if others else ''
        raise SourceError(f'the folder {shown(folder)} contains no pictures{hint}')
    return pictures, others


def describe_left_out(files: Sequence[Path]) -> str:
    """
    Describe files that are no pictures for OpenCV, with a remedy.

    :param files: at least one file.
    :return: a message with the number of the files and the first names.
    """
    names = ', '.join(shortened(path.name, MOST_LETTERS) for path in files[:MOST_NAMES])
    more = ', ...' if len(files) > MOST_NAMES else ''
    count = '1 file' if len(files) == 1 else f'{len(files)} files'
    kind = 'a picture' if len(files) == 1 else 'pictures'
    foreign = sorted({path.suffix.lower() for path in files} & FOREIGN_SUFFIXES)
    remedy = f'; save {", ".join(foreign)} files as JPEG' if foreign else ''
    return f'{count} left out that OpenCV cannot read as {kind} ({names}{more}){remedy}'


def _natural_order(path: Path) -> tuple[list[str | int], str]:
    """Return a sort key for a file name that compares digits as numbers."""
    # Text and numbers alternate, and text is always first. A number is therefore always compared
    # with a number.
    parts = re.split('([0-9]+)', path.name.casefold())
    return [int(part) if part.isdecimal() else part for part in parts], path.name


class Pictures(ImageSource):
    """
    Picture files, shown once or in a loop.

    :param name: name of the source in messages.
    :param paths: picture files in display order.
    :param rate: pictures per second [Hz], 0 for PICTURE_RATE.
    :param loop: whether the pictures restart at the end.
    :param width: maximum width in pixels, 0 for no limit.
    :param height: maximum height in pixels, 0 for no limit.
    :param tell: called with a message for each file that is skipped, and once for the range of
        16-bit or float values, if it is not that of all 16 bits.
    :param bit_depth: number of significant bits of 16-bit values; 0 for the range that the values
        of the pictures shown so far use.
    :param scenes: whether each picture shows a scene of its own.
    :param left_out: files that are no pictures, which are reported and counted as skipped.
    :raises SourceError: if no file can be read.
    """

    def __init__(
        self,
        name: str,
        paths: Sequence[Path],
        rate: float,
        loop: bool,
        width: int,
        height: int,
        tell: Callable[[str], None],
        bit_depth: int = 0,
        scenes: bool = False,
        left_out: Sequence[Path] = (),
    ) -> None:
        super().__init__(name, endless=loop)
        self._left_out = left_out
        self.length = len(paths)
        self.skipped = len(left_out)
        if left_out:
            tell(f'{name}: {describe_left_out(left_out)}')
        self._scenes = scenes
        self._paths = paths
        self._period = 1 / (rate or PICTURE_RATE)
        self._size = width, height
        self._bit_depth = bit_depth
        # Smallest and largest value of the pictures so far, for 16-bit (True) and float values.
        self._ranges: dict[bool, tuple[float, float]] = {}
        # While messages are ignored, the message about the range must not count as sent.
        self._may_tell_range = len(paths) > 1
        self._tell = tell
        self._broken: set[Path] = set()
        if len(paths) == 1:
            self._tell = _ignore  # the error raised below names the file
        if all(self._read(path) is None for path in paths):
            raise self._nothing_left()
        self._tell = tell
        if len(paths) == 1:
            self._may_tell_range = True

    def __iter__(self) -> Iterator[TimedImage]:
        while True:
            shown = 0
            for number, path in enumerate(self._paths, start=1):
                image = self._read(path)
                if image is not None:
                    shown += 1
                    if self._scenes:
                        self.scene = f'picture_{number}'
                    yield image, self._period
            if not shown:
                raise self._nothing_left()
            if not self.endless:
                return

    def _read(self, path: Path) -> np.ndarray | None:
        """Read a picture. Return None if it cannot be read, and report each such file once."""
        image = self._decode(path)
        if image is not None:
            return fit_image(image, *self._size)
        if path not in self._broken:
            self._broken.add(path)
            self.skipped = len(self._left_out) + len(self._broken)
            self._tell(f'skipped {shown(path)}: {UNREADABLE}')
        return None

    def _decode(self, path: Path) -> np.ndarray | None:
        """Decode a picture to (H, W, 3) uint8 BGR; None if this is impossible."""
        image = decode_file(path)
        if image is None or image.dtype == np.uint8:
            return image
        whole = image.dtype == np.uint16
        if whole and self._bit_depth:
            return scale_to_8_bits(image, self._bit_depth)
        # The pictures of one camera have one range, and a dark picture uses less of it.
        least, most = self._ranges.get(whole, (np.inf, -np.inf))
        used = min(least, float(image.min())), max(most, float(image.max()))
        self._ranges[whole] = used
        low, high = choose_range(*used, whole)
        if self._may_tell_range and (low, high) != (0, 65535):
            self._may_tell_range = False
            hint = '; bit_depth sets another number of bits' if whole else ''
            self._tell(
                f'{shown(path)} has values from {used[0]:g} to {used[1]:g}, so {low:g} is shown '
                f'as black, and {high:g} as white{hint}'
            )
        return scale_to_range(image, low, high)

    def _nothing_left(self) -> SourceError:
        """Return the error for a source without any readable file."""
        if len(self._paths) == 1:
            return SourceError(f'cannot read the picture {shown(self._paths[0])}: {UNREADABLE}')
        return SourceError(
            f'cannot read any of the {len(self._paths)} pictures in {self.name}: {UNREADABLE}'
        )


def _ignore(_: str) -> None:
    """Discard a message."""
