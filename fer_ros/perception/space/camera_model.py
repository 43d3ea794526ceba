"""Camera calibration: convert a pixel to the direction of its viewing ray."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

import cv2
import numpy as np

# Numbers of coefficients that OpenCV accepts, by the name of the distortion model in
# sensor_msgs/distortion_models.hpp.
DISTORTIONS = {
    'plumb_bob': (4, 5),
    'rational_polynomial': (8, 12, 14),
    'equidistant': (4,),
}
FISHEYE = 'equidistant'

# Maximum relative difference of the aspect ratios of two images with the same field of view.
# 848x480 and 424x240 agree exactly, 1366x768 and 640x360 nearly; 640x480 and 1280x720 do not.
PROPORTION_TOLERANCE = 0.02

# Maximum reprojection error of a direction, in pixels. The error of OpenCV's iteration is usually
# 0.1 pixels.
LENS_TOLERANCE = 1.0

# Field of view along the longer side of the image of a camera without calibration [deg]. Webcams
# and the colour cameras of depth cameras have 55 to 70.
ASSUMED_VIEW = 60.0


class CalibrationError(ValueError):
    """Raised if a calibration is not usable; the message states the problem and the remedy."""


def scale_between(
    from_size: tuple[int, int], to_size: tuple[int, int], names: tuple[str, str]
) -> tuple[float, float]:
    """
    Compute the factors that convert pixels of one image to pixels of another with the same view.

    :param from_size: (height, width) of the first image in pixels.
    :param to_size: (height, width) of the other image in pixels.
    :param names: names of both images for the error message.
    :return: the factors in x and in y.
    :raises CalibrationError: if the aspect ratios differ, which means that the views differ.
    """
    across, down = to_size[1] / from_size[1], to_size[0] / from_size[0]
    if abs(across / down - 1) > PROPORTION_TOLERANCE:
        raise CalibrationError(
            f'{names[0]} is {from_size[1]}x{from_size[0]} and {names[1]} is '
            f'{to_size[1]}x{to_size[0]}; both must have the same aspect ratio, because they must '
            'show the same scene'
        )
    return across, down


@dataclass(frozen=True)
class CameraModel:
    """
    The projection of a camera.

    :param size: (height, width) of the calibrated image in pixels.
    :param focal_lengths: focal lengths in x and in y, in pixels.
    :param centre: (x, y) of the principal point in pixels; 0 is the centre of the first pixel.
    :param distortion: distortion coefficients in OpenCV's order; empty for a rectified image.
    :param fisheye: whether the coefficients belong to OpenCV's fisheye model (equidistant).
    """

    size: tuple[int, int]
    focal_lengths: tuple[float, float]
    centre: tuple[float, float]
    distortion: tuple[float, ...] = ()
    fisheye: bool = False

    def scaled_to(self, size: tuple[int, int]) -> CameraModel:
        """
        Scale the camera model to an image of the same view with another size.

        :param size: (height, width) of the other image in pixels.
        :return: the scaled camera model.
        :raises CalibrationError: if the aspect ratio differs.
        """
        if size == self.size:
            return self
        across, down = scale_between(self.size, size, ('the calibrated image', 'the image'))
        # Coordinates are relative to the centre of the first pixel, so 0.5 is added to scale from
        # the image corner.
        return CameraModel(
            size,
            (self.focal_lengths[0] * across, self.focal_lengths[1] * down),
            ((self.centre[0] + 0.5) * across - 0.5, (self.centre[1] + 0.5) * down - 0.5),
            self.distortion,
            self.fisheye,
        )

    def direction(self, x: float, y: float) -> np.ndarray | None:
        """
        Compute the direction of the viewing ray of a pixel.

        :param x: column in pixels; 0 is the centre of the first column.
        :param y: row in pixels; 0 is the centre of the first row.
        :return: (3,) float64: the components to the right, down and forward, the last of which is
            1. None if the model has no direction for this pixel.
        """
        if self.distortion:
            return self._undistorted_direction(x, y)
        across = (x - self.centre[0]) / self.focal_lengths[0]
        down = (y - self.centre[1]) / self.focal_lengths[1]
        direction = np.array([across, down, 1.0])
        return direction if np.isfinite(direction).all() else None

    def rays(self, points: np.ndarray) -> np.ndarray:
        """
        Compute the directions of many points.

        :param points: (N, 2) float, (x, y) in pixels; 0 is the centre of the first pixel.
        :return: (N, 2) float64, (x / z, y / z) of each direction. Far outside the calibrated part
            of an image with distortion, directions may be wrong.
        """
        values = np.asarray(points, np.float64)
        if not self.distortion:
            plain: np.ndarray = (values - self.centre) / self.focal_lengths
            return plain
        lens = cv2.fisheye if self.fisheye else cv2
        coefficients = np.array(self.distortion)
        return np.asarray(
            lens.undistortPoints(values[:, None], self._matrix(), coefficients)
        ).reshape(-1, 2)

    def _matrix(self) -> np.ndarray:
        """Return the (3, 3) camera matrix."""
        return np.array(
            [
                [self.focal_lengths[0], 0, self.centre[0]],
                [0, self.focal_lengths[1], self.centre[1]],
                [0, 0, 1],
            ]
        )

    def _undistorted_direction(self, x: float, y: float) -> np.ndarray | None:
        """Compute the direction of a pixel's viewing ray through a lens with distortion."""
        matrix = self._matrix()
        lens = cv2.fisheye if self.fisheye else cv2
        coefficients, nowhere = np.array(self.distortion), np.zeros(3)
        pixel = np.array([[[x, y]]], np.float64)
        found = lens.undistortPoints(pixel, matrix, coefficients).reshape(2)
        direction = np.array([*found, 1.0])
        if not np.isfinite(direction).all():
            return None
        # Outside the calibrated part of the image, OpenCV's iteration may return any direction.
        back, _ = lens.projectPoints(
            direction.reshape(1, 1, 3), nowhere, nowhere, matrix, coefficients
        )
        return direction if np.abs(back - pixel).max() < LENS_TOLERANCE else None


