"""
Search the whole image for everything that may be a face.

The search depends neither on the minimum score nor on the minimum size of a face. It finds heads
in all directions, and the upright ones of a rotated camera best.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from fer_ros.perception.boxes import Box
from fer_ros.perception.detection.choice import Detector
from fer_ros.perception.masking.regions import COLOUR
from fer_ros.perception.rotation import turn_box_back
from fer_ros.perception.rotation import turn_upright

# Minimum length of the longer side of a reduced view [px]; a smaller image is not reduced.
LEAST_SIDE = 320
# Maximum length of the longer side of an enlarged view [px]; a larger image is not enlarged.
MOST_SIDE = 960
# The factor by which a small image is enlarged. YuNet misses faces below about 30 px, and people
# can be recognised by fewer pixels.
ENLARGED = 4

# If the gray levels of an image between two percentiles span less than LOW_CONTRAST, the image is
# also searched with these levels stretched. A viewer could do the same. A lamp or a window must
# not prevent this, so the brightest or the darkest quarter of the image is left out as well.
LOW_CONTRAST = 64
PERCENTILES = ((1, 99), (1, 75), (25, 99))
# Only every n-th row and column is read to measure the contrast.
CONTRAST_STEP = 8


@dataclass(frozen=True)
class View:
    """
    A view of the image that a detector searches.

    :param min_score: minimum score of a candidate, 0 to 1.
    :param scale: scale of the view; 0 for the smallest view, with a longer side of LEAST_SIDE.
        An enlarged view has a longer side of at most MOST_SIDE.
    :param rotation: clockwise rotation of the view in degrees.
    """

    min_score: float
    scale: float
    rotation: int = 0


# If the longer side of a candidate is more than this fraction of the shorter side of the image, a
# higher score is needed. Detectors see so large a face well. At lower scores, most such candidates
# are no faces, and each of them would cover half of the image.
LARGE = 0.4
LARGE_SCORE = 0.25

# The angles from the image to the views that show heads on their side or upside down.
TURNS = (90, 180, 270)

# The views of each detector by its name. The thresholds are far below the score at which a
# detection counts as a face. In turned views they are higher, because YuNet takes half of the
# image for one face there at lower scores. BlazeFace divides each view into tiles itself, so it
# needs no smaller views.
VIEWS = {
    'yunet': (
        *(View(0.1, scale) for scale in (1, 0.5, 0.25, 0, ENLARGED)),
        *(View(0.25, scale, turn) for turn in TURNS for scale in (0.5, 0)),
    ),
    'blazeface': (View(0.1, 1), *(View(0.25, 0.5, turn) for turn in TURNS)),
    'haar': (View(0, 1), *(View(0.25, 0.5, turn) for turn in TURNS)),
}

# The views of a masked image. They show what is left of a face beside a covered part, and what
# looks like a face only beside a covered part. The threshold is below 0.3, because the image is
# compressed afterwards.
LEFT = tuple(View(0.2, scale) for scale in (1, 0.5, 0.25, 0))


@dataclass(frozen=True)
class Suspect:
    """
    Something that may be a face.

    :param box: (left, top, right, bottom) in pixels.
    :param score: the detector's probability that this is a face, 0 to 1.
    """

    box: Box
    score: float


def search(
    image: np.ndarray, detector: Detector, views: Sequence[View], rotation: int = 0
) -> list[Suspect]:
    """
    Search all views of an image.

    :param image: (H, W, 3) uint8 BGR image.
    :param detector: the detector.
    :param views: the views. Of views of the same size and rotation, only the first is searched.
    :param rotation: clockwise rotation of the camera in degrees, one of ROTATIONS.
    :return: everything that may be a face; a face has a box from each view in which it was found.
    """
    found = []
    for one in _contrasts(image):
        for view, pixels in _views(one, views):
            height, width = pixels.shape[:2]
            across, down = image.shape[1] / width, image.shape[0] / height
            turn = (view.rotation + rotation) % 360
            upright = turn_upright(pixels, turn)
            for face in detector.detect(upright, view.min_score, 1):
                size = height, width
                left, top, right, bottom = turn_box_back(face.box, turn, size)
                box = (left * across, top * down, right * across, bottom * down)
                if face.score >= LARGE_SCORE or _side(box) <= LARGE * min(image.shape[:2]):
                    found.append(Suspect(box, face.score))
    return found


def _side(box: Box) -> float:
    """Return the length of the longer side of a box in pixels."""
    left, top, right, bottom = box
    return max(right - left, bottom - top)


def _contrasts(image: np.ndarray) -> Iterator[np.ndarray]:
    """Iterate over the image and copies in which a narrow range of levels is stretched."""
    yield image
    sample = image[::CONTRAST_STEP, ::CONTRAST_STEP].reshape(-1, 3)
    sample = sample[(sample != COLOUR).any(axis=1)]
    if not len(sample):
        return
    for percentiles in PERCENTILES:
        low, high = np.percentile(sample, percentiles)
        span = max(float(high - low), 1.0)
        if span < LOW_CONTRAST:
            gain = 255 / span
            levels = np.clip(gain * (np.arange(256) - low), 0, 255).astype(np.uint8)
            yield cv2.LUT(image, levels)
            if percentiles == PERCENTILES[0]:
                return


def _views(image: np.ndarray, views: Iterable[View]) -> Iterator[tuple[View, np.ndarray]]:
    """Iterate over different views, each with its pixels, (H, W, 3) uint8, not yet rotated."""
    height, width = image.shape[:2]
    least = min(1.0, LEAST_SIDE / max(height, width))
    most = max(1.0, MOST_SIDE / max(height, width))
    scaled: dict[tuple[int, int], np.ndarray] = {(height, width): image}
    seen = set()
    for view in views:
        scale = min(max(view.scale, least), most)
        size = max(1, round(scale * height)), max(1, round(scale * width))
        if (size, view.rotation) in seen:
            continue
        seen.add((size, view.rotation))
        if size not in scaled:
            how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
            scaled[size] = cv2.resize(image, size[::-1], interpolation=how)
        yield view, scaled[size]
