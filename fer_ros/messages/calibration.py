"""Convert a CameraInfo message to a camera model."""

from __future__ import annotations

from typing import Any

from fer_ros.perception.space.camera_model import camera_model
from fer_ros.perception.space.camera_model import CameraModel

# The fields of CameraInfo that determine the projection.
FIELDS = (
    'height',
    'width',
    'distortion_model',
    'd',
    'k',
    'r',
    'p',
    'binning_x',
    'binning_y',
    'roi',
)


def to_camera_model(message: Any, rectified: bool, image_size: tuple[int, int]) -> CameraModel:
    """
    Convert a calibration message to a camera model.

    Binning and the region of interest are applied as in image_geometry.

    :param message: CameraInfo, the calibration of the camera.
    :param rectified: True for a rectified image, which the matrix P describes; False for the
        original image, which K and D describe.
    :param image_size: (height, width) in pixels, used if the calibration does not contain the
        size.
    :return: camera model.
    :raises CalibrationError: if the message is not a valid calibration.
    """
    # The fourth column of P is omitted, because positions are relative to the camera itself.
    matrix = [*message.p[0:3], *message.p[4:7], *message.p[8:11]]
    distorted = not rectified or not any(matrix)
    if distorted:
        matrix = [*message.k]
    region = message.roi
    across, down = max(1, message.binning_x), max(1, message.binning_y)
    matrix[0], matrix[2] = matrix[0] / across, (matrix[2] - region.x_offset) / across
    matrix[4], matrix[5] = matrix[4] / down, (matrix[5] - region.y_offset) / down
    height = (region.height or message.height) // down
    width = (region.width or message.width) // across
    size = (height, width) if height and width else image_size
    return camera_model(size, matrix, message.distortion_model, message.d if distorted else [])


def same_projection(one: Any, other: Any) -> bool:
    """
    Check whether two calibrations are equal, except for their headers.

    :param one: CameraInfo.
    :param other: CameraInfo of the same library.
    """
    if one is other:
        return True
    return all(
        list(mine) == list(theirs) if hasattr(mine, '__len__') else mine == theirs
        for name in FIELDS
        for mine, theirs in [(getattr(one, name), getattr(other, name))]
    )
