"""The built-in view of a photograph of an astronaut. It needs no camera and no file."""

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

# The value of `source` that selects this source.
ASTRONAUT = 'astronaut'

# Default frame rate [Hz].
VIEW_RATE = 30.0

# Box of the head in the photograph, (left, top, right, bottom) [px]. The view always contains it.
HEAD = (140, 6, 312, 206)
VIEW_SIZE = (640, 480)
# Minimum and maximum size of the view, relative to the size of the head.
CLOSEST = 1.08
WIDEST = 1.6
# Periods of the horizontal motion, the vertical motion and the zoom [s]. Together they repeat
# after 17 minutes.
MOVE_PERIODS = (7.0, 11.0, 13.0)


def load_astronaut() -> np.ndarray:
    """
    Read the photograph of an astronaut from scikit-image, without importing scikit-image.

    :return: (512, 512, 3) uint8 BGR image.
    :raises SourceError: if scikit-image is not installed.
    """
    found = importlib.util.find_spec('skimage')
    folders = found.submodule_search_locations if found else None
    for folder in folders or ():
        image = cv2.imread(str(Path(folder) / 'data' / 'astronaut.png'), cv2.IMREAD_COLOR)
        if image is not None:
            return image
    raise SourceError(
        'the source astronaut needs a photograph of scikit-image, which is not installed. Install '
        f'it (pip install scikit-image), or select another source: {SOURCES}'
    )


def view_size(width: int, height: int) -> tuple[int, int]:
    """
    Compute the size of the view.

    :param width: width in pixels, 0 to derive it from the height.
    :param height: height in pixels, 0 to derive it from the width.
    :return: width and height in pixels. If both are 0, the images have VIEW_SIZE. A single 0 is
        replaced according to the aspect ratio of VIEW_SIZE.
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
    Compute the region of the photograph that the view shows.

    The region moves and zooms, and always contains the head.

    :param index: index of the image, from 0.
    :param size: size of the view in pixels, width and height.
    :param photo: size of the photograph in pixels, width and height.
    :return: (left, top, right, bottom) in pixels of the photograph. The region extends beyond the
        photograph if no region of this aspect ratio inside the photograph contains the head.
    """
    turns = [2 * math.pi * index / VIEW_RATE / period for period in MOVE_PERIODS]
    left, top, right, bottom = HEAD
    # Scale of the smallest view that contains the head, in pixels of the photograph per pixel of
    # the view.
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
        if first > last:  # the view is larger than the photograph: centre the head
            first = last = (low + high - shown) / 2
        start = first + (last - first) * (0.5 + 0.5 * math.sin(turn))
        edges.append((start, start + shown))
    return edges[0][0], edges[1][0], edges[0][1], edges[1][1]


class AstronautView(ImageSource):
    """
    A view that moves over the photograph of the astronaut, identical in every run.

    :param photo: (H, W, 3) uint8 BGR photograph.
    :param rate: images per second [Hz], 0 for VIEW_RATE. The motion from image to image is the
        same at any rate.
    :param size: size of the images in pixels, width and height.
    """

    def __init__(self, photo: np.ndarray, rate: float, size: tuple[int, int]) -> None:
        super().__init__('the built-in astronaut view', endless=True)
        self._photo = photo
        self._period = 1 / (rate or VIEW_RATE)
        self._size = size
        # A view with fewer pixels than the region it shows is rendered at a larger size and then
        # reduced. Each pixel is then a mean of the region, which avoids aliasing.
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
        Render one image of the view.

        :param index: index of the image, from 0.
        :return: (H, W, 3) uint8 BGR image.
        """
        height, width = self._photo.shape[:2]
        left, top, right, _ = view_box(index, self._size, (width, height))
        drawn = self._size[0] * self._oversampling, self._size[1] * self._oversampling
        scale = drawn[0] / (right - left)
        # The offset of 0.5 is needed because the centre of the first pixel is at 0.5, while OpenCV
        # places it at 0.
        matrix = np.array(
            [
                [scale, 0, (0.5 - left) * scale - 0.5],
                [0, scale, (0.5 - top) * scale - 0.5],
            ]
        )
        image = cv2.warpAffine(self._photo, matrix, drawn, borderMode=cv2.BORDER_REPLICATE)
        return fit_image(image, *self._size)
