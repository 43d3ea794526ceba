"""The calibration of a camera: from a pixel to the direction that it sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

# By the names of sensor_msgs/distortion_models.hpp: how many coefficients OpenCV takes for each.
DISTORTIONS = {
    'plumb_bob': (4, 5),
    'rational_polynomial': (8, 12, 14),
    'equidistant': (4,),
}
FISHEYE = 'equidistant'

# Two sizes are of one field of view if their proportions agree this well: 848x480 and 424x240 do
# exactly, 1366x768 and 640x360 nearly, 640x480 and 1280x720 not at all.
PROPORTION_TOLERANCE = 0.02

# A direction is right if it is seen within so many pixels of where it was looked for; 0.1 is what
# OpenCV's iteration usually leaves.
LENS_TOLERANCE = 1.0


class CalibrationError(ValueError):
    """A calibration that gives no directions; the message says what it is, and what to do."""


def scale_between(
    from_size: tuple[int, int], to_size: tuple[int, int], names: tuple[str, str]
) -> tuple[float, float]:
    """
    Give the factors that take pixels of one image to those of another of the same view.

    :param from_size: (height, width) in pixels.
    :param to_size: (height, width) in pixels.
    :param names: of both, for who reads the error.
    :return: the factors in x and in y.
    :raises CalibrationError: if the proportions differ, so that the views must.
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
    How a camera projects.

    :param size: (height, width) of the image that the matrix is for, in pixels.
    :param focal_lengths: in x and in y, in pixels.
    :param centre: the principal point's x and y, in pixels; 0 is the middle of the first pixel.
    :param distortion: the coefficients of the lens as OpenCV orders them; none where the image is
        rectified.
    :param fisheye: True where these are of OpenCV's fisheye model (equidistant).
    """

    size: tuple[int, int]
    focal_lengths: tuple[float, float]
    centre: tuple[float, float]
    distortion: tuple[float, ...] = ()
    fisheye: bool = False

    def scaled_to(self, size: tuple[int, int]) -> CameraModel:
        """
        Give the same for an image of the same view in another size.

        :param size: (height, width) in pixels.
        :raises CalibrationError: if its proportions are others.
        """
        if size == self.size:
            return self
        across, down = scale_between(self.size, size, ('the calibrated image', 'the image'))
        # Half a pixel, as a pixel's middle has the whole number.
        return CameraModel(
            size,
            (self.focal_lengths[0] * across, self.focal_lengths[1] * down),
            ((self.centre[0] + 0.5) * across - 0.5, (self.centre[1] + 0.5) * down - 0.5),
            self.distortion,
            self.fisheye,
        )

    def direction(self, x: float, y: float) -> np.ndarray | None:
        """
        Give the direction that a pixel sees.

        :param x: to the right in pixels; 0 is the middle of the first column.
        :param y: down in pixels; 0 is the middle of the first row.
        :return: (3,) float64: to the right, down, and 1 forward; None where the lens sees nothing.
        """
        if self.distortion:
            return self._undistorted_direction(x, y)
        across = (x - self.centre[0]) / self.focal_lengths[0]
        down = (y - self.centre[1]) / self.focal_lengths[1]
        direction = np.array([across, down, 1.0])
        return direction if np.isfinite(direction).all() else None

    def _undistorted_direction(self, x: float, y: float) -> np.ndarray | None:
        """Give the direction that a pixel sees through the lens, as `direction` does."""
        matrix = np.array(
            [
                [self.focal_lengths[0], 0, self.centre[0]],
                [0, self.focal_lengths[1], self.centre[1]],
                [0, 0, 1],
            ]
        )
        lens = cv2.fisheye if self.fisheye else cv2
        coefficients, nowhere = np.array(self.distortion), np.zeros(3)
        pixel = np.array([[[x, y]]], np.float64)
        found = lens.undistortPoints(pixel, matrix, coefficients).reshape(2)
        direction = np.array([*found, 1.0])
        if not np.isfinite(direction).all():
            return None
        # Outside of what the lens was calibrated for the iteration ends anywhere.
        back, _ = lens.projectPoints(
            direction.reshape(1, 1, 3), nowhere, nowhere, matrix, coefficients
        )
        return direction if np.abs(back - pixel).max() < LENS_TOLERANCE else None


def camera_model(
    size: tuple[int, int],
    matrix: Sequence[float],
    distortion_model: str,
    distortion: Sequence[float],
) -> CameraModel:
    """
    Make a model of what a calibration says.

    :param size: (height, width) of the image that it is for, in pixels.
    :param matrix: the nine numbers of the camera matrix, row by row.
    :param distortion_model: a name of DISTORTIONS; it does not matter where nothing is distorted.
    :param distortion: the lens's coefficients; none, or zeros, for a rectified image.
    :raises CalibrationError: if the camera is not calibrated, or of a lens that OpenCV has no
        model for.
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
