"""What a detector proposes, and which of it are faces."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
import math
from typing import NamedTuple

import numpy as np

from fer_ros.perception.boxes import clip_box
from fer_ros.perception.boxes import overlap
from fer_ros.perception.faces import FaceDetection

# Boxes that share more than this are one face (intersection over union): what OpenCV's zoo sets
# for YuNet, and MediaPipe's graph for BlazeFace.
SAME_FACE = 0.3

# Beyond this a logit no longer changes the probability, and its exponential would overflow.
LARGEST_LOGIT = 80.0

# More proposals than this are never looked at; a threshold of 0 would let thousands through.
MOST_CANDIDATES = 1000


class DetectorError(RuntimeError):
    """A detector that cannot run: its engine or its weights are missing, or do not fit."""


class Candidate(NamedTuple):
    """
    A place of an image that may show a face, in plain numbers.

    :param score: 0 to 1.
    :param box: (left, top, right, bottom) in pixels; it may reach beyond the image.
    :param eyes: an (x, y) for each eye in pixels, the person's right eye first.
    """

    score: float
    box: Sequence[float]
    eyes: Sequence[Sequence[float]]


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

    def __iter__(self) -> Iterator[Candidate]:
        rows = (self.scores.tolist(), self.boxes.tolist(), self.eyes.tolist())
        return map(Candidate, *rows)

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
            f'the image is {image.shape} {image.dtype}, but must be (H, W, 3) uint8 in BGR order'
        )


def probability(logits: np.ndarray) -> np.ndarray:
    """
    Apply the logistic function.

    :param logits: (N,) float.
    :return: (N,) of the same type, 0 to 1.
    """
    return 1 / (1 + np.exp(-np.clip(logits, -LARGEST_LOGIT, LARGEST_LOGIT)))


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
    candidates: Iterable[Candidate],
    height: int,
    width: int,
    min_score: float,
    min_size: float,
    eyes_estimated: bool = False,
) -> list[FaceDetection]:
    """
    Make faces of the candidates: cut at the image's border, large enough, one for each face.

    There are few, so that plain numbers are faster than arrays.

    :param candidates: of one image.
    :param height: the image's, in pixels.
    :param width: the image's, in pixels.
    :param min_score: less certain ones are dropped, 0 to 1.
    :param min_size: boxes whose shorter side is below this many pixels are dropped, and so are
        those without area, whatever it is.
    :param eyes_estimated: whether the eyes were not seen, but placed by the box.
    :return: the faces, best first.
    """
    likely = [candidate for candidate in candidates if candidate.score >= min_score]
    likely.sort(key=_by_score)
    faces: list[FaceDetection] = []
    for candidate in likely[:MOST_CANDIDATES]:
        if not _is_somewhere(candidate):
            continue
        box = clip_box(candidate.box, height, width)
        shorter = min(box[2] - box[0], box[3] - box[1])
        if shorter <= 0 or shorter < min_size:
            continue
        # Of boxes that lie on each other the best is kept (non-maximum suppression).
        if any(overlap(box, better.box) > SAME_FACE for better in faces):
            continue
        eyes = np.array(candidate.eyes, np.float32)
        faces.append(FaceDetection(box, candidate.score, eyes, eyes_estimated))
    return faces


def _by_score(candidate: Candidate) -> float:
    """Sort the best first."""
    return -candidate.score


def _is_somewhere(candidate: Candidate) -> bool:
    """Say if a box and two different eyes are given in numbers."""
    right, left = candidate.eyes
    return right != left and all(map(math.isfinite, (*candidate.box, *right, *left)))
