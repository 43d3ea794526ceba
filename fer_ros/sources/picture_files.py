"""Decode a picture file in colour with OpenCV or, if it cannot, with Pillow."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from fer_ros.perception.images.decoding import MOST_PIXELS
from fer_ros.perception.images.picture_formats import PILLOW_FORMATS
from fer_ros.sources.opencv import opencv_name


def decode_file(path: Path) -> np.ndarray | None:
    """
    Decode a picture file.

    Pillow is used only if it is installed and OpenCV cannot decode the file, such as an AVIF file
    with OpenCV 4.6.

    :param path: path of the picture file.
    :return: (H, W, 3) BGR, uint8, uint16 or float32; None if the file cannot be decoded or has
        values that are not finite.
    """
    image = _by_opencv(path)
    if image is None:
        image = _by_pillow(path)
    if image is None or image.dtype in (np.uint8, np.uint16):
        return image
    values = image.astype(np.float32)
    return values if np.isfinite(values).all() else None


def _by_opencv(path: Path) -> np.ndarray | None:
    """Decode a file with OpenCV; None if this is impossible."""
    try:
        return cv2.imread(opencv_name(path), cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
    except (cv2.error, UnicodeEncodeError):  # larger than OpenCV allows, or not UTF-8
        return None


def _by_pillow(path: Path) -> np.ndarray | None:
    """Decode a file with Pillow; None if this is impossible."""
    try:
        from PIL import Image
        from PIL import ImageOps
    except ImportError:
        return None
    Image.init()
    known = [name for name in PILLOW_FORMATS if name in Image.OPEN]
    try:
        with Image.open(path, formats=known) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                return None
            turned = ImageOps.exif_transpose(opened)
            if turned.mode[0] in 'IF':
                values = np.asarray(turned)
                deep = values if values.dtype == np.uint16 else values.astype(np.float32)
                return np.repeat(deep[..., None], 3, axis=2)
            return np.asarray(turned.convert('RGB'))[..., ::-1].copy()
    # Pillow raises SyntaxError for a broken PNG, and other errors for other formats.
    except (OSError, ValueError, SyntaxError, KeyError, EOFError, Image.DecompressionBombError):
        return None
