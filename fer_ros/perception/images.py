"""From the bytes of an image message to an image, for every encoding that shows a face."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

# OpenCV cuts nothing out of an image with a longer side (SHRT_MAX).
LONGEST_SIDE = 32766


class ImageError(ValueError):
    """An image that cannot be decoded; the message says what it is and what would be right."""


@dataclass(frozen=True)
class Encoding:
    """
    How pixels lie in memory.

    :param channels: values per pixel in a row.
    :param bits: of a value, 8 or 16.
    :param conversion: OpenCV's code that makes BGR of it, None where it is BGR.
    :param planes: rows of the data per row of the image.
    """

    channels: int
    bits: int
    conversion: int | None
    planes: float = 1

    @property
    def pixel_bytes(self) -> int:
        """Bytes of a pixel in a row."""
        return self.channels * self.bits // 8


def _colours() -> dict[str, Encoding]:
    """List the encodings of colours and of gray, with 8 and with 16 bits."""
    conversions = {
        'bgr': (3, None),
        'rgb': (3, cv2.COLOR_RGB2BGR),
        'bgra': (4, cv2.COLOR_BGRA2BGR),
        'rgba': (4, cv2.COLOR_RGBA2BGR),
        'mono': (1, cv2.COLOR_GRAY2BGR),
        # OpenCV names a Bayer pattern by its second row and column, ROS by its first.
        'bayer_rggb': (1, cv2.COLOR_BayerBG2BGR),
        'bayer_bggr': (1, cv2.COLOR_BayerRG2BGR),
        'bayer_gbrg': (1, cv2.COLOR_BayerGR2BGR),
        'bayer_grbg': (1, cv2.COLOR_BayerGB2BGR),
    }
    return {
        f'{name}{bits}': Encoding(channels, bits, conversion)
        for bits in (8, 16)
        for name, (channels, conversion) in conversions.items()
    }


_UYVY = Encoding(2, 8, cv2.COLOR_YUV2BGR_UYVY)
_YUYV = Encoding(2, 8, cv2.COLOR_YUV2BGR_YUY2)

# REP 118's names and sensor_msgs/image_encodings.hpp's.  OpenCV's own type names are taken for
# what drivers mean by them.  16UC1 is left out: it is what depth cameras publish.
ENCODINGS = {
    **_colours(),
    '8UC1': Encoding(1, 8, cv2.COLOR_GRAY2BGR),
    '8UC3': Encoding(3, 8, None),
    '8UC4': Encoding(4, 8, cv2.COLOR_BGRA2BGR),
    'yuv422': _UYVY,
    'uyvy': _UYVY,
    'yuv422_yuy2': _YUYV,
    'yuyv': _YUYV,
    'nv12': Encoding(1, 8, cv2.COLOR_YUV2BGR_NV12, planes=1.5),
    'nv21': Encoding(1, 8, cv2.COLOR_YUV2BGR_NV21, planes=1.5),
}


def check_image(height: int, width: int, encoding: str, step: int, size: int) -> Encoding:
    """
    Check that an image is what it says.

    :param height: in pixels.
    :param width: in pixels.
    :param encoding: a name of ENCODINGS, in upper or lower case.
    :param step: bytes from one row to the next.
    :param size: of the data, in bytes.
    :return: how its pixels lie in memory.
    :raises ImageError: if it has no pixels or too many, shows no face (depth, for
        example), or is too short.
    """
    found = ENCODINGS.get(encoding) or ENCODINGS.get(encoding.lower())
    if found is None:
        raise ImageError(
            f"the encoding is '{encoding}', not one that shows a face, such as bgr8, rgb8 or mono8"
        )
    if height < 1 or width < 1:
        raise ImageError(f'the image is {width}x{height}, not at least 1x1 pixel')
    if step < width * found.pixel_bytes:
        raise ImageError(
            f'the step is {step} bytes, not at least {width * found.pixel_bytes} '
            f'for {width} pixels of {encoding}'
        )
    if encoding.startswith(('nv', 'NV')) and (height % 2 or width % 2):
        raise ImageError(f'the image is {width}x{height}, not even in both as {encoding} must be')
    if found.channels == 2 and width % 2:
        raise ImageError(f'the image is {width} pixels wide, not even as {encoding} must be')
    rows = int(height * found.planes)
    if size < step * rows:
        raise ImageError(
            f'the data are {size} bytes, not {step * rows} (step {step}, {rows} rows)'
        )
    _check_sides(height, width)
    return found


def decode_image(
    data: np.ndarray, height: int, width: int, encoding: str, step: int, is_bigendian: bool
) -> np.ndarray:
    """
    Make an image of the bytes of a message.

    :param data: (bytes,) uint8, in the order of the message.
    :param height: in pixels.
    :param width: in pixels.
    :param encoding: a name of ENCODINGS, in upper or lower case.
    :param step: bytes from one row to the next; what lies behind a row's pixels is passed over.
    :param is_bigendian: the order of the bytes of 16-bit values.
    :return: (height, width, 3) uint8 BGR; for bgr8 a view of the data.  16-bit values are scaled
        onto 8 bits, as cv_bridge does.
    :raises ImageError: if the image is not what it says, or its encoding shows no face.
    """
    how = check_image(height, width, encoding, step, len(data))
    rows = int(height * how.planes)
    row_bytes = width * how.pixel_bytes
    strided = np.lib.stride_tricks.as_strided(data, (rows, row_bytes), (step, 1), writeable=False)
    if how.bits == 16:
        values = np.ascontiguousarray(strided).view('>u2' if is_bigendian else '<u2')
        strided = cv2.convertScaleAbs(values.astype(np.uint16), alpha=255 / 65535)
    pixels = strided.reshape(rows, width, how.channels) if how.channels > 1 else strided
    if how.conversion is None:
        return pixels
    try:
        return cv2.cvtColor(np.ascontiguousarray(pixels), how.conversion)
    except cv2.error as error:
        raise ImageError(f'OpenCV makes no BGR of {width}x{height} {encoding}: {error}') from error


def decompress_image(data: np.ndarray, format_name: str) -> np.ndarray:
    """
    Make an image of a compressed message.

    :param data: (bytes,) uint8, the file: JPEG, PNG or what else OpenCV reads.
    :param format_name: what the message says of it.
    :return: (H, W, 3) uint8 BGR.
    :raises ImageError: if it is depth, or no picture.
    """
    if 'compressedDepth' in format_name:
        raise ImageError(f"the format is '{format_name}', not one that shows a face, such as jpeg")
    try:
        image = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
    except cv2.error as error:
        raise ImageError(f'OpenCV finds no picture in {format_name}: {error}') from error
    if image is None:
        raise ImageError(f'OpenCV finds no picture in {len(data)} bytes of {format_name}')
    _check_sides(*image.shape[:2])
    return image


def _check_sides(height: int, width: int) -> None:
    """Refuse an image that faces cannot be cut out of."""
    if max(height, width) > LONGEST_SIDE:
        raise ImageError(
            f'the image is {width}x{height}, not at most {LONGEST_SIDE} pixels a side'
        )
