"""Decode a picture file in gray; the size is checked before the pixels are decoded."""

from __future__ import annotations

from functools import cache
from io import BytesIO
import struct

import cv2
import numpy as np
from PIL import Image
from PIL import ImageOps

from fer_ros.perception.images.decoding import MOST_PIXELS
from fer_ros.perception.images.picture_formats import PILLOW_FORMATS

# Maximum size of a picture file in bytes.
MOST_PICTURE_BYTES = 64 << 20

# Formats of phones and cameras that need another program, by their first bytes.
_FOREIGN = {b'ftypheic': 'HEIC', b'ftypheix': 'HEIC', b'ftypmif1': 'HEIF', b'ftypheim': 'HEIC'}

# Tag of TIFF with the number of bits of each colour.
BITS_PER_SAMPLE = 258

NOT_A_PICTURE = 'the file is no picture that Pillow or OpenCV reads'
BROKEN = 'the picture cannot be decoded'


class PictureError(ValueError):
    """A picture cannot be decoded; the message states the reason."""


def decode_picture(content: bytes, named_as_picture: bool = True) -> np.ndarray:
    """
    Decode a picture in gray.

    The format is detected from the content.  The first image of an animation is decoded.  EXIF
    data that state the orientation are applied.

    :param content: content of the picture file.
    :param named_as_picture: whether the name has the suffix of a picture; without it, the file
        is called no picture if it cannot be decoded.
    :return: (H, W) uint8, or uint16 or float32 if the file has such values.
    :raises PictureError: if the picture cannot be decoded or has more than 40 megapixels.
    """
    foreign = _FOREIGN.get(content[4:12])
    if foreign:
        raise PictureError(f'the format is {foreign}; save the picture as JPEG or PNG')
    try:
        # Unlike OpenCV, Pillow rejects truncated pictures and verifies checksums.
        opened = Image.open(BytesIO(content), formats=_formats())
    except Image.DecompressionBombError:
        raise PictureError(_too_large('')) from None
    except (OSError, ValueError, SyntaxError, struct.error, EOFError):
        return _by_opencv(content, NOT_A_PICTURE if not named_as_picture else BROKEN)
    with opened:
        width, height = opened.size
        if width * height > MOST_PIXELS:
            raise PictureError(_too_large(f' {width}x{height} pixels,'))
        if _has_deep_colours(content, opened):
            # Pillow reduces colours of 16 bits to 8 bits, of which 12-bit cameras use few.
            return _by_opencv(content, BROKEN)
        try:
            return _gray(ImageOps.exif_transpose(opened))
        except PictureError:
            raise
        # Pillow raises SyntaxError for a broken PNG, and a KeyError for some broken TIFF files.
        except (OSError, ValueError, SyntaxError, KeyError, struct.error, EOFError, MemoryError):
            if opened.format == 'TIFF':
                return _by_opencv(content, BROKEN)
            raise PictureError(BROKEN) from None


@cache
def _formats() -> list[str]:
    """Return those of `PILLOW_FORMATS` that this build of Pillow has."""
    Image.init()
    return [name for name in PILLOW_FORMATS if name in Image.OPEN]


def _gray(picture: Image.Image) -> np.ndarray:
    """Convert a picture of Pillow to gray, with its own number of bits."""
    if picture.mode == 'F':
        return _finite(np.asarray(picture, np.float32))
    if picture.mode.startswith('I'):
        values = np.asarray(picture)
        # Most pictures of mode I have 16 bits.
        if values.min(initial=0) >= 0 and values.max(initial=0) <= np.iinfo(np.uint16).max:
            return values.astype(np.uint16)
        return values.astype(np.float32)
    return np.asarray(picture.convert('L'))


def _has_deep_colours(content: bytes, opened: Image.Image) -> bool:
    """Check whether a file is a PNG or a TIFF with colours of 16 bits."""
    if opened.format == 'TIFF':
        return max(
            getattr(opened, 'tag_v2', {}).get(BITS_PER_SAMPLE, (8,))
        ) > 8 and opened.mode.startswith('RGB')
    return content.startswith(b'\x89PNG') and content[24:25] == b'\x10' and content[25] in (2, 6)


def _by_opencv(content: bytes, reason: str) -> np.ndarray:
    """Decode a picture that only OpenCV reads."""
    try:
        data = np.frombuffer(content, np.uint8)
        values = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE | cv2.IMREAD_ANYDEPTH)
    except cv2.error:
        values = None
    if values is None:
        raise PictureError(reason)
    if values.size > MOST_PIXELS:
        raise PictureError(_too_large(''))
    if values.dtype in (np.uint8, np.uint16):
        return values
    return _finite(values.astype(np.float32))


def _finite(values: np.ndarray) -> np.ndarray:
    """Return values after checking that they are finite."""
    if not np.isfinite(values).all():
        raise PictureError('the picture has values that are not finite')
    return values


def _too_large(size: str) -> str:
    """Format the refusal of a picture with too many pixels."""
    return f'the picture has{size} more than {MOST_PIXELS / 1e6:g} megapixels'
