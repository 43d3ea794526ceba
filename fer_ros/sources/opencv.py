"""What OpenCV needs to open a file or a device: a name in UTF-8, and no output of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import os
from pathlib import Path

import cv2

# The level of libav's log below which it prints nothing.
FFMPEG_QUIET = '-8'


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


@contextmanager
def quiet_opencv() -> Iterator[None]:
    """Keep OpenCV from writing to standard error; an exception or the log reports the error."""
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
