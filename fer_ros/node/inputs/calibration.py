"""From a CameraInfo message to a camera model."""

from __future__ import annotations

from sensor_msgs.msg import CameraInfo

from fer_ros.perception.space.camera_model import camera_model
from fer_ros.perception.space.camera_model import CameraModel


def is_rectified(topic: str) -> bool:
    """
    Say if a topic's images are rectified: by the name that CameraInfo.msg has for these.

    :param topic: image_rect or image_rect_color, for example, with or without a namespace.
    """
    return 'image_rect' in topic.rsplit('/', 1)[-1]


def to_camera_model(
    message: CameraInfo, rectified: bool, image_size: tuple[int, int]
) -> CameraModel:
    """
    Read a calibration; binning and the region of interest as image_geometry does.

    :param message: the calibration.
    :param rectified: True for the rectified image, which P describes; False for the camera's own,
        which K and D do.
    :param image_size: (height, width) in pixels, for a calibration that does not name its own.
    :raises CalibrationError: if it is none.
    """
    # P's fourth column is left out: the position is that seen from the camera itself.
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
