"""Pictures made worse, as a robot's camera may see a face: what that costs a model."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from fer_ros.perception.crops.alignment import CropGeometry
from fer_ros.perception.crops.alignment import FER2013_CROP

# Of the noise, which is the same for every model.
_SEED = 0


def shrunk(images: np.ndarray, side: int) -> np.ndarray:
    """
    Show faces as they come from far away.

    :param images: (N, H, W) uint8.
    :param side: that is left of them, in pixels.
    :return: (N, H, W) uint8.
    """
    height, width = images.shape[1:]
    small = [cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA) for image in images]
    return np.stack([cv2.resize(image, (width, height)) for image in small])


def darkened(images: np.ndarray, share: float) -> np.ndarray:
    """
    Take light away, and the steps between grays with it.

    :param images: (N, H, W) uint8.
    :param share: of the light that is left.
    :return: (N, H, W) uint8.
    """
    return np.rint(images * share).astype(np.uint8)


def noisy(images: np.ndarray, deviation: float) -> np.ndarray:
    """
    Add noise.

    :param images: (N, H, W) uint8.
    :param deviation: of the noise, in gray levels.
    :return: (N, H, W) uint8.
    """
    noise = np.random.default_rng(_SEED).normal(0, deviation, images.shape)
    return np.clip(np.rint(images + noise), 0, 255).astype(np.uint8)


def with_dark_glasses(images: np.ndarray, crop: CropGeometry = FER2013_CROP) -> np.ndarray:
    """
    Cover the eyes by a dark bar.

    :param images: (N, H, W) uint8, the eyes where the crop has them.
    :param crop: where the eyes are.
    :return: (N, H, W) uint8.
    """
    height, width = images.shape[1:]
    covered = images.copy()
    middle = (crop.left_eye[1] + crop.right_eye[1]) / 2
    top, bottom = round((middle - 0.09) * height), round((middle + 0.09) * height)
    left = round((crop.right_eye[0] - 0.16) * width)
    right = round((crop.left_eye[0] + 0.16) * width)
    covered[:, top:bottom, left:right] = 25
    return covered


def with_mask(images: np.ndarray) -> np.ndarray:
    """
    Cover mouth and chin, as a mask does.

    :param images: (N, H, W) uint8.
    :return: (N, H, W) uint8.
    """
    height, width = images.shape[1:]
    covered = images.copy()
    top, left, right = round(0.58 * height), round(0.15 * width), round(0.85 * width)
    covered[:, top:, left:right] = 200
    return covered


def turned(images: np.ndarray, degrees: float) -> np.ndarray:
    """
    Turn heads in the plane of the picture, by what alignment may leave.

    :param images: (N, H, W) uint8.
    :param degrees: against the clock.
    :return: (N, H, W) uint8.
    """
    height, width = images.shape[1:]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1)
    return np.stack(
        [
            cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
            for image in images
        ]
    )


DEGRADATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    'a face of 24 pixels': lambda images: shrunk(images, 24),
    'a face of 16 pixels': lambda images: shrunk(images, 16),
    'a quarter of the light': lambda images: darkened(images, 0.25),
    'noise of 20 gray levels': lambda images: noisy(images, 20),
    'eyes covered, as by dark glasses': with_dark_glasses,
    'mouth covered, as by a mask': with_mask,
    'turned by 15 degrees': lambda images: turned(images, 15),
}
