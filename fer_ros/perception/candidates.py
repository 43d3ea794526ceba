"""What a detector proposes, and which of it are faces."""

from __future__ import annotations

from dataclasses import dataclass
import math

import numpy as np

from fer_ros.perception.boxes import clip_boxes
from fer_ros.perception.boxes import suppress_non_maxima
from fer_ros.perception.faces import FaceDetection

# Boxes that share more than this are one face (intersection over union): what OpenCV's zoo sets
# for YuNet, and MediaPipe's graph for BlazeFace.
SAME_FACE = 0.3

# More proposals than this are never looked at; a threshold of 0 would let thousands through.
MOST_CANDIDATES = 1000


class DetectorError(RuntimeError):
    """A detector that cannot run: its engine or its weights are missing, or do not fit."""


@dataclass(frozen=True)
class Candidates:
    """
    Places of an image that may show a face.

    :param boxes: (N, 4) float, pixels; they may reach beyond the image, and lie on each other.
    :param scores: (N,) float, 0 to 1.
    :param eyes: (N, 2, 2) float, pixels: an (x, y) row per eye, the person's right eye first.
    """

    boxes: np.ndarray
    scores: np.ndarray
    eyes: np.ndarray

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, index: np.ndarray | list[int]) -> Candidates:
        return Candidates(self.boxes[index], self.scores[index], self.eyes[index])


def check_image(image: np.ndarray) -> None:
    """
    Refuse what no detector can look at.

    :param image: what should be (H, W, 3) uint8, BGR.
    :raises ValueError: if it is gray, empty, or not of bytes.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise ValueError(
            f'the image is {image.shape} {image.dtype}, not (H, W, 3) uint8 in BGR order'
        )


def strongest(candidates: Candidates, min_score: float) -> Candidates:
    """
    Leave out what is no face for certain, before anything is compared with everything.

    :param candidates: of one image.
    :param min_score: 0 to 1.
    :return: those of at least that score, best first, at most MOST_CANDIDATES.
    """
    order = np.argsort(-candidates.scores, kind='stable')
    order = order[candidates.scores[order] >= min_score]
    return candidates[order[:MOST_CANDIDATES]]


def to_faces(
    candidates: Candidates,
    height: int,
    width: int,
    min_score: float,
    min_size: float,
    eyes_estimated: bool = False,
) -> list[FaceDetection]:
    """
    Make faces of the candidates: cut at the image's border, large enough, one for each face.

    :param candidates: of one image.
    :param height: the image's, in pixels.
    :param width: the image's, in pixels.
    :param min_score: less certain ones are dropped, 0 to 1.
    :param min_size: boxes whose shorter side is below this many pixels are dropped, and so are
        those without area, whatever it is.
    :param eyes_estimated: whether the eyes were not seen, but placed by the box.
    :return: the faces, best first.
    """
    found = strongest(candidates, min_score)
    boxes = clip_boxes(found.boxes, height, width)
    # There are few, so that plain numbers are faster than arrays.
    places = zip(boxes.tolist(), found.eyes.tolist(), strict=True)
    usable = [index for index, place in enumerate(places) if _is_usable(*place, min_size)]
    if not usable:
        return []
    kept = suppress_non_maxima(boxes[usable], found.scores[usable], SAME_FACE)
    return [
        FaceDetection(
            box=tuple(boxes[index].tolist()),
            score=float(found.scores[index]),
            eyes=np.asarray(found.eyes[index], np.float32),
            eyes_estimated=eyes_estimated,
        )
        for index in (usable[best] for best in kept)
    ]


def _is_usable(box: list[float], eyes: list[list[float]], min_size: float) -> bool:
    """Say if a box is large enough, with eyes at two points, and all of that in numbers."""
    left, top, right, bottom = box
    if not all(map(math.isfinite, (*box, *eyes[0], *eyes[1]))):
        return False
    shorter = min(right - left, bottom - top)
    return shorter > 0 and shorter >= min_size and eyes[0] != eyes[1]
