"""Scale an image to the requested width and height."""

from __future__ import annotations

import cv2
import numpy as np

from fer_ros.perception.images.decoding import LARGEST_SIDE


def fit_image(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """
    Scale an image to fit into a size, and keep its aspect ratio.

    :param image: (H, W, 3) uint8 image.
    :param width: maximum width in pixels, 0 for no limit.
    :param height: maximum height in pixels, 0 for no limit. If only one is 0, LARGEST_SIDE is its
        limit.
    :return: (h, w, 3) uint8. The width or the height is exactly at its limit. The image is
        returned unchanged if both limits are 0.
    """
    rows, columns = image.shape[:2]
    if not width and not height:
        return image
    # The emotion node refuses larger images.
    scale = min((width or LARGEST_SIDE) / columns, (height or LARGEST_SIDE) / rows)
    size = max(1, round(columns * scale)), max(1, round(rows * scale))
    if size == (columns, rows):
        return image
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.resize(image, size, interpolation=how)
