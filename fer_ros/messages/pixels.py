"""Convert `Image` and `CompressedImage` to arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from fer_ros.perception.images.decoding import decode_image
from fer_ros.perception.images.decoding import decompress_image
from fer_ros.perception.images.encodings import find_encoding
from fer_ros.perception.images.image_files import is_16_bit_png
from fer_ros.perception.images.image_files import PNG_START
from fer_ros.perception.space.depth import decode_depth
from fer_ros.perception.space.depth import DepthImage


def is_compressed(message: Any) -> bool:
    """Check whether an image message is a CompressedImage, which has a format."""
    return hasattr(message, 'format')


def to_bgr(message: Any, bit_depth: int = 0) -> np.ndarray:
    """
    Convert an image message to an array.

    :param message: Image with an encoding of `fer_ros.perception.images.encodings.ENCODINGS`, or
        CompressedImage.
    :param bit_depth: number of significant bits of 16-bit values; 0 for all 16.
    :return: (H, W, 3) uint8, BGR; for bgr8 a view of the message's data.
    :raises ImageError: if the data contradicts the description of the image, or if the encoding
        is not accepted.
    """
    data = np.frombuffer(message.data, np.uint8)
    if is_compressed(message):
        return decompress_image(data, message.format, bit_depth)
    return decode_image(
        data,
        message.height,
        message.width,
        message.encoding,
        message.step,
        bool(message.is_bigendian),
        bit_depth,
    )


def has_16_bits(message: Any) -> bool:
    """
    Check whether the values of an image have 16 bits.

    :param message: Image or CompressedImage; of compressed images, only PNG files have 16 bits.
    """
    if is_compressed(message):
        return is_16_bit_png(bytes(message.data[:PNG_START]))
    found = find_encoding(message.encoding)
    return found is not None and found.bits == 16


def to_depth(message: Any) -> DepthImage:
    """
    Convert a depth message to a depth image.

    :param message: Image with an encoding of depth.
    :raises DepthError: if the encoding is not one of depth, or the fields do not agree with the
        data.
    """
    return decode_depth(
        np.frombuffer(message.data, np.uint8),
        message.height,
        message.width,
        message.encoding,
        message.step,
        bool(message.is_bigendian),
    )
