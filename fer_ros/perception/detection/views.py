"""
Views: parts of an image that a detector can search separately, each at its own scale.

Large faces are found in a small view of the whole image. Small faces need a fine view, which is
divided into overlapping parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math
from typing import Literal
from typing import Protocol
from typing import runtime_checkable

import cv2
import numpy as np

from fer_ros.perception.boxes import Box
from fer_ros.perception.detection.candidates import Candidate

# Maximum ratio of the sides of a face's box. Most boxes are 1.2 to 1.4 times as high as wide.
LONGEST_FACE = 1.5

# Margin of a part, in pixels of the scaled part. If a box extends into the margin, the border of
# the part is assumed to cut the face.
PART_MARGIN = 3

# A part detects faces up to this multiple of its `largest`. Larger boxes are usually details of a
# face that is larger than the part.
LARGEST_IN_PART = 1.5

# Minimum fraction of a face that is inside the view around a known face. A detector completes the
# box of a face that the border of the view cuts.
MOSTLY_INSIDE = 0.75

# Minimum scale for bilinear interpolation of a part.
BILINEAR_PART = 0.4


@dataclass(frozen=True)
class View:
    """
    A part of an image, and the scale at which it is searched.

    :param kind: 'coarse' for the whole image and its large faces; 'part' for a part of the fine
        view and its small faces; 'near' and 'wide' for the surroundings of a face.
    :param region: (left, top, right, bottom) in whole pixels of the image.
    :param size: (width, height) of the scaled region in pixels.
    :param smallest: shorter side of the smallest face that this view must find, in pixels of the
        image; 0 for a part, because no other view shows smaller faces.
    :param largest: shorter side of the largest face that this view must find, in pixels of the
        image.
    :param cost: time of this search, as a fraction of the time of a search in the whole image.
    """

    kind: Literal['coarse', 'part', 'near', 'wide']
    region: tuple[int, int, int, int]
    size: tuple[int, int]
    smallest: float
    largest: float
    cost: float

    def crop(self, image: np.ndarray) -> np.ndarray:
        """Return the region of an image, without copying it."""
        left, top, right, bottom = self.region
        return image[top:bottom, left:right]

    def must_find(self, box: Sequence[float], height: int, width: int) -> bool:
        """
        Check whether this view shows a face completely, and at a suitable scale.

        :param box: (left, top, right, bottom) of the face in pixels of the image.
        :param height: height of the image in pixels.
        :param width: width of the image in pixels.
        """
        return self.smallest <= _shorter(box) <= self.largest and self._contains(
            box, height, width
        )

    def may_report(self, box: Sequence[float], height: int, width: int) -> bool:
        """
        Check whether a box that was found in this view can be a complete face.

        :param box: (left, top, right, bottom) of the face in pixels of the image.
        :param height: height of the image in pixels.
        :param width: width of the image in pixels.
        """
        if self.kind == 'coarse':
            return True
        if self.kind == 'part':
            small = _shorter(box) <= LARGEST_IN_PART * self.largest
            return small and self._contains(box, height, width)
        inside = _area(_common(box, self.region))
        return inside > 0 and inside >= MOSTLY_INSIDE * _area(_common(box, (0, 0, width, height)))

    def _contains(self, box: Sequence[float], height: int, width: int) -> bool:
        """Check that the border of this view does not cut a face."""
        left, top, right, bottom = self.region
        margin = PART_MARGIN if self.kind == 'part' else 0
        across = margin * (right - left) / self.size[0]
        down = margin * (bottom - top) / self.size[1]
        # A face at the border of the image is cut in every view, so this border needs no margin.
        return (
            (left <= 0 or box[0] >= left + across)
            and (top <= 0 or box[1] >= top + down)
            and (right >= width or box[2] <= right - across)
            and (bottom >= height or box[3] <= bottom - down)
        )


@dataclass(frozen=True)
class Views:
    """
    The views in which a detector finds all faces of an image.

    :param coarse: view of the whole image for large faces.
    :param parts: views for small faces, which together cover the image.
    """

    coarse: View
    parts: tuple[View, ...]


@runtime_checkable
class ViewDetector(Protocol):
    """A detector that can search the views of an image separately."""

    # Whether the eyes are estimated from the box, and not detected.
    eyes_estimated: bool

    def views(self, height: int, width: int, min_size: float) -> Views | None:
        """
        Divide an image into views.

        :param height: height of the image in pixels.
        :param width: width of the image in pixels.
        :param min_size: shorter side of the smallest wanted face in pixels.
        :return: the views; None if a search in views would not be faster.
        """
        ...

    def look(self, image: np.ndarray, view: View, min_score: float) -> list[Candidate]:
        """
        Search a view.

        :param image: (H, W, 3) uint8, BGR, the whole image.
        :param view: a view of an image of this size.
        :param min_score: minimum score of a face, 0 to 1.
        :return: candidates in pixels of the image. Their boxes may extend beyond the view.
        """
        ...


@runtime_checkable
class NearDetector(ViewDetector, Protocol):
    """
    A detector that searches the surroundings of a face in little time.

    With other detectors, the parts that show known faces are searched in every image.
    """

    def near(
        self,
        box: Sequence[float],
        height: int,
        width: int,
        min_size: float,
        wide: bool = False,
    ) -> View:
        """
        Choose the view around a face.

        :param box: the expected box of the face in pixels.
        :param height: height of the image in pixels.
        :param width: width of the image in pixels.
        :param min_size: shorter side of the smallest wanted face in pixels.
        :param wide: whether to show more of the surroundings, at another scale.
        """
        ...


def piece(length: int, count: int, shared: float) -> int:
    """
    Compute the length of each of several overlapping pieces that together cover a length.

    :param length: the length to cover in pixels.
    :param count: number of pieces.
    :param shared: overlap of neighbouring pieces in pixels.
    """
    return min(length, math.ceil((length + (count - 1) * shared) / count))


def spread(length: int, count: int, each: int) -> list[int]:
    """
    Distribute pieces evenly over a length.

    :param length: the length to cover in pixels.
    :param count: number of pieces.
    :param each: length of a piece in pixels.
    :return: the starts of the pieces in pixels.
    """
    starts: list[int] = np.linspace(0, length - each, count).round().astype(int).tolist()
    return starts


def centred(middle: float, each: float, length: int) -> tuple[int, int]:
    """
    Place a piece around a point, moved such that it is inside a length.

    :param middle: the point in pixels.
    :param each: length of the piece in pixels.
    :param length: the length in pixels.
    :return: start and end of the piece in whole pixels.
    """
    whole = min(length, max(1, math.ceil(each)))
    start = min(max(0, round(middle - each / 2)), length - whole)
    return start, start + whole


def shrink(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """
    Scale an image down, with an average over its pixels.

    OpenCV's average takes much longer than its bilinear interpolation. Therefore a large
    image is first reduced to twice the size by interpolation.

    :param image: (H, W, 3) uint8 image.
    :param size: (width, height) in pixels, at most the size of the image.
    :return: (height, width, 3) uint8 image.
    """
    width, height = size
    if image.shape[1] == width and image.shape[0] == height:
        return image
    if width >= BILINEAR_PART * image.shape[1]:
        return cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
    twice = (2 * width, 2 * height)
    larger = cv2.resize(image, twice, interpolation=cv2.INTER_LINEAR)
    return cv2.resize(larger, size, interpolation=cv2.INTER_AREA)


def _shorter(box: Sequence[float]) -> float:
    """Return the shorter side of a box."""
    return min(box[2] - box[0], box[3] - box[1])


def _common(one: Sequence[float], other: Sequence[float]) -> Box:
    """Return the intersection of two boxes, whose sides are negative if there is none."""
    return (
        max(one[0], other[0]),
        max(one[1], other[1]),
        min(one[2], other[2]),
        min(one[3], other[3]),
    )


def _area(box: Box) -> float:
    """Return the area of a box; 0 if a side is negative."""
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])
