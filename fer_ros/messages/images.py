"""From pixels to `Image` and `CompressedImage`."""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np

from fer_ros.messages.types import MessageTypes


def to_image_message(types: MessageTypes, header: Any, image: np.ndarray) -> Any:
    """
    Make a message of an image.

    :param types: of the messages.
    :param header: its time and frame.
    :param image: (H, W, 3) uint8 BGR.
    :return: an Image, the same as bgr8.
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
    Make a message of a JPEG file's bytes.

    :param types: of the messages.
    :param header: its time and frame.
    :param jpeg: (bytes,) uint8, the file, of a BGR image.
    :return: a CompressedImage.
    """
    message = types['sensor_msgs/msg/CompressedImage']()
    message.header = header
    message.format = 'bgr8; jpeg compressed bgr8'
    _fill_data(message, jpeg)
    return message


def _fill_data(message: Any, values: np.ndarray) -> None:
    """Give a new message its data, in the type that it has for them."""
    whole = np.ascontiguousarray(values)
    if isinstance(message.data, array):
        # Of all the ways to fill rclpy's field this is the fastest by far; it wants whole rows.
        message.data.frombytes(whole.data)
    else:
        message.data = whole.reshape(-1)
