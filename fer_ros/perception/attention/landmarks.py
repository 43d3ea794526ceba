"""Follow the landmarks of one face from image to image."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace
import math

import numpy as np

from fer_ros.perception.attention.eyes import Eye
from fer_ros.perception.attention.eyes import eye_of
from fer_ros.perception.attention.face_model import CORNERS
from fer_ros.perception.attention.face_model import load_face_model
from fer_ros.perception.attention.networks import EYE_SIDE
from fer_ros.perception.attention.networks import EyeNetwork
from fer_ros.perception.attention.networks import FACE_POINTS
from fer_ros.perception.attention.networks import FACE_SIDE
from fer_ros.perception.attention.networks import FaceNetwork
from fer_ros.perception.attention.one_euro import OneEuroFilter
from fer_ros.perception.attention.regions import Region
from fer_ros.perception.attention.regions import region_of_detection
from fer_ros.perception.attention.regions import region_of_eye
from fer_ros.perception.attention.regions import region_of_landmarks
from fer_ros.perception.faces import FaceDetection

# Minimum score of the face network.
LEAST_SCORE = 0.5

# Passes of the face network over a face without known landmarks. Each pass improves the crop.
# YuNet underestimates the roll, so the first crop of a rolled head is off by up to 35 degrees.
FIRST_PASSES = 4

# The crop starts anew from the detector's box if the middle of the box is further from the middle
# of the crop than this fraction of the longer side of the box.
FARTHEST = 0.5
# The crop starts anew as well if its side is not within these multiples of the longer side of the
# box.
SIDES = (0.8, 3.0)

# The network locates other landmarks in a mirrored picture: the yaw differs by 4 degrees. The mean
# difference of each face is measured in one of this many images, and half of it is added to the
# landmarks of all images.
MIRROR_EVERY = 10
# Weight of a new difference in the mean difference.
MIRROR_WEIGHT = 0.3

# The filter of the landmarks, in Hz, Hz per side of the crop and second, and Hz.
SMOOTHING = (1.0, 8.0, 8.0)

# Minimum time between two runs of the eye network on one face, whichever the eye [s]. At 30 Hz,
# each eye is examined in every fourth image.
EYE_PERIOD = 0.05

# Minimum distance of the corners of an eye for the eye network [px]. An eye of 8 pixels has an
# iris of 3 pixels.
LEAST_EYE = 8.0


@dataclass
class Networks:
    """
    The loaded networks.

    :param face: the network for the landmarks.
    :param eye: the network for the iris.
    """

    face: FaceNetwork
    eye: EyeNetwork


class FollowedFace:
    """The landmarks of one face."""

    def __init__(self) -> None:
        # The smoothed landmarks, (468, 2) float64, pixels; None if the face was not located.
        self.landmarks: np.ndarray | None = None
        # The last landmarks as the network located them.
        self.unsmoothed: np.ndarray | None = None
        # The eyes as they were located last: the right one and the left one.
        self.eyes: dict[bool, Eye] = {}
        # Time of the last update [s].
        self.renewed = -np.inf
        self._region: Region | None = None
        self._filter = OneEuroFilter(*SMOOTHING)
        self._middle = np.zeros(2)
        self._left_is_next = False
        # Time of the last run of the eye network [s].
        self._eye_seen = -math.inf
        # Half of the mean difference to a mirrored picture: (468,) complex, in sides of the crop.
        self._difference = np.zeros(FACE_POINTS, complex)
        self._renewals = 0

    def renew(
        self, image: np.ndarray, face: FaceDetection, time: float, networks: Networks
    ) -> None:
        """
        Locate the landmarks in an image, and in some images an eye (in a new face: both eyes).

        :param image: (H, W, 3) uint8, BGR, upright.
        :param face: the detection of the face in this image.
        :param time: time of the image in seconds.
        :param networks: the networks.
        """
        self.renewed = time
        region, passes = self._region, 1
        if region is None or not _fits(region, face):
            self.forget()
            region, passes = region_of_detection(face), FIRST_PASSES
        for last in range(passes - 1, -1, -1):
            found = _locate(image, region, networks.face)
            if found is None:
                self.forget()
                return
            points = found if last else self._even(image, region, found, networks.face)
            region = region_of_landmarks(points)
        self._region, self.unsmoothed = region, points
        self.landmarks = self._filter.update(points, time, abs(region.across))
        self._middle = face.eyes.mean(axis=0)
        if passes == 1 and time - self._eye_seen < EYE_PERIOD:
            return
        self._eye_seen = time
        for left in (False, True) if passes > 1 else (self._left_is_next,):
            self._locate_eye(image, left, networks.eye)
        self._left_is_next = not self._left_is_next

    def shift(self, face: FaceDetection) -> None:
        """
        Move the landmarks with the eyes of the detection, in an image that is not examined.

        :param face: the detection of the face in this image.
        """
        middle = face.eyes.mean(axis=0)
        moved, self._middle = middle - self._middle, middle
        if self.landmarks is not None:
            self.landmarks = self.landmarks + moved

    def forget(self) -> None:
        """Forget the face, because it was not located."""
        self.landmarks = self.unsmoothed = self._region = None
        self.eyes = {}
        self._filter = OneEuroFilter(*SMOOTHING)
        self._renewals = 0

    def _even(
        self, image: np.ndarray, region: Region, points: np.ndarray, network: FaceNetwork
    ) -> np.ndarray:
        """Add half of the mean difference to the landmarks of a mirrored picture."""
        if self._renewals % MIRROR_EVERY == 0:
            mirrored = _locate(image, replace(region, mirrored=True), network)
            if mirrored is not None:
                other = mirrored[load_face_model().mirror] - points
                difference = other @ np.array([1, 1j]) / (2 * region.across)
                weight = MIRROR_WEIGHT if self._renewals else 1.0
                self._difference = self._difference + weight * (difference - self._difference)
        self._renewals += 1
        shift = self._difference * region.across
        evened: np.ndarray = points + np.column_stack([shift.real, shift.imag])
        return evened

    def _locate_eye(self, image: np.ndarray, left: bool, network: EyeNetwork) -> None:
        """Locate the iris of an eye, unless the eye is too small."""
        assert self.unsmoothed is not None
        right_outer, right_inner, left_inner, left_outer = self.unsmoothed[CORNERS]
        outer, inner = (left_outer, left_inner) if left else (right_outer, right_inner)
        self.eyes.pop(left, None)
        if np.linalg.norm(outer - inner) < LEAST_EYE:
            return
        region = region_of_eye(outer, inner, mirrored=left)
        outline, iris = network.locate(region.cut(image, EYE_SIDE))
        outline, iris = (region.to_image(points, EYE_SIDE) for points in (outline, iris))
        if np.isfinite(outline).all() and np.isfinite(iris).all():
            self.eyes[left] = eye_of(outline, iris, left)


def _locate(image: np.ndarray, region: Region, network: FaceNetwork) -> np.ndarray | None:
    """
    Locate the landmarks in a part of an image.

    :return: (468, 2) float64, pixels of the image; None if the part shows no face.
    """
    found, score = network.locate(region.cut(image, FACE_SIDE))
    points = region.to_image(found[:, :2], FACE_SIDE)
    return points if score >= LEAST_SCORE and np.isfinite(points).all() else None


def _fits(region: Region, face: FaceDetection) -> bool:
    """Check whether a crop still belongs to a detection."""
    left, top, right, bottom = face.box
    side = max(right - left, bottom - top)
    distance = abs(region.centre - complex(left + right, top + bottom) / 2)
    return distance < FARTHEST * side and SIDES[0] < abs(region.across) / side < SIDES[1]
