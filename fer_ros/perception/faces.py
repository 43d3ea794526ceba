"""The values that the stages of the pipeline exchange."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace
import math

import numpy as np


@dataclass(frozen=True)
class FaceDetection:
    """
    A face that a detector found in one image.

    :param box: (left, top, right, bottom) in pixels, inside the image.
    :param score: the detector's probability that this is a face, 0 to 1.
    :param eyes: (2, 2) float32, pixels: an (x, y) row per eye. The first row is the person's right
        eye, which is on the left in an upright image. An eye may lie outside the image if the
        image border cuts the face.
    :param eyes_estimated: True if the detector returns no landmarks. The eyes are then at the
        average position of eyes in a bounding box.
    :param middle: (2, 2) float32, (x, y) in pixels of the tip of the nose and of the centre of the
        mouth; None if the detector does not locate them.
    """

    box: tuple[float, float, float, float]
    score: float
    eyes: np.ndarray
    eyes_estimated: bool = False
    middle: np.ndarray | None = None

    @property
    def width(self) -> float:
        """Return the width of the box in pixels."""
        return self.box[2] - self.box[0]

    @property
    def height(self) -> float:
        """Return the height of the box in pixels."""
        return self.box[3] - self.box[1]

    def moved(
        self, box: tuple[float, float, float, float], scale: float, shift: np.ndarray
    ) -> FaceDetection:
        """
        Return a copy whose landmarks are scaled and then shifted.

        :param box: new box, (left, top, right, bottom) in pixels.
        :param scale: factor of the coordinates of all landmarks.
        :param shift: (2,) float, (x, y) in pixels that is added afterwards.
        """
        middle = self.middle
        return replace(
            self,
            box=box,
            eyes=np.asarray(scale * self.eyes + shift, np.float32),
            middle=None if middle is None else np.asarray(scale * middle + shift, np.float32),
        )


@dataclass(frozen=True)
class Sighting:
    """
    A face in one image, and its track.

    :param track: number of the track. A track has its number from its first detection on.
    :param id: id of the person, a positive number that is never reused; None if the track is not
        confirmed yet.
    :param face: the detection, or the expected face in an image that no detector searched.
    """

    track: int
    id: int | None
    face: FaceDetection


@dataclass(frozen=True)
class Position:
    """
    A position relative to the camera.

    :param point: (3,) float64, metres to the right, down and forward along the optical axis.
    :param covariance: (3, 3) float64, covariance of the point in square metres.
    """

    point: np.ndarray
    covariance: np.ndarray


# The states of a person's attention, in the order of the scores.
ATTENDING, AWAY, UNKNOWN = ATTENTION_STATES = ('attending', 'away', 'unknown')


@dataclass(frozen=True)
class HeadAngles:
    """
    The direction of a face, as seen along the line from the camera to the face.

    The angles belong to a rotation about the horizontal axis of the head (pitch), then one about
    its vertical axis (yaw), then one in the image (roll). Therefore a rotation of the image
    changes the roll only.

    :param roll: clockwise rotation of the face in the image, in radians.
    :param yaw: rotation of the face to the right side of its upright image, in radians.
    :param pitch: rotation of the face upwards, in radians.
    """

    roll: float
    yaw: float
    pitch: float

    @property
    def off_camera(self) -> float:
        """Return the angle between the direction of the face and the camera, in radians."""
        return math.acos(max(-1.0, min(1.0, math.cos(self.yaw) * math.cos(self.pitch))))


@dataclass(frozen=True)
class HeadPose:
    """
    The pose of a head relative to the camera.

    :param rotation: (3, 3) float64, the axes of the face as columns, in the camera's optical
        frame: out of the face, to the person's left, up.
    :param position: estimated position of the sellion, the bridge of the nose.
    :param angles: the direction of the face as seen from the camera.
    :param rough: whether the pose is that of the detector's points, and not of the landmarks.
    """

    rotation: np.ndarray
    position: Position
    angles: HeadAngles
    rough: bool


@dataclass(frozen=True)
class Attention:
    """
    Whether a person attends to the camera, and what this was decided from.

    :param state: the decided state, one of ATTENTION_STATES.
    :param scores: (3,) float64, probabilities of ATTENTION_STATES, summing to 1.
    :param head: pose of the head; None if it was not measured.
    :param gaze: (3,) float64, direction of the gaze as a unit vector in the camera's optical
        frame; None if it was not measured.
    :param landmarks: (70, 2) float32, (x, y) in pixels of the camera's image, in the order of
        hri_msgs/FacialLandmarks; None if they were not located. The pupils are NaN if they were
        not located.
    :param eyes_open: whether the eyes are open; None if that was not measured.
    :param mouth_open: whether the mouth is open; None if that was not measured.
    """

    state: str
    scores: np.ndarray
    head: HeadPose | None = None
    gaze: np.ndarray | None = None
    landmarks: np.ndarray | None = None
    eyes_open: bool | None = None
    mouth_open: bool | None = None


@dataclass(frozen=True)
class Face:
    """
    A person's face in one image, with its emotion.

    :param id: id of the person, a positive number that is never reused.
    :param box: (left, top, right, bottom) in pixels, inside the image.
    :param score: the detector's probability that this is a face, 0 to 1.
    :param probabilities: (labels,) float64, calibrated and smoothed, summing to 1, in the order of
        the labels of the pipeline.
    :param emotion: the decided label, or 'uncertain'.
    :param position: position of the face's visible surface; None if no depth was measured.
    :param attention: head pose, gaze and attention; None while they are not measured.
    """

    id: int
    box: tuple[float, float, float, float]
    score: float
    probabilities: np.ndarray
    emotion: str
    position: Position | None = None
    attention: Attention | None = None
