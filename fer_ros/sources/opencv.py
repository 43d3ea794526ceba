"""Open files and devices with OpenCV: check that names are UTF-8, and suppress OpenCV's output."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import os
from pathlib import Path

import cv2

# The log level of libav that prints nothing.
FFMPEG_QUIET = '-8'


def opencv_name(path: Path | str) -> str:
    """
    Return a file name for OpenCV after checking that it is UTF-8.

    :param path: path of the file.
    :raises UnicodeEncodeError: if the name is not UTF-8. OpenCV would terminate the process with
        such a name.
    """
    name = str(path)
    name.encode()
    return name


@contextmanager
def quiet_opencv() -> Iterator[None]:
    """
    Suppress OpenCV's output on standard error.

    Errors are reported by an exception or the log.
    """
    os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', FFMPEG_QUIET)
    logging = getattr(getattr(cv2, 'utils', None), 'logging', None)
    if logging is None:  # missing in some builds of OpenCV 4.6
        yield
        return
    level = logging.getLogLevel()
    logging.setLogLevel(logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        logging.setLogLevel(level)
