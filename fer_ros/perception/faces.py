"""The values that pass between the stages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class FaceDetection:
    """
    A face found in one image.

    :param box: (left, top, right, bottom) in pixels, inside the image.
    :param score: how sure the detector is, 0 to 1.
    :param eyes: (2, 2) float32, pixels: an (x, y) row per eye, the person's right eye (on the left
        of the picture) first.  They may lie outside the image when the face is cut by its border.
    :param eyes_estimated: True when the detector gives no landmarks, and the eyes were placed
        where they lie in an average face of that box.
    """

    box: tuple[float, float, float, float]
    score: float
    eyes: np.ndarray
    eyes_estimated: bool = False

    @property
    def width(self) -> float:
        """Give the width of the box in pixels."""
        return self.box[2] - self.box[0]

    @property
    def height(self) -> float:
        """Give the height of the box in pixels."""
        return self.box[3] - self.box[1]


@dataclass(frozen=True)
class Sighting:
    """
    A face in one image, and whose it is.

    :param track: number of the track, from the face's first detection on.
    :param id: of the person, a positive number that is never used again; None while the face was
        not seen often enough to be believed.
    :param face: where it was found, or where it is expected when no detector looked.
    """

    track: int
    id: int | None
    face: FaceDetection


@dataclass(frozen=True)
class Position:
    """
    Where something is, seen from the camera.

    :param point: (3,) float64, metres to the right, down and forward along the optical axis.
    :param covariance: (3, 3) float64, square metres, of these.
    """

    point: np.ndarray
    covariance: np.ndarray


@dataclass(frozen=True)
class Face:
    """
    A person's face in one image, with what it shows.

    :param id: the person's track id, a positive number that is never used again.
    :param box: (left, top, right, bottom) in pixels, inside the image.
    :param score: how sure the detector is that this is a face, 0 to 1.
    :param probabilities: (labels,) float64, calibrated and smoothed, summing to 1, in the order of
        the labels of the pipeline.
    :param emotion: the decided label, or 'uncertain'.
    :param position: of the face's visible surface; None where no depth is measured.
    """

    id: int
    box: tuple[float, float, float, float]
    score: float
    probabilities: np.ndarray
    emotion: str
    position: Position | None = None
