"""
Decode the bytes of an image message to a BGR image.

The encodings of colour and gray images in `ENCODINGS` are supported. Depth images are rejected.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from fer_ros.perception.image_files import ImageFileError
from fer_ros.perception.image_files import read_image_file
from fer_ros.perception.quoting import quoted
from fer_ros.perception.quoting import shortened

# Limits of a raw or compressed image, in pixels. Cameras of robots have fewer pixels.
# OpenCV cannot crop from an image with a side above 32766 (SHRT_MAX).
LARGEST_SIDE = 8192
MOST_PIXELS = 40_000_000


class ImageError(ValueError):
    """Raised if an image cannot be decoded; the message states the problem and what is allowed."""


@dataclass(frozen=True)
class Encoding:
    """
    The layout of pixels in memory.

    :param channels: number of values per pixel in a row.
    :param bits: bits per value, 8 or 16.
    :param conversion: OpenCV's code for the conversion to BGR; None if the pixels are BGR.
    :param planes: number of rows of data per row of the image.
    """

    channels: int
    bits: int
    conversion: int | None
    planes: float = 1

    @property
    def pixel_bytes(self) -> int:
        """Return the number of bytes per pixel in a row."""
        return self.channels * self.bits // 8


def _colours() -> dict[str, Encoding]:
    """Return the encodings of colour and gray images, with 8 and with 16 bits per value."""
    conversions = {
        'bgr': (3, None),
        'rgb': (3, cv2.COLOR_RGB2BGR),
        'bgra': (4, cv2.COLOR_BGRA2BGR),
        'rgba': (4, cv2.COLOR_RGBA2BGR),
        'mono': (1, cv2.COLOR_GRAY2BGR),
        # OpenCV names a Bayer pattern by the second and third pixel of its second row.
        # ROS names a Bayer pattern by the four pixels in its first two rows and columns.
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

# The names are those of REP 118 and of sensor_msgs/image_encodings.hpp.
# OpenCV's type names do not state the colours, so the usual meaning among drivers is assumed.
# 16UC1 is not included, because depth cameras use it.
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
    Check that the fields of a raw image are valid and agree with the size of its data.

    :param height: image height in pixels.
    :param width: image width in pixels.
    :param encoding: a key of ENCODINGS, in upper or lower case.
    :param step: number of bytes from one row to the next.
    :param size: size of the data in bytes.
    :return: the layout of the pixels in memory.
    :raises ImageError: if the image has no pixels or too many, if its encoding is not in ENCODINGS
        (an encoding of depth, for example), or if its data are too short.
    """
    found = ENCODINGS.get(encoding) or ENCODINGS.get(encoding.lower())
    if found is None:
        raise ImageError(
            f'the encoding is {quoted(encoding)}, not one that shows a face, '
            'such as bgr8, rgb8 or mono8'
        )
    if step < width * found.pixel_bytes:
        raise ImageError(
            f'the step is {step} bytes, not at least {width * found.pixel_bytes} '
            f'for {width} pixels of {quoted(encoding)}'
        )
    if found.planes != 1 and (height % 2 or width % 2):
        raise ImageError(
            f'the image is {width}x{height}, not even in width and height, '
            f'as {quoted(encoding)} requires'
        )
    if found.channels == 2 and width % 2:
        raise ImageError(
            f'the image is {width} pixels wide, not even, as {quoted(encoding)} requires'
        )
    rows = int(height * found.planes)
    if size < step * rows:
        raise ImageError(
            f'the data are {size} bytes, not {step * rows} (step {step}, {rows} rows)'
        )
    _check_size(height, width)
    return found


def decode_image(
    data: np.ndarray, height: int, width: int, encoding: str, step: int, is_bigendian: bool
) -> np.ndarray:
    """
    Decode the data of a raw image message.

    :param data: (bytes,) uint8, the data of the message.
    :param height: image height in pixels.
    :param width: image width in pixels.
    :param encoding: a key of ENCODINGS, in upper or lower case.
    :param step: number of bytes from one row to the next. Padding after the pixels of a row is
        skipped.
    :param is_bigendian: whether 16-bit values have their high byte first.
    :return: (height, width, 3) uint8 BGR. For bgr8 the image is a view of the data. Values of 16
        bits are scaled to 8 bits, as in cv_bridge.
    :raises ImageError: under the same conditions as `check_image`, or if OpenCV cannot convert
        the image to BGR.
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
        raise ImageError(
            f'OpenCV cannot convert {width}x{height} {quoted(encoding)} to BGR: {shortened(error)}'
        ) from error


def decompress_image(data: np.ndarray, format_name: str) -> np.ndarray:
    """
    Decode a compressed image.

    The image size is read from the header and checked before the image is decoded. A rotation in
    the EXIF data is applied.

    :param data: (bytes,) uint8, contiguous, the content of a JPEG, PNG or WebP file.
    :param format_name: the field `format` of the message. This text is used in error messages and
        to reject depth images. The magic bytes of the file determine the file format.
    :return: (H, W, 3) uint8 BGR.
    :raises ImageError: if the format is one of depth images, or if the file exceeds a limit or
        cannot be decoded.
    """
    if 'compressedDepth' in format_name:
        raise ImageError(
            f'the format is {quoted(format_name)}, not one that shows a face, such as jpeg'
        )
    described = f'{len(data)} bytes of format {quoted(format_name)}'
    try:
        file = read_image_file(data)
    except ImageFileError as error:
        raise ImageError(f'no image in {described}: {error}') from error
    _check_size(file.height, file.width)
    if len(data) < file.least_size:
        raise ImageError(
            f'no image in {described}: {file.width}x{file.height} pixels need at least '
            f'{file.least_size} bytes'
        )
    try:
        image = cv2.imdecode(file.data, cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise ImageError(f'OpenCV cannot decode {described}: {shortened(error)}') from error
    if image is None:
        raise ImageError(f'OpenCV cannot decode {described}')
    height, width = image.shape[:2]
    if (width, height) not in ((file.width, file.height), (file.height, file.width)):
        raise ImageError(
            f'the header of {described} states {file.width}x{file.height} pixels, '
            f'but OpenCV decoded {width}x{height}'
        )
    return image


def _check_size(height: int, width: int) -> None:
    """Reject an image that has no pixels or is larger than the limits."""
    if height < 1 or width < 1:
        raise ImageError(f'the image is {width}x{height}, not at least 1x1 pixel')
    if max(height, width) > LARGEST_SIDE:
        raise ImageError(
            f'the image is {width}x{height}, not at most {LARGEST_SIDE} pixels a side'
        )
    if height * width > MOST_PIXELS:
        raise ImageError(
            f'the image is {width}x{height}, not at most {MOST_PIXELS / 1e6:g} megapixels'
        )
