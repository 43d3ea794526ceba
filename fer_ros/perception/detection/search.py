"""Search some views of an image and the surroundings of the known faces."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence

import numpy as np

from fer_ros.perception.boxes import Box
from fer_ros.perception.boxes import overlap
from fer_ros.perception.detection.candidates import Candidate
from fer_ros.perception.detection.candidates import SAME_FACE
from fer_ros.perception.detection.candidates import to_faces
from fer_ros.perception.detection.views import NearDetector
from fer_ros.perception.detection.views import View
from fer_ros.perception.detection.views import ViewDetector
from fer_ros.perception.faces import FaceDetection
from fer_ros.perception.settings import Settings

# Minimum score and size of a proposal, as fractions of the minimum score and size of a face. A
# proposal is a candidate of the coarse or the fine view, where small faces have low scores. The
# view around the proposal decides whether it is a face.
PROPOSAL_SCORE = 0.5
PROPOSAL_SIZE = 0.75

# Minimum size of a known face, as a fraction of the minimum size of a face. The size that a
# detector measures differs by up to 15 % between scales.
KNOWN_SIZE = 0.85

# A known face is searched twice if its last score was above the minimum score by this fraction of
# the distance to 1. The scores of most false positives are lower.
CLEARLY = 0.33

# Maximum number of proposals in an image. For more, a search in the whole image is faster.
MOST_PROPOSALS = 8


def search_views(
    detector: ViewDetector,
    image: np.ndarray,
    views: Sequence[View],
    known: Sequence[FaceDetection],
    settings: Settings,
) -> list[FaceDetection] | None:
    """
    Search some views of an image, and the surroundings of the known faces.

    A near detector searches the surroundings of each known face. The other views only propose
    faces, and the view around each proposal decides. So a new face and a known face have the same
    scores and eyes.

    :param detector: the detector.
    :param image: (H, W, 3) uint8 BGR image.
    :param views: the views to search.
    :param known: the known faces at their expected places.
    :param settings: settings for this image.
    :return: the faces; None if a search in the whole image takes less time.
    """
    height, width = image.shape[:2]
    min_score, min_size = settings.min_face_score, settings.min_face_size
    if not isinstance(detector, NearDetector):
        found = _look(detector, image, views, min_score)
        return to_faces(found, height, width, min_score, min_size, detector.eyes_estimated)
    inside = [face for face in known if _is_in(face.box, height, width)]
    near = [detector.near(face.box, height, width, min_size) for face in inside]
    if _cost(views) + _cost(near) > 1:
        return None
    found = []
    for face in inside:
        twice = face.score >= min_score + CLEARLY * (1 - min_score)
        found += _look_closely(detector, image, face.box, settings, twice)
    proposed = _look(detector, image, views, PROPOSAL_SCORE * min_score)
    chosen = _unknown(proposed, found, PROPOSAL_SIZE * min_size)
    if len(chosen) > MOST_PROPOSALS:
        return None
    for one in chosen:
        closer = _look_closely(detector, image, one.box, settings, one.score >= min_score)
        large = _shorter(one.box) >= min_size
        found += [
            candidate for candidate in closer if large or _shorter(candidate.box) >= min_size
        ]
    least = KNOWN_SIZE * min_size
    return to_faces(found, height, width, min_score, least, detector.eyes_estimated)


def _look_closely(
    detector: NearDetector,
    image: np.ndarray,
    box: Sequence[float],
    settings: Settings,
    twice: bool,
) -> list[Candidate]:
    """
    Search the surroundings of a face.

    :param detector: the detector.
    :param image: (H, W, 3) uint8 BGR image.
    :param box: expected box of the face in pixels.
    :param settings: settings for this image.
    :param twice: whether a face that is not found is searched again in a wider view, which shows
        it at another scale.
    """
    height, width = image.shape[:2]
    found: list[Candidate] = []
    for wide in (False, True) if twice else (False,):
        view = detector.near(box, height, width, settings.min_face_size, wide)
        found += _look(detector, image, [view], settings.min_face_score)
        if _is_among(box, found):
            break
    return found


def _look(
    detector: ViewDetector, image: np.ndarray, views: Sequence[View], min_score: float
) -> list[Candidate]:
    """Return the candidates of several views that are not cut by the border of their view."""
    height, width = image.shape[:2]
    return [
        candidate
        for view in views
        for candidate in detector.look(image, view, min_score)
        if view.may_report(candidate.box, height, width)
    ]


def _unknown(
    proposed: Sequence[Candidate], found: Sequence[Candidate], min_size: float
) -> list[Candidate]:
    """Select the proposals that overlap neither a face that was found nor a better proposal."""
    chosen: list[Candidate] = []
    for candidate in sorted(proposed, key=lambda one: -one.score):
        large = _shorter(candidate.box) >= min_size
        if large and not _is_among(candidate.box, (*found, *chosen)):
            chosen.append(candidate)
    return chosen


def _shorter(box: Sequence[float]) -> float:
    """Return the shorter side of a box."""
    return min(box[2] - box[0], box[3] - box[1])


def _is_among(box: Sequence[float], candidates: Iterable[Candidate]) -> bool:
    """Check whether a box is the same face as one of several candidates."""
    return any(overlap(box, candidate.box) > SAME_FACE for candidate in candidates)


def _is_in(box: Box, height: int, width: int) -> bool:
    """Check whether the centre of a box is in the image."""
    left, top, right, bottom = box
    return 0 < left + right < 2 * width and 0 < top + bottom < 2 * height


def _cost(views: Iterable[View]) -> float:
    """Return the cost of a search in several views."""
    return sum(view.cost for view in views)
