"""The values that the stages of the pipeline exchange."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class FaceDetection:
    """
    A face that a detector found in one image.

    :param box: (left, top, right, bottom) in pixels, inside the image.
    :param score: the detector's probability that this is a face, 0 to 1.
    :param eyes: (2, 2) float32, pixels: an (x, y) row per eye. The first row is the person's right
        eye, which is on the left of the image. An eye may lie outside the image if the image
        border cuts the face.
    :param eyes_estimated: True if the detector returns no landmarks. The eyes are then at the
        average position of eyes in a bounding box.
    """

    box: tuple[float, float, float, float]
    score: float
    eyes: np.ndarray
    eyes_estimated: bool = False

    @property
    def width(self) -> float:
        """Return the width of the box in pixels."""
        return self.box[2] - self.box[0]

    @property
    def height(self) -> float:
        """Return the height of the box in pixels."""
        return self.box[3] - self.box[1]


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
    """

    id: int
    box: tuple[float, float, float, float]
    score: float
    probabilities: np.ndarray
    emotion: str
    position: Position | None = None
