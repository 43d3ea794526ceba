"""From a depth image to how far a face is, and where in space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fer_ros.perception.faces import Face
from fer_ros.perception.faces import Position
from fer_ros.perception.space.camera_model import CameraModel
from fer_ros.perception.space.camera_model import scale_between

# REP 118: 16UC1 in millimetres with 0 for nothing, 32FC1 in metres with NaN for nothing.  Some
# drivers call the former mono16.  Of each its type in NumPy, and the metres of a unit.
ENCODINGS = {'16uc1': ('u2', 0.001), 'mono16': ('u2', 0.001), '32fc1': ('f4', 1.0)}

# This share of a face's box, from its middle, in width and in height, is skin: beside it are hair
# and what stands behind.
CENTRAL_SHARE = 0.5

# More samples than this in a row or column of a large face would only take time.
MOST_SAMPLES = 48

# What is measured of one face lies within this of each other [m]: the middle of a face is about
# 0.1 m deep, and depth cameras are off by as much again at a few metres.
FACE_DEPTH = 0.25

# A face's depth must be that of at least so many samples, and of this share of all.
LEAST_SAMPLES = 5
LEAST_SHARE = 0.3

# How far depth cameras are off as a whole, as a fraction of the distance: what Intel promises of
# the D435 at 2 m (datasheet 337029).
DEPTH_ACCURACY = 0.02

# How far the middle of a face's box is off, as a fraction of its width and height: more than
# detectors jitter, as the middle of the box is not that of a face that looks aside.
BOX_ACCURACY = 0.05


class DepthError(ValueError):
    """A depth image that cannot be used; the message says what it is and what would be right."""


@dataclass(frozen=True)
class DepthImage:
    """
    Distances along the optical axis.

    :param values: (H, W) of the camera's own type and byte order, a view of the message's data.
    :param metres: of one unit of these.
    """

    values: np.ndarray
    metres: float


def decode_depth(
    data: np.ndarray, height: int, width: int, encoding: str, step: int, is_bigendian: bool
) -> DepthImage:
    """
    Read the bytes of a depth message; nothing is copied.

    :param data: (bytes,) uint8, in the order of the message.
    :param height: in pixels.
    :param width: in pixels.
    :param encoding: a name of ENCODINGS, in upper or lower case.
    :param step: bytes from one row to the next; what lies behind a row's pixels is passed over.
    :param is_bigendian: the order of the bytes of a value.
    :raises DepthError: if the image is not what it says, or is no depth.
    """
    if encoding.lower() not in ENCODINGS:
        raise DepthError(
            f"the encoding is '{encoding}', but a depth image must have 16UC1 or 32FC1"
        )
    kind, metres = ENCODINGS[encoding.lower()]
    element = np.dtype(kind).newbyteorder('>' if is_bigendian else '<')
    if height < 1 or width < 1:
        raise DepthError(f'the depth image is {width}x{height}, but must be at least 1x1 pixel')
    if step < width * element.itemsize:
        raise DepthError(
            f'the step is {step} bytes, but must be at least {width * element.itemsize} for '
            f'{width} pixels of {encoding}'
        )
    if len(data) < step * height:
        raise DepthError(
            f'the data have {len(data)} bytes, but must have {step * height} (step {step}, '
            f'{height} rows)'
        )
    values = np.ndarray((height, width), element, data, strides=(step, element.itemsize))
    return DepthImage(values, metres)


def measure_depth(
    depth: DepthImage, box: tuple[float, float, float, float]
) -> tuple[float, float] | None:
    """
    Measure how far the face in a box is.

    Of the depths in the middle of the box, those are the face's that are most within the depth of
    a face of each other; hands, hair and walls are elsewhere, and may even be more than half.

    :param depth: the depth image.
    :param box: (left, top, right, bottom) in its pixels.
    :return: the median of these depths, and by how much they differ (the standard deviation that
        their median absolute deviation stands for), in metres; None where too little is measured.
    """
    left, top, right, bottom = box
    rows = _samples(top, bottom, depth.values.shape[0])
    columns = _samples(left, right, depth.values.shape[1])
    samples = depth.values[np.ix_(rows, columns)].astype(np.float64).ravel() * depth.metres
    least = max(LEAST_SAMPLES, LEAST_SHARE * len(samples))
    samples = np.sort(samples[np.isfinite(samples) & (samples > 0)])
    # How many lie from each depth on, no further than a face is deep.
    counts = np.searchsorted(samples, samples + FACE_DEPTH, 'right') - np.arange(len(samples))
    if not len(counts) or counts.max() < least:
        return None
    # Of equals the nearest, as nothing is seen through a face.
    first = int(counts.argmax())
    samples = samples[first:][: counts[first]]
    median = float(np.median(samples))
    # 1.4826: of normal samples, the standard deviation by the median absolute deviation.
    return median, 1.4826 * float(np.median(np.abs(samples - median)))


def locate_face(
    face: Face, depth: DepthImage, camera: CameraModel, image_size: tuple[int, int]
) -> Position | None:
    """
    Find where in space a face is.

    :param face: in the image.
    :param depth: registered to the image: the same view at the same time, in any size.
    :param camera: calibration of the image, in any size.
    :param image_size: (height, width) of the image in pixels.
    :return: the middle of the face's visible surface; None where too little of it is measured.
    :raises CalibrationError: if the depth image or the calibration is of another view.
    """
    height, width = depth.values.shape
    across, down = scale_between(image_size, (height, width), ('the image', 'the depth image'))
    camera = camera.scaled_to(image_size)
    left, top, right, bottom = (float(value) for value in face.box)
    measured = measure_depth(depth, (left * across, top * down, right * across, bottom * down))
    # Half a pixel, as boxes count from the corner of the first pixel, cameras from its middle.
    direction = camera.direction((left + right - 1) / 2, (top + bottom - 1) / 2)
    if measured is None or direction is None:
        return None
    distance, spread = measured
    # Propagated through point = distance * direction, both taken for independent.
    across = (right - left) / camera.focal_lengths[0]
    down = (bottom - top) / camera.focal_lengths[1]
    deviations = distance * BOX_ACCURACY * np.array([across, down, 0.0])
    along = spread**2 + (DEPTH_ACCURACY * distance) ** 2
    with np.errstate(over='ignore'):
        covariance = np.diag(deviations**2) + along * np.outer(direction, direction)
    # A calibration that is no camera's gives numbers that are none.
    return Position(distance * direction, covariance) if np.isfinite(covariance).all() else None


def _samples(first: float, last: float, size: int) -> np.ndarray:
    """
    Choose the rows or columns in the middle part of a box.

    :param first: where the box begins, in pixels.
    :param last: where it ends, in pixels.
    :param size: how many rows or columns there are.
    :return: (N,) int, 1 to about MOST_SAMPLES, all of them there.
    """
    middle, reach = (first + last) / 2, CENTRAL_SHARE * (last - first) / 2
    begin = int(np.clip(np.floor(middle - reach), 0, size - 1))
    end = int(np.clip(np.ceil(middle + reach), begin + 1, size))
    return np.arange(begin, end, max(1, (end - begin) // MOST_SAMPLES))