def assumed_camera(size: tuple[int, int]) -> CameraModel:
    """
    Create the model of a camera without calibration.

    :param size: (height, width) of the image in pixels.
    :return: a camera without distortion, whose field of view along the longer side of the image is
        ASSUMED_VIEW.
    """
    height, width = size
    focal_length = max(size) / 2 / math.tan(math.radians(ASSUMED_VIEW) / 2)
    centre = ((width - 1) / 2, (height - 1) / 2)
    return CameraModel(size, (focal_length, focal_length), centre)


def camera_model(
    size: tuple[int, int],
    matrix: Sequence[float],
    distortion_model: str,
    distortion: Sequence[float],
) -> CameraModel:
    """
    Create a camera model from a calibration.

    :param size: (height, width) of the calibrated image in pixels.
    :param matrix: the nine numbers of the camera matrix, row by row.
    :param distortion_model: a key of DISTORTIONS; ignored if there is no distortion.
    :param distortion: distortion coefficients; empty or zeros for a rectified image.
    :return: the camera model.
    :raises CalibrationError: if the camera is not calibrated, or OpenCV does not support its
        distortion model.
    """
    values = np.asarray(matrix, np.float64)
    coefficients = np.asarray(distortion, np.float64)
    if not np.isfinite(values).all() or not np.isfinite(coefficients).all():
        raise CalibrationError(
            'the calibration has values that are not numbers; calibrate the camera again'
        )
    if values[0] <= 0 or values[4] <= 0:
        raise CalibrationError(
            f'the focal lengths are {values[0]:g} and {values[4]:g}, but must be above 0; '
            'calibrate the camera with camera_calibration'
        )
    if min(size) < 1:
        raise CalibrationError(
            f'the calibration is for {size[1]}x{size[0]} pixels, but must be for at least 1x1'
        )
    fisheye = False
    if coefficients.any():
        if len(coefficients) not in DISTORTIONS.get(distortion_model, ()):
            known = ', '.join(f'{name} {count}' for name, count in DISTORTIONS.items())
            raise CalibrationError(
                f"the distortion model '{distortion_model}' with {len(coefficients)} coefficients "
                f'is not supported; use one of {known}, or rectify the images'
            )
        fisheye = distortion_model == FISHEYE
    else:
        coefficients = coefficients[:0]
    return CameraModel(
        size,
        (float(values[0]), float(values[4])),
        (float(values[2]), float(values[5])),
        tuple(coefficients.tolist()),
        fisheye,
    )
