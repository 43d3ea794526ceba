"""Limits of OpenCV, which must be set before its first import."""

from __future__ import annotations

import os


def limit_opencv() -> None:
    """
    Limit the number of pixels of an image that OpenCV decodes, unless the user has set a limit.

    A compressed image of a few kilobytes can decode to gigapixels, which OpenCV would allocate.
    The cameras of robots have fewer pixels than this limit.
    """
    os.environ.setdefault('OPENCV_IO_MAX_IMAGE_PIXELS', str(2**26))
