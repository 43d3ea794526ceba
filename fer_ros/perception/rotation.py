"""Turn the images of a rotated camera upright, and turn the results back."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from fer_ros.perception.boxes import Box
from fer_ros.perception.frame_result import FrameResult

# The code of OpenCV for each clockwise rotation in degrees.
TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}

# All clockwise rotations in degrees.
ROTATIONS = (0, *TURNS)


def turn_upright(image: np.ndarray, rotation: int) -> np.ndarray:
    """
    Turn an image upright.

    A camera that is rotated clockwise shows the scene rotated counterclockwise, so the image is
    turned clockwise by the same angle.

    :param image: (H, W, 3) uint8 image.
    :param rotation: clockwise rotation of the camera in degrees, one of ROTATIONS.
    :return: (H, W, 3) uint8 upright image, or (W, H, 3) for a rotation by 90 or 270 degrees. For a
        rotation by 0 degrees, the function returns the image without a copy.
    """
    return cv2.rotate(image, TURNS[rotation]) if rotation else image


def turn_back(result: FrameResult, rotation: int) -> FrameResult:
    """
    Convert the result for an upright image to the pixels of the camera's image.

    :param result: result for the image that `turn_upright` returned.
    :param rotation: clockwise rotation of the camera in degrees, one of ROTATIONS.
    :return: the result for the camera's image.
    """
    if not rotation:
        return result
    height, width = result.image_size
    if rotation != 180:
        height, width = width, height
    size = height, width
    return replace(
        result,
        image_size=size,
        faces=tuple(
            replace(face, box=turn_box_back(face.box, rotation, size)) for face in result.faces
        ),
        boxes=tuple(turn_box_back(box, rotation, size) for box in result.boxes),
    )


def turn_box_back(box: Box, rotation: int, size: tuple[int, int]) -> Box:
    """
    Convert a box in an upright image to the pixels of the camera's image.

    :param box: (left, top, right, bottom) in pixels of the upright image.
    :param rotation: clockwise rotation of the camera in degrees, one of ROTATIONS.
    :param size: (height, width) of the camera's image in pixels.
    :return: (left, top, right, bottom) in pixels of the camera's image.
    """
    left, top, right, bottom = box
    height, width = size
    if rotation == 90:
        return top, height - right, bottom, height - left
    if rotation == 180:
        return width - right, height - bottom, width - left, height - top
    if rotation == 270:
        return width - bottom, left, width - top, right
    return box


def turn_points_back(points: np.ndarray, rotation: int, size: tuple[int, int]) -> np.ndarray:
    """
    Convert points in an upright image to the pixels of the camera's image.

    :param points: (N, 2) float, (x, y) in pixels of the upright image; 0 is the edge of the first
        pixel, as for boxes.
    :param rotation: clockwise rotation of the camera in degrees, one of ROTATIONS.
    :param size: (height, width) of the camera's image in pixels.
    :return: (N, 2) float, (x, y) in pixels of the camera's image.
    """
    x, y = points[:, 0], points[:, 1]
    height, width = size
    if rotation == 90:
        return np.column_stack([y, height - x])
    if rotation == 180:
        return np.column_stack([width - x, height - y])
    if rotation == 270:
        return np.column_stack([width - y, x])
    return points
