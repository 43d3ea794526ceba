"""Scale an image to the requested width and height."""

from __future__ import annotations

import math

import cv2
import numpy as np


def fit_image(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """
    Scale an image to fit into a size, and keep its aspect ratio.

    :param image: (H, W, 3) uint8.
    :param width: maximum width in pixels, 0 for no limit.
    :param height: maximum height in pixels, 0 for no limit.
    :return: (h, w, 3) uint8. The width or the height is exactly at its limit. The image is
        returned unchanged if both limits are 0.
    """
    rows, columns = image.shape[:2]
    scale = min(
        width / columns if width else math.inf,
        height / rows if height else math.inf,
    )
    if math.isinf(scale):
        return image
    size = max(1, round(columns * scale)), max(1, round(rows * scale))
    if size == (columns, rows):
        return image
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.resize(image, size, interpolation=how)
