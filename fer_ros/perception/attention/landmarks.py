"""Follow the landmarks of one face from image to image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fer_ros.perception.attention.eyes import Eye
from fer_ros.perception.attention.eyes import eye_of
from fer_ros.perception.attention.face_model import CORNERS
from fer_ros.perception.attention.networks import EYE_SIDE
from fer_ros.perception.attention.networks import EyeNetwork
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

# The filter of the landmarks, in Hz, Hz per side of the crop and second, and Hz.
SMOOTHING = (1.2, 25.0, 8.0)

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

    def renew(
        self, image: np.ndarray, face: FaceDetection, time: float, networks: Networks
    ) -> None:
        """
        Locate the landmarks in an image, and one of the eyes (in a new face: both).

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
        for _ in range(passes):
            found, score = networks.face.locate(region.cut(image, FACE_SIDE))
            points = region.to_image(found[:, :2], FACE_SIDE)
            if score < LEAST_SCORE or not np.isfinite(points).all():
                self.forget()
                return
            region = region_of_landmarks(points)
        self._region, self.unsmoothed = region, points
        self.landmarks = self._filter.update(points, time, abs(region.across))
        self._middle = face.eyes.mean(axis=0)
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


def _fits(region: Region, face: FaceDetection) -> bool:
    """Check whether a crop still belongs to a detection."""
    left, top, right, bottom = face.box
    side = max(right - left, bottom - top)
    distance = abs(region.centre - complex(left + right, top + bottom) / 2)
    return distance < FARTHEST * side and SIDES[0] < abs(region.across) / side < SIDES[1]
