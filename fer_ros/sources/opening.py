"""Open a source of images by its name."""

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
from fer_ros.sources.opencv import opencv_name
from fer_ros.sources.pictures import is_picture
from fer_ros.sources.pictures import list_pictures
from fer_ros.sources.pictures import Pictures
from fer_ros.sources.video import Video
from fer_ros.sources.webcam import Webcam


def open_source(
    source: str,
    rate: float = 0.0,
    loop: bool = False,
    width: int = 0,
    height: int = 0,
    tell: Callable[[str], None] = print,
) -> ImageSource:
    """
    Find out which kind a source is, open it, and check that it gives an image.

    :param source: one of SOURCES; a folder with the name astronaut is given as ./astronaut.
    :param rate: images per second, 0 for the source's own.
    :param loop: whether a video, a folder or a picture begins again at its end.
    :param width: in pixels; images are scaled to fit into it and keep their proportions, so that
        a face stays a face.  0: as wide as it is, or as the height makes it.
    :param height: the same for the height.
    :param tell: called with a sentence when a picture is skipped and when a webcam comes or goes.
    :return: the source, which begins with its first image.
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
