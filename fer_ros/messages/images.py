"""Convert pixels to `Image` and `CompressedImage`."""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np

from fer_ros.messages.types import MessageTypes


def to_image_message(types: MessageTypes, header: Any, image: np.ndarray) -> Any:
    """
    Convert an image to a message.

    :param types: message classes.
    :param header: timestamp and frame of the image.
    :param image: (H, W, 3) uint8 BGR image.
    :return: Image with encoding bgr8.
    """
    message = types['sensor_msgs/msg/Image']()
    message.header = header
    message.height, message.width = image.shape[:2]
    message.encoding = 'bgr8'
    message.step = 3 * message.width
    _fill_data(message, image)
    return message


def to_compressed_message(types: MessageTypes, header: Any, jpeg: np.ndarray) -> Any:
    """
    Convert the bytes of a JPEG file to a message.

    :param types: message classes.
    :param header: timestamp and frame of the image.
    :param jpeg: (bytes,) uint8, JPEG file of a BGR image.
    :return: CompressedImage.
    """
    message = types['sensor_msgs/msg/CompressedImage']()
    message.header = header
    message.format = 'bgr8; jpeg compressed bgr8'
    _fill_data(message, jpeg)
    return message


def _fill_data(message: Any, values: np.ndarray) -> None:
    """Fill the data field of a new message, in the type that the field already has."""
    whole = np.ascontiguousarray(values)
    if isinstance(message.data, array):
        # `frombytes` is by far the fastest way to fill this field in rclpy. The method requires
        # contiguous data.
        message.data.frombytes(whole.data)
    else:
        message.data = whole.reshape(-1)
