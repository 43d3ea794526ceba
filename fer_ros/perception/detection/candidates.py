"""The candidates that a detector proposes, and the selection of faces among them."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
import itertools
import math
from typing import NamedTuple

import numpy as np

from fer_ros.perception.boxes import clip_box
from fer_ros.perception.boxes import overlap
from fer_ros.perception.faces import FaceDetection

# Two boxes with a larger intersection over union are the same face. OpenCV's model zoo uses a
# limit of 0.3 for YuNet, and MediaPipe's graph uses 0.3 for BlazeFace.
SAME_FACE = 0.3

# Maximum absolute value of a logit. A larger value would not change the probability, and its
# exponential would overflow.
LARGEST_LOGIT = 80.0

# Maximum number of candidates that are processed. With a score threshold of 0, there would be
# thousands of candidates.
MOST_CANDIDATES = 1000


class DetectorError(RuntimeError):
    """Raised if a detector cannot run: its engine or weights are missing or not suitable."""


class Candidate(NamedTuple):
    """
    A possible face in an image, in plain Python numbers.

    :param score: probability of a face, 0 to 1.
    :param box: (left, top, right, bottom) in pixels; it may extend beyond the image.
    :param points: (x, y) in pixels of the person's right eye and left eye, and, if the detector
        locates them, the tip of the nose and the centre of the mouth.
    """

    score: float
    box: Sequence[float]
    points: Sequence[Sequence[float]]


@dataclass(frozen=True)
class Candidates:
    """
    Possible faces in an image, as arrays.

    :param boxes: (N, 4) float, pixels; boxes may extend beyond the image and overlap.
    :param scores: (N,) float, probabilities of a face, 0 to 1.
    :param points: (N, 2 or 4, 2) float, pixels: an (x, y) row per point, as in `Candidate`.
    """

    boxes: np.ndarray
    scores: np.ndarray
    points: np.ndarray

    def __len__(self) -> int:
        return len(self.scores)

    def __iter__(self) -> Iterator[Candidate]:
        rows = (self.scores.tolist(), self.boxes.tolist(), self.points.tolist())
        return map(Candidate, *rows)

    def __getitem__(self, index: np.ndarray | list[int]) -> Candidates:
        return Candidates(self.boxes[index], self.scores[index], self.points[index])


def check_image(image: np.ndarray) -> None:
    """
    Check that a detector can process an image.

    :param image: the image, which must be (H, W, 3) uint8, BGR, and not empty.
    :raises ValueError: if the image has another shape or element type, or is empty.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise ValueError(
            f'the image is {image.shape} {image.dtype}, but must be (H, W, 3) uint8 in BGR order'
        )


def probability(logits: np.ndarray) -> np.ndarray:
    """
    Apply the logistic function.

    :param logits: (N,) float logits.
    :return: (N,) probabilities of the same type, 0 to 1.
    """
    odds: np.ndarray = np.exp(-np.clip(logits, -LARGEST_LOGIT, LARGEST_LOGIT))
    return 1 / (1 + odds)


def strongest(candidates: Candidates, min_score: float) -> Candidates:
    """
    Select the candidates with the highest scores.

    This limits the number of candidates before all of them are compared with each other.

    :param candidates: candidates of one image.
    :param min_score: minimum score, 0 to 1.
    :return: the candidates with at least the minimum score, best first, at most MOST_CANDIDATES.
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
    Convert candidates to detections by clipping, size filtering and non-maximum suppression.

    For a few candidates, plain Python numbers are faster than arrays.

    :param candidates: candidates of one image.
    :param height: image height in pixels.
    :param width: image width in pixels.
    :param min_score: minimum score, 0 to 1.
    :param min_size: minimum length of the shorter side of a box in pixels. Boxes without area are
        always dropped.
    :param eyes_estimated: whether the eyes were estimated from the box, and not detected.
    :return: the detections, best first.
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
        # Of overlapping boxes, only the best is kept (non-maximum suppression).
        if any(overlap(box, better.box) > SAME_FACE for better in faces):
            continue
        points = np.array(candidate.points, np.float32)
        middle = points[2:] if len(points) == 4 else None
        faces.append(FaceDetection(box, candidate.score, points[:2], eyes_estimated, middle))
    return faces


def _by_score(candidate: Candidate) -> float:
    """Return the sort key of a candidate, which puts the best score first."""
    return -candidate.score


def _is_somewhere(candidate: Candidate) -> bool:
    """Check that all coordinates are finite, and that the eyes are at two different points."""
    right, left, *_ = candidate.points
    numbers = (*candidate.box, *itertools.chain.from_iterable(candidate.points))
    return right != left and all(map(math.isfinite, numbers))
