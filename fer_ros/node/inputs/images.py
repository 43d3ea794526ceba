"""From image messages to images."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image

from fer_ros.perception.images import check_image
from fer_ros.perception.images import decode_image
from fer_ros.perception.images import decompress_image
from fer_ros.perception.images import Encoding

# What cv_bridge is tried with: rows of different colours that a mix-up would show.
TRIAL = np.array([[[10, 100, 200], [30, 60, 90]], [[1, 2, 3], [250, 0, 9]]], np.uint8)


def to_bgr(message: Image | CompressedImage, bridge: Any = None) -> np.ndarray:
    """
    Make an image of a message, through cv_bridge or without it; the result is the same.

    :param message: raw, of any encoding in `fer_ros.perception.images.ENCODINGS`, or compressed.
    :param bridge: what `working_bridge` gave, None for none.
    :return: (H, W, 3) uint8 BGR; for bgr8 a view of the message's data.
    :raises ImageError: if the image is not what it says, or its encoding shows no face.
    """
    data = np.frombuffer(message.data, np.uint8)
    if isinstance(message, CompressedImage):
        return decompress_image(data, message.format)
    how = check_image(message.height, message.width, message.encoding, message.step, len(data))
    if bridge is not None and _suits_cv_bridge(how, message.step):
        try:
            return bridge.imgmsg_to_cv2(message, 'bgr8')
        except Exception:  # whatever its libraries raise, the package's own code is next
            pass
    return decode_image(
        data,
        message.height,
        message.width,
        message.encoding,
        message.step,
        bool(message.is_bigendian),
    )


def working_bridge() -> tuple[Any, str]:
    """
    Try cv_bridge, whose builds against NumPy 1 fail under NumPy 2.

    :return: the bridge, and '', or None and the reason why it is not used.
    """
    height, width, channels = TRIAL.shape
    # A pixel more in each row than the image has: PyPI's namesake from ROS 1 gets that wrong.
    padded = np.zeros((height, width + 1, channels), np.uint8)
    padded[:, :width] = TRIAL[:, :, ::-1]
    step = (width + 1) * channels
    message = Image(height=height, width=width, encoding='rgb8', step=step)
    message.data.frombytes(padded.tobytes())
    try:
        bridge = importlib.import_module('cv_bridge').CvBridge()
        converted = np.asarray(bridge.imgmsg_to_cv2(message, 'bgr8'))
    except Exception as error:  # an import that breaks raises anything
        return None, f'{type(error).__name__}: {error}'
    if converted.shape != TRIAL.shape or not (converted == TRIAL).all():
        return None, 'its conversion of a padded rgb8 image is wrong'
    return bridge, ''


def _suits_cv_bridge(how: Encoding, step: int) -> bool:
    """
    Say if cv_bridge converts such an image, and rightly.

    It knows no planes, fails on big-endian values under NumPy 2, and shears an image whose rows
    are not whole pixels apart; where nothing is to be converted it would only copy.
    """
    return (
        how.conversion is not None
        and how.bits == 8
        and how.planes == 1
        and step % how.pixel_bytes == 0
    )
