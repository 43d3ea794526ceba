"""Where images come from: a webcam, a video, a folder, one picture, or the built-in view."""

from __future__ import annotations

from abc import ABC
from abc import abstractmethod
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
import importlib.util
import math
import os
from pathlib import Path
import re
import time
from typing import Any

import cv2
import numpy as np

from fer_ros.perception.quoting import quoted
from fer_ros.perception.quoting import shortened

# The source that needs no camera and no file: a moving view over a photograph.
ASTRONAUT = 'astronaut'

SOURCES = (
    'astronaut, a device number or /dev/video*, a video file, a folder of pictures or one picture'
)

# Of a video that does not say its rate, or says what no camera makes [Hz].
VIDEO_RATE = 30.0
MAX_VIDEO_RATE = 240.0
# Of the built-in view [Hz].
VIEW_RATE = 30.0
# Pictures have no rate of their own; a face is looked at for a second [Hz].
PICTURE_RATE = 1.0

# libav's level below which nothing is said.
FFMPEG_QUIET = '-8'

# How long to leave a webcam alone that gives nothing [s].
RETRY_PERIOD = 1.0
# A webcam's beat is not exact: an image this much of a period too early is on time.
EARLY = 0.25

# Of all that OpenCV reads, what cameras and tools write.
PICTURE_SUFFIXES = frozenset(
    f'.{name}'
    for name in 'bmp jp2 jpe jpeg jpg pbm pgm png pnm ppm tif tiff webp'.split(' ')  # noqa: SIM905
)

# In the photograph of the astronaut [px]: head and chin with some room, as
# (left, top, right, bottom); it never leaves the view.
HEAD = (140, 6, 312, 206)
VIEW_SIZE = (640, 480)
# The view is at least this much larger than the head, and at most that much.
CLOSEST = 1.08
WIDEST = 1.6
# Of the moves across, up and down, and to and fro [s]; together they repeat after 17 minutes.
MOVE_PERIODS = (7.0, 11.0, 13.0)

# Longest path that a message shows in full, in characters.
PATH_LENGTH = 200

TimedImage = tuple[np.ndarray | None, float]


class SourceError(Exception):
    """A source that gives no images; the message says which, and what would be right."""


class ImageSource(ABC):
    """
    Images, one after the other.

    Iterating gives pairs (image, period).  The image is (H, W, 3) uint8 BGR, or None while the
    source has none; the period is the time until the next is due in seconds, 0 where the source
    itself makes one wait for it.

    :param name: what to call it in a sentence.
    :param endless: whether iterating never ends.
    """

    def __init__(self, name: str, endless: bool) -> None:
        self.name = name
        self.endless = endless
        # Pictures that could not be read, each counted once.
        self.skipped = 0

    @abstractmethod
    def __iter__(self) -> Iterator[TimedImage]:
        """
        Go through the images.

        :raises SourceError: if there are none any more, though there were.
        """


