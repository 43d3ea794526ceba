"""
The 3-D face that is fitted to landmarks.

The face is our own: `python -m benchmark face_model` derives it from the landmark network's output
for 2,800 faces of FER2013. It is an average face, so the distance of a child is overestimated.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from fer_ros.perception.attention.fit import RigidModel

# One line per landmark: x, y, z in the frame of a face, and the root mean square deviation of the
# landmark from a rigid face, in millimetres.
FILE = Path(__file__).with_name('face_model.csv')

# Distance between the pupils [m], and its standard deviation as a fraction: 63.36 mm and 3.83 mm
# in 3,976 adults (Dodgson 2004, doi:10.1117/12.529999).
PUPIL_DISTANCE = 0.063
PUPIL_SPREAD = 0.06

# Centre of the left eyeball relative to the mean of both corners of the eye, in the frame of a
# face, and distance from there to the centre of the iris [m]. The right eye is the mirror image.
# See `doc/attention.md` for the measurement.
EYEBALL = (-0.003, 0.0012, 0.0021)
IRIS_DISTANCE = 0.0098

# The network underestimates turns of the head: of 30 degrees in rendered heads, it shows 26; see
# `python -m benchmark poses`. In photographs with marked landmarks, turns are underestimated by
# 4 % only. A part of this is corrected by a face whose depth is this fraction of that in the file.
DEPTH = 0.92

# Indices of landmarks. The sellion is the deepest point of the bridge of the nose.
SELLION = 168
# Outer and inner corner of the right eye, inner and outer corner of the left eye.
CORNERS = [33, 133, 362, 263]
# Centre of the upper and the lower lip, and the corners of the mouth, all inside.
INNER_LIPS = (13, 14, 78, 308)

# Landmarks that deviate less than this are fitted [m]. Eyelids, lips and the outline of the face
# deviate more.
MOST_DEVIATION = 0.002
# Smallest deviation that counts in the weight of a landmark [m].
LEAST_DEVIATION = 0.0005

# The 68 landmarks of iBUG 300-W, which hri_msgs/FacialLandmarks also uses, among the landmarks of
# the network. Both pupils follow them in the message.
SIXTY_EIGHT = [
    *(127, 234, 132, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 361, 454, 356),
    *(70, 63, 105, 66, 55, 285, 296, 334, 293, 300),
    *(168, 197, 5, 4, 75, 97, 2, 326, 305),
    *(33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380),
    *(61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181),
    *(78, 82, 13, 312, 308, 317, 14, 87),
]


@dataclass(frozen=True)
class FaceModel:
    """
    The 3-D face.

    :param points: (468, 3) float64, the landmarks in the frame of a face in metres; the origin is
        the sellion.
    :param fitted: (N,) int, indices of the landmarks that are fitted.
    :param rigid: the fitted landmarks, prepared for fits.
    :param mirror: (468,) int, index of the same landmark on the other side of the face.
    """

    points: np.ndarray
    fitted: np.ndarray
    rigid: RigidModel
    mirror: np.ndarray


@lru_cache(1)
def load_face_model() -> FaceModel:
    """Load the 3-D face."""
    values = np.loadtxt(FILE, delimiter=',', skiprows=1) / 1000
    points, deviations = values[:, :3] * (DEPTH, 1, 1), values[:, 3]
    fitted = np.flatnonzero(deviations < MOST_DEVIATION)
    weights = 1 / np.maximum(deviations[fitted], LEAST_DEVIATION) ** 2
    distances = ((points[:, None] - points[None] * (1, -1, 1)) ** 2).sum(axis=2)
    return FaceModel(points, fitted, RigidModel(points[fitted], weights), distances.argmin(axis=1))
