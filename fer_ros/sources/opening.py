"""Open an image source by its name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
import re

from fer_ros.perception.quoting import quoted
from fer_ros.perception.quoting import shortened
from fer_ros.sources.astronaut import ASTRONAUT
from fer_ros.sources.astronaut import AstronautView
from fer_ros.sources.astronaut import load_astronaut
from fer_ros.sources.astronaut import view_size
from fer_ros.sources.base import ImageSource
from fer_ros.sources.base import shown
from fer_ros.sources.base import SourceError
from fer_ros.sources.base import SOURCES
from fer_ros.sources.base import without_password
from fer_ros.sources.opencv import opencv_name
from fer_ros.sources.pictures import describe_left_out
from fer_ros.sources.pictures import FOREIGN_SUFFIXES
from fer_ros.sources.pictures import is_picture
from fer_ros.sources.pictures import list_pictures
from fer_ros.sources.pictures import Pictures
from fer_ros.sources.stream import is_address
from fer_ros.sources.stream import is_pipeline
from fer_ros.sources.stream import Stream
from fer_ros.sources.video import Video
from fer_ros.sources.webcam import Webcam


def open_source(
    source: str,
    rate: float = 0.0,
    loop: bool = False,
    width: int = 0,
    height: int = 0,
    tell: Callable[[str], None] = print,
    sequence: bool = False,
    fourcc: str = '',
    bit_depth: int = 0,
) -> ImageSource:
    """
    Detect the kind of a source, open it, and check that it delivers an image.

    :param source: one of SOURCES. A folder named astronaut must be written as ./astronaut.
    :param rate: images per second [Hz], 0 for the source's own rate.
    :param loop: whether a video, a folder or a picture restarts at its end.
    :param width: maximum width of the images in pixels. Images are scaled to fit, and keep their
        aspect ratio. 0 means no limit.
    :param height: maximum height of the images in pixels, 0 for no limit.
    :param tell: called with a message when a picture is skipped or has a range of its own, or a
        webcam is lost or reconnected.
    :param sequence: whether the pictures of a folder show one scene, like the frames of a video.
    :param fourcc: pixel format requested from a webcam, four characters; empty for its own format.
    :param bit_depth: number of significant bits of picture files with 16-bit values; 0 for the
        range of their values.
    :return: the source, positioned at its first image.
    :raises SourceError: if the source is missing, unreadable or empty.
    """
    if source == ASTRONAUT:
        return AstronautView(load_astronaut(), rate, view_size(width, height))
    try:
        if re.fullmatch('[0-9]{1,9}', source) or source.startswith('/dev/'):
            device = f'/dev/video{int(source)}' if source.isdecimal() else source
            return Webcam(device, rate, width, height, tell, fourcc)
        path = Path(source).expanduser()
        if is_address(source) or (is_pipeline(source) and not path.exists()):
            stream = Stream(source, rate, width, height, tell)
            if not stream.is_video:
                return stream
            stream.close()
            return Video(source, rate, loop, width, height)
        if not source or not (path.is_dir() or path.is_file()):
            named = quoted(without_password(source))
            raise SourceError(f'there is no file or folder {named}; a source can be {SOURCES}')
        if path.is_dir():
            pictures, left_out = list_pictures(path)
            return Pictures(
                f'the folder {shown(path)}',
                pictures,
                rate,
                loop,
                width,
                height,
                tell,
                bit_depth,
                not sequence,
                left_out,
            )
        opencv_name(path)
        with path.open('rb'):
            pass  # a PermissionError must be reported as such, not as a damaged file
    # RuntimeError: no home folder. ValueError: characters that are not allowed in a path.
    except (OSError, RuntimeError, ValueError) as error:
        reason = shortened(getattr(error, 'strerror', None) or error)
        raise SourceError(f'cannot read {quoted(without_password(source))}: {reason}') from error
    if is_picture(path):
        name = f'the picture {shown(path)}'
        return Pictures(name, [path], rate, loop, width, height, tell, bit_depth)
    if path.suffix.lower() in FOREIGN_SUFFIXES:
        raise SourceError(f'{shown(path)} cannot be read: {describe_left_out([path])}')
    return Video(path, rate, loop, width, height)