def open_source(
    source: str,
    rate: float = 0.0,
    loop: bool = False,
    width: int = 0,
    height: int = 0,
    tell: Callable[[str], None] = print,
) -> ImageSource:
    """
    Find out what a source is, and make sure that it gives an image.

    :param source: one of SOURCES; a folder that is called astronaut is given as ./astronaut.
    :param rate: images per second, 0 for the source's own.
    :param loop: whether a video, a folder or a picture begins again at its end.
    :param width: in pixels; images are scaled to fit into it and keep their proportions, so that
        a face stays a face.  0: as wide as it is, or as the height makes it.
    :param height: the same for the height.
    :param tell: called with a sentence when a picture is skipped and when a webcam comes or goes.
    :return: the source; nothing of it was taken yet.
    :raises SourceError: if it is missing, cannot be read, or holds nothing.
    """
    if source == ASTRONAUT:
        return AstronautView(load_astronaut(), rate, view_size(width, height))
    try:
        if re.fullmatch('[0-9]{1,9}', source) or source.startswith('/dev/'):
            device = f'/dev/video{int(source)}' if source.isdecimal() else source
            return Webcam(device, rate, width, height, tell)
        path = Path(source).expanduser()
        if not source or not (path.is_dir() or path.is_file()):
            raise SourceError(
                f'there is no file or folder {quoted(source)}; a source is {SOURCES}'
            )
        if path.is_dir():
            pictures = list_pictures(path)
            return Pictures(f'the folder {shown(path)}', pictures, rate, loop, width, height, tell)
        opencv_name(path)
        with path.open('rb'):
            pass  # raises PermissionError, which is reported as such and not as a damaged file
    # RuntimeError: no home folder; ValueError: characters that no path has.
    except (OSError, RuntimeError, ValueError) as error:
        reason = shortened(getattr(error, 'strerror', None) or error)
        raise SourceError(f'{quoted(source)} cannot be read: {reason}') from error
    if is_picture(path):
        return Pictures(f'the picture {shown(path)}', [path], rate, loop, width, height, tell)
    return Video(path, rate, loop, width, height)


def opencv_name(path: Path | str) -> str:
    """
    Return the name of a file for OpenCV, after a check that it is UTF-8.

    :param path: of the file.
    :raises UnicodeEncodeError: if the name is not UTF-8; with such a name, OpenCV would end the
        process.
    """
    name = str(path)
    name.encode()
    return name


def shown(path: Path | str) -> str:
    """
    Shorten a path for a message: to one line of limited length.

    :param path: any path, including one from outside.
    """
    return shortened(path, PATH_LENGTH)


