"""Scale an image to the width and height that a user asked for."""

from __future__ import annotations

import math

import cv2
import numpy as np


def fit_image(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """
    Scale an image to fit into a size; it keeps its proportions.

    :param image: (H, W, 3) uint8.
    :param width: in pixels, 0 for any.
    :param height: in pixels, 0 for any.
    :return: (h, w, 3) uint8: w is `width` or h is `height`, and neither is exceeded.
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
