"""The built-in view of the photograph of an astronaut: needs no camera and no file."""

from __future__ import annotations

from collections.abc import Iterator
import importlib.util
import math
from pathlib import Path

import cv2
import numpy as np

from fer_ros.sources.base import ImageSource
from fer_ros.sources.base import SourceError
from fer_ros.sources.base import SOURCES
from fer_ros.sources.base import TimedImage
from fer_ros.sources.scaling import fit_image

# The name that opens this source.
ASTRONAUT = 'astronaut'

# Images per second [Hz].
VIEW_RATE = 30.0

# The box of the head in the photograph, (left, top, right, bottom) [px]. It never leaves the view.
HEAD = (140, 6, 312, 206)
VIEW_SIZE = (640, 480)
# The view is at least CLOSEST and at most WIDEST times as large as the head.
CLOSEST = 1.08
WIDEST = 1.6
# Periods of the horizontal move, the vertical move and the zoom [s]; all repeat after 17 minutes.
MOVE_PERIODS = (7.0, 11.0, 13.0)


def load_astronaut() -> np.ndarray:
    """
    Read the photograph of an astronaut from scikit-image, without importing scikit-image.

    :return: (512, 512, 3) uint8 BGR.
    :raises SourceError: if scikit-image is not installed.
    """
    found = importlib.util.find_spec('skimage')
    folders = found.submodule_search_locations if found else None
    for folder in folders or ():
        image = cv2.imread(str(Path(folder) / 'data' / 'astronaut.png'), cv2.IMREAD_COLOR)
        if image is not None:
            return image
    raise SourceError(
        'the astronaut is a photograph of scikit-image, which is not installed: install it '
        f'(pip install scikit-image), or take another source: {SOURCES}'
    )


def view_size(width: int, height: int) -> tuple[int, int]:
    """
    Complete the size of the view.

    :param width: in pixels, 0 for what fits the height.
    :param height: in pixels, 0 for what fits the width.
    :return: width and height; VIEW_SIZE, and its proportions where only one is given.
    """
    full_width, full_height = VIEW_SIZE
    if not width and not height:
        return VIEW_SIZE
    return (
        width or max(1, round(height * full_width / full_height)),
        height or max(1, round(width * full_height / full_width)),
    )


def view_box(index: int, size: tuple[int, int], photo: tuple[int, int]) -> tuple[float, ...]:
    """
    Say what the view shows of the photograph; it moves and zooms, and the head stays in it.

    :param index: of the image, from 0.
    :param size: of the view in pixels, width and height.
    :param photo: size of the photograph in pixels, width and height.
    :return: (left, top, right, bottom) in pixels of the photograph.  A view of other proportions
        than any part of the photograph that holds the head reaches beyond its edges.
    """
    turns = [2 * math.pi * index / VIEW_RATE / period for period in MOVE_PERIODS]
    left, top, right, bottom = HEAD
    # The smallest view with the head in it, in pixels of the photograph per pixel of the view.
    least = max((right - left) / size[0], (bottom - top) / size[1])
    most = min(photo[0] / size[0], photo[1] / size[1])
    closest = CLOSEST * least
    widest = max(closest, min(WIDEST * least, most))
    scale = closest + (widest - closest) * (0.5 - 0.5 * math.cos(turns[2]))
    edges = []
    for length, low, high, limit, turn in zip(
        size, (left, top), (right, bottom), photo, turns[:2], strict=True
    ):
        shown = scale * length
        first = max(high - shown, 0)
        last = min(low, limit - shown)
        if first > last:  # no room: the head is in the middle
            first = last = (low + high - shown) / 2
        start = first + (last - first) * (0.5 + 0.5 * math.sin(turn))
        edges.append((start, start + shown))
    return edges[0][0], edges[1][0], edges[0][1], edges[1][1]


class AstronautView(ImageSource):
    """
    A view that moves over the photograph of the astronaut, the same in every run.

    :param photo: (H, W, 3) uint8 BGR.
    :param rate: images per second, 0 for VIEW_RATE; the moves from image to image stay the same.
    :param size: of the images in pixels, width and height.
    """

    def __init__(self, photo: np.ndarray, rate: float, size: tuple[int, int]) -> None:
        super().__init__('the built-in view of an astronaut', endless=True)
        self._photo = photo
        self._period = 1 / (rate or VIEW_RATE)
        self._size = size
        # A view smaller than what it shows is drawn larger first: each pixel is a mean, no sample.
        left, top, right, bottom = HEAD
        least = max((right - left) / size[0], (bottom - top) / size[1])
        self._oversampling = math.ceil(WIDEST * least)

    def __iter__(self) -> Iterator[TimedImage]:
        index = 0
        while True:
            yield self.image(index), self._period
            index += 1

    def image(self, index: int) -> np.ndarray:
        """
        Make an image of the view.

        :param index: of the image, from 0.
        :return: (H, W, 3) uint8 BGR.
        """
        height, width = self._photo.shape[:2]
        left, top, right, _ = view_box(index, self._size, (width, height))
        drawn = self._size[0] * self._oversampling, self._size[1] * self._oversampling
        scale = drawn[0] / (right - left)
        # Pixels have their middles at .5, so that the edges of the view lie where they should.
        matrix = np.array(
            [
                [scale, 0, (0.5 - left) * scale - 0.5],
                [0, scale, (0.5 - top) * scale - 0.5],
            ]
        )
        image = cv2.warpAffine(self._photo, matrix, drawn, borderMode=cv2.BORDER_REPLICATE)
        return fit_image(image, *self._size)