def fit_image(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """
    Scale an image to fit into a size; it keeps its proportions.

    :param image: (H, W, 3) uint8.
    :param width: in pixels, 0 for any.
    :param height: in pixels, 0 for any.
    :return: the image as wide as `width` or as high as `height`, and in the other not larger.
    """
    rows, columns = image.shape[:2]
    scale = min(
        width / columns if width else math.inf,
        height / rows if height else math.inf,
    )
    if math.isinf(scale):
        return image
    size = max(1, round(columns * scale)), max(1, round(rows * scale))
    if size == (columns, rows):
        return image
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.resize(image, size, interpolation=how)


# Pictures


def is_picture(path: Path) -> bool:
    """Say whether a file is a picture, be it broken: by its suffix, else by its first bytes."""
    if path.suffix.lower() in PICTURE_SUFFIXES:
        return True
    try:
        return bool(cv2.haveImageReader(opencv_name(path)))
    except UnicodeEncodeError:
        return False


def list_pictures(folder: Path) -> list[Path]:
    """
    List the pictures in a folder as people count them: 2 comes before 10.

    :param folder: what is in its folders is left out, and so are hidden files.
    :raises SourceError: if there are none.
    """
    files = (path for path in folder.iterdir() if path.is_file() and path.name[0] != '.')
    pictures = sorted((path for path in files if is_picture(path)), key=_natural_order)
    if not pictures:
        raise SourceError(f'the folder {shown(folder)} holds no pictures')
    return pictures


def _natural_order(path: Path) -> tuple[list[str | int], str]:
    """Give the key by which file names sort with their numbers as numbers."""
    # Text and numbers take turns, beginning with text, so like is compared with like.
    parts = re.split('([0-9]+)', path.name.casefold())
    return [int(part) if part.isdecimal() else part for part in parts], path.name


class Pictures(ImageSource):
    """
    Picture files, each shown once or again and again.

    :param name: what to call them together.
    :param paths: in their order.
    :param rate: pictures per second, 0 for PICTURE_RATE.
    :param loop: whether they begin again.
    :param width: to fit into, 0 for any.
    :param height: to fit into, 0 for any.
    :param tell: called with a sentence for each that is skipped.
    :raises SourceError: if none can be read.
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
    ) -> None:
        super().__init__(name, endless=loop)
        self._paths = paths
        self._period = 1 / (rate or PICTURE_RATE)
        self._size = width, height
        self._tell = tell
        self._broken: set[Path] = set()
        if len(paths) == 1:
            self._tell = _say_nothing  # the error says it
        if all(self._read(path) is None for path in paths):
            raise self._nothing_left()
        self._tell = tell

    def __iter__(self) -> Iterator[TimedImage]:
        while True:
            shown = 0
            for path in self._paths:
                image = self._read(path)
                if image is not None:
                    shown += 1
                    yield image, self._period
            if not shown:
                raise self._nothing_left()
            if not self.endless:
                return

    def _read(self, path: Path) -> np.ndarray | None:
        """Read a picture; of one that cannot be read, tell the first time."""
        try:
            image = cv2.imread(opencv_name(path), cv2.IMREAD_COLOR)
        except (cv2.error, UnicodeEncodeError):  # larger than OpenCV allows, or not UTF-8
            image = None
        if image is not None:
            return fit_image(image, *self._size)
        if path not in self._broken:
            self._broken.add(path)
            self.skipped = len(self._broken)
            self._tell(f'{shown(path)} is skipped: OpenCV cannot read it as a picture')
        return None

    def _nothing_left(self) -> SourceError:
        """Say that nothing can be read."""
        if len(self._paths) == 1:
            return SourceError(f'the picture {shown(self._paths[0])} cannot be read')
        return SourceError(f'none of the {len(self._paths)} pictures of {self.name} can be read')


def _say_nothing(_: str) -> None:
    """Take a sentence that nobody needs."""


# Videos


class Video(ImageSource):
    """
    A video file.

    :param path: the file.
    :param rate: images per second, 0 for the video's own.
    :param loop: whether it begins again.
    :param width: to fit into, 0 for any.
    :param height: to fit into, 0 for any.
    :raises SourceError: if it cannot be read.
    """

    def __init__(self, path: Path, rate: float, loop: bool, width: int, height: int) -> None:
        super().__init__(f'the video {shown(path)}', endless=loop)
        self._path = path
        self._size = width, height
        capture = _open_video(path)
        own_rate = capture.get(cv2.CAP_PROP_FPS)
        readable = capture.read()[0]
        capture.release()
        if not readable:
            raise SourceError(
                f'{shown(path)} is neither a video nor a picture that can be read'
            )
        if not 0 < own_rate <= MAX_VIDEO_RATE:
            own_rate = VIDEO_RATE
        self._period = 1 / (rate or own_rate)

    def __iter__(self) -> Iterator[TimedImage]:
        while True:
            capture = _open_video(self._path)
            try:
                found, image = capture.read()
                if not found:
                    raise SourceError(f'{self.name} cannot be read any more')
                while found:
                    yield fit_image(image, *self._size), self._period
                    found, image = capture.read()
            finally:
                capture.release()
            if not self.endless:
                return


def _open_video(path: Path) -> Any:
    """Open a video file with what OpenCV has for it; the capture may be closed all the same."""
    capture = cv2.VideoCapture()
    with _quiet_opencv():
        # CAP_IMAGES is left out: it takes a name with digits for a row of pictures.
        for backend in (cv2.CAP_FFMPEG, cv2.CAP_GSTREAMER, cv2.CAP_OPENCV_MJPEG):
            if capture.open(opencv_name(path), backend):
                break
    return capture


@contextmanager
def _quiet_opencv() -> Iterator[None]:
    """Keep OpenCV from telling on standard error what an exception or a log tells better."""
    os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', FFMPEG_QUIET)
    logging = getattr(getattr(cv2, 'utils', None), 'logging', None)
    if logging is None:  # OpenCV 4.6 may lack it
        yield
        return
    level = logging.getLogLevel()
    logging.setLogLevel(logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        logging.setLogLevel(level)


# Webcams


class Webcam(ImageSource):
    """
    A camera of this machine; when it goes away, it is looked for until it comes back.

    :param device: such as /dev/video0, or a link to it.
    :param rate: images per second: asked of the device, and not exceeded.  0: what it gives.
    :param width: asked of the device; what it gives is scaled to fit.  0: what it gives.
    :param height: the same for the height.
    :param tell: called with a sentence when it goes and when it comes back.
    :raises SourceError: if it is not there, or gives no image.
    """

    def __init__(
        self, device: str, rate: float, width: int, height: int, tell: Callable[[str], None]
    ) -> None:
        super().__init__(f'the camera {shown(device)}', endless=True)
        self._device = device
        self._least_period = 1 / rate if rate else 0.0
        self._size = width, height
        self._tell = tell
        if not Path(device).exists():
            there = ', '.join(map(str, sorted(Path('/dev').glob('video*')))) or 'none'
            raise SourceError(f'there is no camera {shown(device)}; there are: {there}')
        self._capture = self._open()
        if self._capture is None:
            raise SourceError(
                f'{self.name} gives no images: another process uses it, this user may not open it '
                '(group video), or it is not a camera'
            )

    def __iter__(self) -> Iterator[TimedImage]:
        due = -math.inf
        try:
            while True:
                if self._capture is None:
                    yield None, RETRY_PERIOD
                    self._capture = self._open()
                    if self._capture is not None:
                        self._tell(f'{self.name} is back')
                    continue
                found, now = self._capture.grab(), time.monotonic()
                if found and now < due - EARLY * self._least_period:
                    continue
                image = self._capture.retrieve()[1] if found else None
                if image is None:
                    self._lose()
                    continue
                # In step with the beat so far, or, after a gap, with this image.
                due = (due if now - due < self._least_period else now) + self._least_period
                yield fit_image(image, *self._size), 0.0
        finally:
            if self._capture is not None:
                self._capture.release()

    def _lose(self) -> None:
        """Let go of a device that gives nothing."""
        self._capture.release()
        self._capture = None
        self._tell(f'{self.name} gives no more images; it is tried again every second')

    def _open(self) -> Any:
        """Open the device, and see one image; None if there is none."""
        capture = open_device(self._device)
        if capture is None:
            return None
        width, height = self._size
        asked = {
            cv2.CAP_PROP_FRAME_WIDTH: width,
            cv2.CAP_PROP_FRAME_HEIGHT: height,
            cv2.CAP_PROP_FPS: 1 / self._least_period if self._least_period else 0,
            # What waits in a buffer grows old.
            cv2.CAP_PROP_BUFFERSIZE: 1,
        }
        for what, value in asked.items():
            if value:
                capture.set(what, value)
        if capture.read()[0]:
            return capture
        capture.release()
        return None


def open_device(device: str) -> Any:
    """
    Open a camera.

    :param device: such as /dev/video0.
    :return: OpenCV's capture, or None where there is no such camera.
    """
    if not Path(device).exists():
        return None
    with _quiet_opencv():
        capture = cv2.VideoCapture(opencv_name(Path(device).resolve()), cv2.CAP_V4L2)
    return capture if capture.isOpened() else None


# The built-in view


def load_astronaut() -> np.ndarray:
    """
    Read the photograph of the astronaut that scikit-image brings along; it is not imported.

    :return: (512, 512, 3) uint8 BGR.
    :raises SourceError: if scikit-image is not installed.
    """
    found = importlib.util.find_spec('skimage')
    folders = found.submodule_search_locations if found else None
    for folder in folders or ():
        image = cv2.imread(str(Path(folder) / 'data' / 'astronaut.png'), cv2.IMREAD_COLOR)
        if image is not None:
            return image
    raise SourceError(
        'the astronaut is a photograph of scikit-image, which is not installed: install it '
        f'(pip install scikit-image), or take another source: {SOURCES}'
    )


def view_size(width: int, height: int) -> tuple[int, int]:
    """
    Complete the size of the view.

    :param width: in pixels, 0 for what fits the height.
    :param height: in pixels, 0 for what fits the width.
    :return: width and height; VIEW_SIZE, and its proportions where only one is given.
    """
    full_width, full_height = VIEW_SIZE
    if not width and not height:
        return VIEW_SIZE
    return (
        width or max(1, round(height * full_width / full_height)),
        height or max(1, round(width * full_height / full_width)),
    )


def view_box(index: int, size: tuple[int, int], photo: tuple[int, int]) -> tuple[float, ...]:
    """
    Say what the view shows of the photograph; it moves and zooms, and the head stays in it.

    :param index: of the image, from 0.
    :param size: of the view in pixels, width and height.
    :param photo: size of the photograph in pixels, width and height.
    :return: (left, top, right, bottom) in pixels of the photograph.  A view of other proportions
        than any part of the photograph that holds the head reaches beyond its edges.
    """
    turns = [2 * math.pi * index / VIEW_RATE / period for period in MOVE_PERIODS]
    left, top, right, bottom = HEAD
    # The smallest view with the head in it, in pixels of the photograph per pixel of the view.
    least = max((right - left) / size[0], (bottom - top) / size[1])
    most = min(photo[0] / size[0], photo[1] / size[1])
    closest = CLOSEST * least
    widest = max(closest, min(WIDEST * least, most))
    scale = closest + (widest - closest) * (0.5 - 0.5 * math.cos(turns[2]))
    edges = []
    for length, low, high, limit, turn in zip(
        size, (left, top), (right, bottom), photo, turns[:2], strict=True
    ):
        shown = scale * length
        first = max(high - shown, 0)
        last = min(low, limit - shown)
        if first > last:  # no room: the head is in the middle
            first = last = (low + high - shown) / 2
        start = first + (last - first) * (0.5 + 0.5 * math.sin(turn))
        edges.append((start, start + shown))
    return edges[0][0], edges[1][0], edges[0][1], edges[1][1]


class AstronautView(ImageSource):
    """
    A view that moves over the photograph of the astronaut, the same in every run.

    :param photo: (H, W, 3) uint8 BGR.
    :param rate: images per second, 0 for VIEW_RATE; the moves from image to image stay the same.
    :param size: of the images in pixels, width and height.
    """

    def __init__(self, photo: np.ndarray, rate: float, size: tuple[int, int]) -> None:
        super().__init__('the built-in view of an astronaut', endless=True)
        self._photo = photo
        self._period = 1 / (rate or VIEW_RATE)
        self._size = size
        # A view smaller than what it shows is drawn larger first: each pixel is a mean, no sample.
        left, top, right, bottom = HEAD
        least = max((right - left) / size[0], (bottom - top) / size[1])
        self._oversampling = math.ceil(WIDEST * least)

    def __iter__(self) -> Iterator[TimedImage]:
        index = 0
        while True:
            yield self.image(index), self._period
            index += 1

    def image(self, index: int) -> np.ndarray:
        """
        Make an image of the view.

        :param index: of the image, from 0.
        :return: (H, W, 3) uint8 BGR.
        """
        height, width = self._photo.shape[:2]
        left, top, right, _ = view_box(index, self._size, (width, height))
        drawn = self._size[0] * self._oversampling, self._size[1] * self._oversampling
        scale = drawn[0] / (right - left)
        # Pixels have their middles at .5, so that the edges of the view lie where they should.
        matrix = np.array(
            [
                [scale, 0, (0.5 - left) * scale - 0.5],
                [0, scale, (0.5 - top) * scale - 0.5],
            ]
        )
        image = cv2.warpAffine(self._photo, matrix, drawn, borderMode=cv2.BORDER_REPLICATE)
        return fit_image(image, *self._size)
