"""Add positions to a `FrameResult`, from a depth image and a calibration."""

from __future__ import annotations

from typing import Any

from fer_ros.messages.calibration import to_camera_model
from fer_ros.messages.pixels import to_depth
from fer_ros.perception.frame_result import FrameResult
from fer_ros.perception.space.depth import locate_face


def located(result: FrameResult, depth: Any, calibration: Any, rectified: bool) -> FrameResult:
    """
    Add the position of each face.

    :param result: result of an image.
    :param depth: Image, the depth image of the same moment, registered to the image.
    :param calibration: CameraInfo of the image.
    :param rectified: whether the image is rectified; see `is_rectified`.
    :return: result with positions; a position is None where it is unknown.
    :raises DepthError: if the depth image is not usable.
    :raises CalibrationError: if the calibration is not valid.
    """
    size = result.image_size
    camera = to_camera_model(calibration, rectified, size)
    found = to_depth(depth)
    return result.located(
        {face.id: locate_face(face, found, camera, size) for face in result.faces}
    )
