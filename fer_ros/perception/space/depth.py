"""Measure the distance of a face in a depth image, and compute its position in space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fer_ros.perception.faces import Face
from fer_ros.perception.faces import Position
from fer_ros.perception.images.rows import check_rows
from fer_ros.perception.space.camera_model import CameraModel
from fer_ros.perception.space.camera_model import scale_between

# NumPy type and metres per unit, by encoding (REP 118). 16UC1 is in millimetres, and 0 means no
# measurement. 32FC1 is in metres, and NaN means no measurement. Some drivers use the name mono16
# for 16UC1.
DEPTH_ENCODINGS = {'16uc1': ('u2', 0.001), 'mono16': ('u2', 0.001), '32fc1': ('f4', 1.0)}

# The central share of a face's box, in width and in height, that shows skin. The rest of the box
# may show hair and the background.
CENTRAL_SHARE = 0.5

# Approximate maximum of samples per row and column of a face. More samples would take time
# without improving the result.
MOST_SAMPLES = 48

# Maximum difference between the depths of one face [m]. The middle of a face is about 0.1 m deep,
# and the error of depth cameras at a few metres is of the same size.
FACE_DEPTH = 0.25

# Minimum number of samples with the depth of the face, and their minimum share of all samples.
LEAST_SAMPLES = 5
LEAST_SHARE = 0.3

# Systematic error of depth cameras as a fraction of the distance. Intel specifies this value for
# the D435 at 2 m (datasheet 337029).
DEPTH_ACCURACY = 0.02

# Error of the centre of a face's box as a fraction of its width and height. The error is larger
# than the jitter of detectors, because the box is not centred on a face that is turned to the
# side.
BOX_ACCURACY = 0.05


class DepthError(ValueError):
    """Raised if a depth image is not usable; the message states the problem and the remedy."""


@dataclass(frozen=True)
class DepthImage:
    """
    A depth image, which has the distance along the optical axis for each pixel.

    :param values: (H, W), in the type and byte order of the message, a view of its data.
    :param metres: metres per unit of the values.
    """

    values: np.ndarray
    metres: float


def decode_depth(
    data: np.ndarray, height: int, width: int, encoding: str, step: int, is_bigendian: bool
) -> DepthImage:
    """
    Decode the data of a depth message without a copy.

    :param data: (bytes,) uint8, the data of the message.
    :param height: image height in pixels.
    :param width: image width in pixels.
    :param encoding: a key of DEPTH_ENCODINGS, in upper or lower case.
    :param step: number of bytes from one row to the next. Padding after the pixels of a row is
        skipped.
    :param is_bigendian: whether values have their high byte first.
    :return: the depth image.
    :raises DepthError: if the encoding is not one of depth, or the fields do not agree with the
        data.
    """
    if encoding.lower() not in DEPTH_ENCODINGS:
        raise DepthError(
            f"the encoding is '{encoding}', but a depth image must have 16UC1 or 32FC1"
        )
    kind, metres = DEPTH_ENCODINGS[encoding.lower()]
    element = np.dtype(kind).newbyteorder('>' if is_bigendian else '<')
    if height < 1 or width < 1:
        raise DepthError(f'the depth image is {width}x{height}, but must be at least 1x1 pixel')
    check_rows(width, height, element.itemsize, step, len(data), encoding, DepthError)
    values = np.ndarray((height, width), element, data, strides=(step, element.itemsize))
    return DepthImage(values, metres)


def measure_depth(
    depth: DepthImage, box: tuple[float, float, float, float]
) -> tuple[float, float] | None:
    """
    Measure the distance of the face in a box.

    The face is the largest group of samples in the middle of the box whose depths differ by at
    most FACE_DEPTH. Hands, hair and walls have other depths, and may even cover more than half of
    the box.

    :param depth: the depth image.
    :param box: (left, top, right, bottom) in pixels of the depth image.
    :return: the median depth of the face and its standard deviation in metres. The standard
        deviation is estimated from the median absolute deviation. None if there are too few
        samples.
    """
    left, top, right, bottom = box
    rows = _samples(top, bottom, depth.values.shape[0])
    columns = _samples(left, right, depth.values.shape[1])
    samples = depth.values[np.ix_(rows, columns)].astype(np.float64).ravel() * depth.metres
    least = max(LEAST_SAMPLES, LEAST_SHARE * len(samples))
    samples = np.sort(samples[np.isfinite(samples) & (samples > 0)])
    # For each sample, the number of samples that lie up to FACE_DEPTH behind it.
    counts = np.searchsorted(samples, samples + FACE_DEPTH, 'right') - np.arange(len(samples))
    if not len(counts) or counts.max() < least:
        return None
    # Among groups of equal size the nearest is used, because nothing is visible through a face.
    first = int(counts.argmax())
    samples = samples[first:][: counts[first]]
    median = float(np.median(samples))
    # 1.4826 is the ratio of standard deviation to median absolute deviation for a normal
    # distribution.
    return median, 1.4826 * float(np.median(np.abs(samples - median)))


def locate_face(
    face: Face, depth: DepthImage, camera: CameraModel, image_size: tuple[int, int]
) -> Position | None:
    """
    Compute the position of a face in space.

    :param face: the face in the image.
    :param depth: depth image registered to the image: the same view at the same time, of any size.
    :param camera: calibration of the camera for the same view, of any size.
    :param image_size: (height, width) of the image in pixels.
    :return: the centre of the face's visible surface; None if there are too few depth samples.
    :raises CalibrationError: if the depth image or the calibration has another aspect ratio.
    """
    height, width = depth.values.shape
    across, down = scale_between(image_size, (height, width), ('the image', 'the depth image'))
    camera = camera.scaled_to(image_size)
    left, top, right, bottom = (float(value) for value in face.box)
    measured = measure_depth(depth, (left * across, top * down, right * across, bottom * down))
    # Half a pixel is subtracted, because the coordinates of boxes start at the corner of the first
    # pixel, and those of camera models start at its centre.
    direction = camera.direction((left + right - 1) / 2, (top + bottom - 1) / 2)
    if measured is None or direction is None:
        return None
    distance, spread = measured
    # Error propagation for point = distance * direction. The errors of distance and direction are
    # assumed to be independent.
    across = (right - left) / camera.focal_lengths[0]
    down = (bottom - top) / camera.focal_lengths[1]
    deviations = distance * BOX_ACCURACY * np.array([across, down, 0.0])
    along = spread**2 + (DEPTH_ACCURACY * distance) ** 2
    with np.errstate(over='ignore'):
        covariance = np.diag(deviations**2) + along * np.outer(direction, direction)
    # A calibration with impossible values may lead to values that are not finite.
    return Position(distance * direction, covariance) if np.isfinite(covariance).all() else None


def _samples(first: float, last: float, size: int) -> np.ndarray:
    """
    Choose the rows or columns in the middle part of a box.

    :param first: first edge of the box in pixels.
    :param last: last edge of the box in pixels.
    :param size: number of rows or columns of the image.
    :return: (N,) int, indices inside the image, from 1 to about MOST_SAMPLES in number.
    """
    middle, reach = (first + last) / 2, CENTRAL_SHARE * (last - first) / 2
    begin = int(np.clip(np.floor(middle - reach), 0, size - 1))
    end = int(np.clip(np.ceil(middle + reach), begin + 1, size))
    return np.arange(begin, end, max(1, (end - begin) // MOST_SAMPLES))
