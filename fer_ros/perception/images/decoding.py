"""
Decode the bytes of an image message to a BGR image.

The encodings of colour and gray images in `ENCODINGS` are supported. Depth images are rejected.
"""

from __future__ import annotations

import cv2
import numpy as np

from fer_ros.perception.images.bit_depth import scale_to_8_bits
from fer_ros.perception.images.encodings import CV_TYPE
from fer_ros.perception.images.encodings import DEPTH_OR_INFRARED
from fer_ros.perception.images.encodings import Encoding
from fer_ros.perception.images.encodings import find_encoding
from fer_ros.perception.images.encodings import why_not_accepted
from fer_ros.perception.images.image_files import ImageFileError
from fer_ros.perception.images.image_files import read_image_file
from fer_ros.perception.images.rows import check_rows
from fer_ros.perception.quoting import quoted
from fer_ros.perception.quoting import QUOTED_LENGTH
from fer_ros.perception.quoting import shortened

# Limits of a raw or compressed image, in pixels. Cameras of robots have fewer pixels.
# OpenCV cannot crop from an image with a side above 32766 (SHRT_MAX).
LARGEST_SIDE = 8192
MOST_PIXELS = 40_000_000


class ImageError(ValueError):
    """Raised if an image cannot be decoded; the message states the problem and what is allowed."""


def check_image(
    height: int, width: int, encoding: str, step: int, size: int, bit_depth: int = 0
) -> Encoding:
    """
    Check that the fields of a raw image are valid and agree with the size of its data.

    :param height: image height in pixels.
    :param width: image width in pixels.
    :param encoding: a key of ENCODINGS, in upper or lower case.
    :param step: number of bytes from one row to the next.
    :param size: size of the data in bytes.
    :param bit_depth: number of significant bits of 16-bit values; 0 for all 16. If it is above 0,
        the encoding 16UC1 is accepted as mono16.
    :return: the layout of the pixels in memory.
    :raises ImageError: if the image has no pixels or too many, if its encoding is not in ENCODINGS
        (an encoding of depth, for example), or if its data are too short.
    """
    found = find_encoding(encoding, bit_depth)
    if found is None:
        raise ImageError(why_not_accepted(encoding))
    if found.packed is not None and step >= width * found.packed.pixel_bytes:
        found = found.packed
    rows = int(height * found.planes)
    check_rows(width, rows, found.pixel_bytes, step, size, encoding, ImageError)
    if step % found.step_unit:
        raise ImageError(f'the step is {step} bytes, but must be even for {quoted(encoding)}')
    if height % found.cell[0]:
        raise ImageError(
            f'the image is {width}x{height}, but width and height must be even for '
            f'{quoted(encoding)}'
        )
    if width % found.cell[1]:
        raise ImageError(
            f'the image is {width} pixels wide, but the width must be even for {quoted(encoding)}'
        )
    _check_size(height, width)
    return found


def decode_image(
    data: np.ndarray,
    height: int,
    width: int,
    encoding: str,
    step: int,
    is_bigendian: bool,
    bit_depth: int = 0,
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
    :param bit_depth: as for `check_image`.
    :return: (height, width, 3) uint8 BGR. For bgr8 the image is a view of the data. Values of 16
        bits are scaled to 8 bits, as in cv_bridge.
    :raises ImageError: under the same conditions as `check_image`, or if OpenCV cannot convert
        the image to BGR.
    """
    how = check_image(height, width, encoding, step, len(data), bit_depth)
    try:
        pixels = _pixels(data, height, width, step, is_bigendian, how, bit_depth)
        if how.conversion is None:
            return pixels
        return cv2.cvtColor(np.ascontiguousarray(pixels), how.conversion)
    except cv2.error as error:
        raise ImageError(
            f'OpenCV cannot convert {width}x{height} {quoted(encoding)} to BGR: {shortened(error)}'
        ) from error


def _pixels(
    data: np.ndarray,
    height: int,
    width: int,
    step: int,
    is_bigendian: bool,
    how: Encoding,
    bit_depth: int,
) -> np.ndarray:
    """Make the input of an encoding's conversion; see `decode_image`."""
    if how.unpack is not None:
        return how.unpack(data, height, width, step)
    rows = int(height * how.planes)
    row_bytes = width * how.pixel_bytes
    strided = np.lib.stride_tricks.as_strided(data, (rows, row_bytes), (step, 1), writeable=False)
    if how.bits == 16:
        values = np.ascontiguousarray(strided).view('>u2' if is_bigendian else '<u2')
        strided = scale_to_8_bits(values.astype(np.uint16), bit_depth)
    return strided.reshape(rows, width, how.channels) if how.channels > 1 else strided


def decompress_image(data: np.ndarray, format_name: str, bit_depth: int = 0) -> np.ndarray:
    """
    Decode a compressed image.

    The image size is read from the header and checked before the image is decoded. A rotation in
    the EXIF data is applied.

    :param data: (bytes,) uint8, contiguous, the content of a JPEG, PNG or WebP file.
    :param format_name: the field `format` of the message. This text is used in error messages and
        to reject depth images. The magic bytes of the file determine the file format.
    :param bit_depth: number of significant bits of a PNG file with 16-bit values; 0 for all 16. If
        it is above 0, the format `16UC1; png compressed` is accepted.
    :return: (H, W, 3) uint8 BGR image.
    :raises ImageError: if the format is one of depth images, or if the file exceeds a limit or
        cannot be decoded.
    """
    _check_format(format_name, bit_depth)
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
        # By default OpenCV drops the lower 8 of 16 bits.
        flags = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH if bit_depth else cv2.IMREAD_COLOR
        image = cv2.imdecode(file.data, flags)
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
    return scale_to_8_bits(image, bit_depth) if image.dtype == np.uint16 else image


def _check_format(format_name: str, bit_depth: int) -> None:
    """
    Reject the formats of depth images.

    compressed_image_transport writes `ENCODING; png compressed ...`, where ENCODING is that of the
    raw image. compressed_depth_image_transport writes `ENCODING; compressedDepth png`.
    """
    # The names of encodings are short. The text comes from outside, and can be long.
    encoding = format_name[:QUOTED_LENGTH].partition(';')[0].strip()
    if 'compresseddepth' not in format_name.lower():
        if not CV_TYPE.fullmatch(encoding) or find_encoding(encoding, bit_depth) is not None:
            return
        if encoding.upper() == DEPTH_OR_INFRARED:
            raise ImageError(f'in the format {quoted(format_name)}, {why_not_accepted(encoding)}')
    raise ImageError(
        f'the format is {quoted(format_name)}, which depth cameras use, not one of a colour or '
        'gray image, such as jpeg or png'
    )


def _check_size(height: int, width: int) -> None:
    """Reject an image that has no pixels or is larger than the limits."""
    if height < 1 or width < 1:
        raise ImageError(f'the image is {width}x{height}, but must be at least 1x1 pixel')
    if max(height, width) > LARGEST_SIDE:
        raise ImageError(
            f'the image is {width}x{height}, but must be at most {LARGEST_SIDE} pixels a side'
        )
    if height * width > MOST_PIXELS:
        raise ImageError(
            f'the image is {width}x{height}, but must be at most {MOST_PIXELS / 1e6:g} megapixels'
        )
