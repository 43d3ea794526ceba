"""Convert image messages to arrays, with cv_bridge where it works."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image

from fer_ros.messages import pixels
from fer_ros.perception.images.decoding import check_image
from fer_ros.perception.images.encodings import Encoding

# Test image for cv_bridge. All pixels differ, so the test detects swapped rows or channels.
TRIAL = np.array([[[10, 100, 200], [30, 60, 90]], [[1, 2, 3], [250, 0, 9]]], np.uint8)


def to_bgr(message: Image | CompressedImage, bridge: Any = None, bit_depth: int = 0) -> np.ndarray:
    """
    Convert an image message to an array; the result is the same with and without cv_bridge.

    :param message: a raw image with an encoding of
        `fer_ros.perception.images.encodings.ENCODINGS`, or a
        compressed image.
    :param bridge: bridge returned by `working_bridge`; None to convert without cv_bridge.
    :param bit_depth: number of significant bits of 16-bit values; 0 for all 16.
    :return: (H, W, 3) uint8, BGR; for bgr8 a view of the message's data.
    :raises ImageError: if the data contradicts the description of the image, or if the encoding
        is not accepted.
    """
    if bridge is not None and not pixels.is_compressed(message):
        size = len(message.data)
        how = check_image(
            message.height, message.width, message.encoding, message.step, size, bit_depth
        )
        if _suits_cv_bridge(how, message.step):
            try:
                return bridge.imgmsg_to_cv2(message, 'bgr8')
            except Exception:  # after any error of cv_bridge, use `pixels.to_bgr`
                pass
    return pixels.to_bgr(message, bit_depth)


def working_bridge() -> tuple[Any, str]:
    """
    Test cv_bridge, because its builds against NumPy 1 fail with NumPy 2.

    :return: the bridge and '', or None and the reason why cv_bridge is not used.
    """
    height, width, channels = TRIAL.shape
    # Each row has one pixel of padding. The package of the same name on PyPI, which is for ROS 1,
    # converts such an image incorrectly.
    padded = np.zeros((height, width + 1, channels), np.uint8)
    padded[:, :width] = TRIAL[:, :, ::-1]
    step = (width + 1) * channels
    message = Image(height=height, width=width, encoding='rgb8', step=step)
    message.data.frombytes(padded.tobytes())
    try:
        bridge = importlib.import_module('cv_bridge').CvBridge()
        converted = np.asarray(bridge.imgmsg_to_cv2(message, 'bgr8'))
    except Exception as error:  # a broken import can raise any exception
        return None, f'{type(error).__name__}: {error}'
    if converted.shape != TRIAL.shape or not (converted == TRIAL).all():
        return None, 'its conversion of a padded rgb8 image is wrong'
    return bridge, ''


def _suits_cv_bridge(how: Encoding, step: int) -> bool:
    """
    Check whether cv_bridge converts such an image correctly, and is needed.

    cv_bridge does not support planar formats, and it fails with big-endian values under NumPy 2.
    cv_bridge shears an image if the row length in bytes is not a multiple of the pixel size. For
    an image that needs no conversion, it would only make a copy.

    :param how: encoding of the image.
    :param step: row length in bytes.
    """
    return (
        how.conversion is not None
        and how.bits == 8
        and how.planes == 1
        and step % how.pixel_bytes == 0
    )
