"""Measure the direction of the gaze, and whether eyes and mouth are open."""

from __future__ import annotations

from dataclasses import dataclass
import math

import numpy as np

from fer_ros.perception.attention.face_model import EYEBALL
from fer_ros.perception.attention.face_model import INNER_LIPS
from fer_ros.perception.attention.face_model import IRIS_DISTANCE

# Indices in the outline of the eye network: outer and inner corner, and pairs of points on the
# upper and the lower eyelid.
OUTER, INNER = 0, 8
EYELIDS = ((11, 3), (12, 4), (13, 5))

# An eye counts as open if the distance of its eyelids is at least this fraction of its width. Of
# 55 faces in photographs, the only one with closed eyes has 0.13, and the others at least 0.20.
OPEN_EYE = 0.165
# A mouth counts as open if the distance of its lips is at least this fraction of its width.
OPEN_MOUTH = 0.15

# The gaze of an eye is measured only up to this angle to the direction in which the eye is seen
# best, as the cosine of 24 degrees.
LEAST_COSINE = 0.913

# Largest sine of the angle between the gaze and the line to the camera. The iris of an eye that
# looks further aside is hardly seen.
LARGEST_SINE = 0.95


@dataclass(frozen=True)
class Eye:
    """
    What the eye network located in an eye.

    :param left: whether this is the person's left eye.
    :param middle: (2,) float64, mean of both corners, in pixels.
    :param iris: (2,) float64, centre of the iris, in pixels.
    :param opening: distance of the eyelids as a fraction of the width of the eye.
    """

    left: bool
    middle: np.ndarray
    iris: np.ndarray
    opening: float


def eye_of(outline: np.ndarray, iris: np.ndarray, left: bool) -> Eye:
    """
    Summarise the points of an eye.

    :param outline: (71, 2) float, pixels of the image.
    :param iris: (5, 2) float, pixels of the image.
    :param left: whether this is the person's left eye.
    """
    lids = np.mean([np.linalg.norm(outline[up] - outline[down]) for up, down in EYELIDS])
    width = float(np.linalg.norm(outline[OUTER] - outline[INNER]))
    return Eye(
        left, (outline[OUTER] + outline[INNER]) / 2, iris[0], float(lids) / max(width, 1e-6)
    )


def gaze_of(offset: np.ndarray, left: bool, rotation: np.ndarray) -> np.ndarray:
    """
    Compute the direction of the gaze of one eye.

    The eyeball is a sphere, whose centre has a fixed place relative to the corners of the eye. The
    gaze is the direction from its centre to the iris.

    :param offset: (2,) float64, from the mean of both corners to the centre of the iris, in metres
        across the line of sight.
    :param left: whether this is the person's left eye.
    :param rotation: (3, 3) float64, the axes of the face as columns, in the frame of a camera
        whose optical axis passes through the eye.
    :return: (3,) float64, a unit vector in the frame of that camera, towards its side.
    """
    back, aside, up = EYEBALL
    centre = rotation[:2] @ (back, aside if left else -aside, up)
    across, down = ((offset - centre) / IRIS_DISTANCE).tolist()
    sine = math.hypot(across, down)
    if sine > LARGEST_SINE:
        across, down, sine = across * LARGEST_SINE / sine, down * LARGEST_SINE / sine, LARGEST_SINE
    return np.array([across, down, -math.sqrt(1 - sine * sine)])


def is_seen(left: bool, rotation: np.ndarray) -> bool:
    """
    Check whether an eye is seen well enough from the front.

    :param left: whether this is the person's left eye.
    :param rotation: (3, 3) float64, as in `gaze_of`.
    """
    # An eye is seen best from a little to its own side of the head.
    out = rotation[:, 0] + (0.2 if left else -0.2) * rotation[:, 1]
    return bool(-out[2] >= LEAST_COSINE * np.linalg.norm(out))


def is_mouth_open(landmarks: np.ndarray) -> bool:
    """
    Check whether a mouth is open.

    :param landmarks: (468, 2 or 3) float landmarks in pixels.
    """
    upper, lower, right, left = (landmarks[index, :2] for index in INNER_LIPS)
    opening, width = np.linalg.norm(upper - lower), np.linalg.norm(left - right)
    return bool(opening >= OPEN_MOUTH * width)
