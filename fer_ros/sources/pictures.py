"""Picture files: a single file, or all files in a folder."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from pathlib import Path
import re

import cv2
import numpy as np

from fer_ros.perception.images.bit_depth import propose_bit_depth
from fer_ros.perception.images.bit_depth import scale_to_8_bits
from fer_ros.perception.quoting import shortened
from fer_ros.sources.base import ImageSource
from fer_ros.sources.base import shown
from fer_ros.sources.base import SourceError
from fer_ros.sources.base import TimedImage
from fer_ros.sources.opencv import opencv_name
from fer_ros.sources.scaling import fit_image

# Picture files have no frame rate. By default, each one is shown for one second [Hz].
PICTURE_RATE = 1.0

# The OpenCV formats that cameras and image tools commonly write.
PICTURE_SUFFIXES = frozenset(
    f'.{name}'
    for name in 'bmp jp2 jpe jpeg jpg pbm pgm png pnm ppm tif tiff webp'.split(' ')  # noqa: SIM905
)


# Formats of cameras that OpenCV cannot read. Phones save HEIC by default.
FOREIGN_SUFFIXES = frozenset({'.arw', '.avif', '.cr2', '.cr3', '.dng', '.heic', '.heif', '.nef'})

# Maximum number of files that a message names, and maximum length of a name [characters].
MOST_NAMES = 5
MOST_LETTERS = 40


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
    :param tell: called with a message for each file that is skipped, and once if the 16-bit
        values of a file have fewer significant bits.
    :param bit_depth: number of significant bits of 16-bit values, 0 for all 16.
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
        # While messages are ignored, the message about the bit depth must not count as sent.
        self._may_propose = len(paths) > 1
        self._tell = tell
        self._broken: set[Path] = set()
        if len(paths) == 1:
            self._tell = _ignore  # the error raised below names the file
        if all(self._read(path) is None for path in paths):
            raise self._nothing_left()
        self._tell = tell
        if len(paths) == 1:
            self._may_propose = True

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
        try:
            image = self._decode(path)
        except (cv2.error, UnicodeEncodeError):  # larger than OpenCV allows, or not UTF-8
            image = None
        if image is not None:
            return fit_image(image, *self._size)
        if path not in self._broken:
            self._broken.add(path)
            self.skipped = len(self._left_out) + len(self._broken)
            self._tell(f'skipped {shown(path)}: OpenCV cannot read it as a picture')
        return None

    def _decode(self, path: Path) -> np.ndarray | None:
        """Decode a picture to (H, W, 3) uint8 BGR; None if this is impossible."""
        name = opencv_name(path)
        image = cv2.imread(name, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
        if image is None or image.dtype not in (np.uint8, np.uint16):
            # Without ANYDEPTH, OpenCV converts values of other types to 8 bits if it can.
            return cv2.imread(name, cv2.IMREAD_COLOR)
        if image.dtype == np.uint8:
            return image
        scaled = scale_to_8_bits(image, self._bit_depth)
        if self._may_propose and not self._bit_depth:
            depth = propose_bit_depth(int(scaled.max()))
            if depth:
                self._may_propose = False
                self._tell(
                    f'{shown(path)} is dark, as its values use at most {depth} of 16 bits: set '
                    f'bit_depth to {depth} if they have {depth} significant bits'
                )
        return scaled

    def _nothing_left(self) -> SourceError:
        """Return the error for a source without any readable file."""
        if len(self._paths) == 1:
            return SourceError(f'OpenCV cannot read the picture {shown(self._paths[0])}')
        return SourceError(
            f'OpenCV cannot read any of the {len(self._paths)} pictures in {self.name}'
        )


def _ignore(_: str) -> None:
    """Discard a message."""
