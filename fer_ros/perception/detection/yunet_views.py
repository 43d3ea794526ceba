"""The views in which YuNet searches an image: their regions, scales and costs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
import math

from fer_ros.perception.detection.views import centred
from fer_ros.perception.detection.views import LONGEST_FACE
from fer_ros.perception.detection.views import PART_MARGIN
from fer_ros.perception.detection.views import piece
from fer_ros.perception.detection.views import spread
from fer_ros.perception.detection.views import View
from fer_ros.perception.detection.views import Views
from fer_ros.perception.detection.yunet_litert import LARGEST_STRIDE
from fer_ros.perception.detection.yunet_litert import padded

# The image is scaled so that the smallest wanted face has this size [px]. For this choice, 82
# faces in photographs were scaled to a shorter side of 8, 10, 12, 14, 16 and 24 pixels. At a score
# of 0.6, YuNet finds 35, 64, 81, 81, 82 and 82 of these faces.
FACE_IN_VIEW = 14
# Minimum length of the longer side of the scaled image [px]. A smaller image saves hardly any
# time, and large faces are detected less well.
LEAST_VIEW = 320
# Maximum number of pixels of the scaled image. A larger image needs hundreds of megabytes of
# memory. The limit only matters for very small faces in a large image.
MOST_PIXELS = 1 << 22
# Minimum scale for bilinear interpolation. From this scale on, each pixel is the mean of at most
# 2 x 2 pixels of the image. Bilinear interpolation then gives nearly the same result as averaging,
# and is much faster.
BILINEAR = 0.5

# Minimum side of the image for the network [px]; smaller images are padded with black. In images
# with a side of only 32 pixels, OpenCV 4.14 reports faces of arbitrary size and position.
LEAST_SIDE = 64

# Size of the smallest wanted face in a coarse or fine view [px]. There, half the minimum score is
# sufficient for a proposal. So faces of 11 pixels are proposed about as often as faces of 14
# pixels are found in a view of the whole image.
FACE_IN_PART = 11
# Maximum number of parts of the fine view.
MOST_PARTS = 6
# Minimum length of the longer side of the coarse view [px].
LEAST_COARSE = 128
# Size of the view around a face [px], and its sides as a multiple of the sides of the face. A
# multiple of 2 leaves half a face on each side for motion. The wide view shows a face at another
# scale, at which the detector finds most of the faces that it misses in the first view.
NEAR_VIEW = (96, 128)
NEAR = 2.0
WIDE_VIEW = (160, 192)
WIDE = 2.5
# Divisions of the fine view: rows and columns.
GRIDS = tuple(
    (rows, columns)
    for rows in range(1, MOST_PARTS + 1)
    for columns in range(1, MOST_PARTS // rows + 1)
)
# Time for a search in addition to the time of the network, as a number of pixels.
PIXELS_OF_A_CALL = 4000


def view_scale(height: int, width: int, min_size: float) -> float:
    """
    Choose the scale of the image for the network.

    :param height: image height in pixels.
    :param width: image width in pixels.
    :param min_size: size of the smallest wanted face in pixels of the image.
    :return: the scale factor, above 0 and at most 1.
    """
    wanted = max(FACE_IN_VIEW / max(min_size, 1), LEAST_VIEW / max(height, width))
    return min(1.0, wanted, math.sqrt(MOST_PIXELS / (height * width)))


@lru_cache(maxsize=8)
def views_of(height: int, width: int, min_size: float) -> Views | None:
    """
    Choose the coarse view and the parts of the fine view with the fewest pixels in total.

    A smaller coarse view leaves larger faces to the parts, which then must overlap more.

    :param height: image height in pixels.
    :param width: image width in pixels.
    :param min_size: size of the smallest wanted face in pixels of the image.
    :return: the views; None if they have as many pixels as a view of the whole image.
    """
    cost_of_all = _cost_of_all(height, width, min_size)
    fine = min(1.0, FACE_IN_PART / max(min_size, 1), math.sqrt(MOST_PIXELS / (height * width)))
    best: tuple[float, Views] | None = None
    for longer in range(LEAST_COARSE, max(height, width), LARGEST_STRIDE):
        coarse = longer / max(height, width)
        if coarse >= fine:
            break
        largest = FACE_IN_PART / coarse
        shared = largest * LONGEST_FACE + 2 * PART_MARGIN / fine
        cost_of_coarse = _cost(coarse * width, coarse * height) / cost_of_all
        for rows, columns in GRIDS:
            # The sides of the network's input are multiples of its stride, so a part uses them.
            across = padded(fine * piece(width, columns, shared)) / fine
            down = padded(fine * piece(height, rows, shared)) / fine
            across, down = min(width, math.floor(across)), min(height, math.floor(down))
            if (columns > 1 and across < 2 * shared) or (rows > 1 and down < 2 * shared):
                continue
            cost = _cost(fine * across, fine * down) / cost_of_all
            if best is not None and cost + cost_of_coarse >= best[0]:
                continue
            parts = tuple(
                View(
                    'part',
                    (left, top, left + across, top + down),
                    (scaled(fine, across), scaled(fine, down)),
                    0.0,
                    largest,
                    cost,
                )
                for top in spread(height, rows, down)
                for left in spread(width, columns, across)
            )
            whole_view = View(
                'coarse',
                (0, 0, width, height),
                (scaled(coarse, width), scaled(coarse, height)),
                largest,
                math.inf,
                cost_of_coarse,
            )
            best = cost + cost_of_coarse, Views(whole_view, parts)
    return best[1] if best is not None and best[0] < 1 else None


def near_view(
    box: Sequence[float], height: int, width: int, min_size: float, wide: bool = False
) -> View:
    """
    Choose the view around a face.

    All of these views have the same size, except in an image that is smaller.

    :param box: the expected box of the face in pixels.
    :param height: image height in pixels.
    :param width: image width in pixels.
    :param min_size: size of the smallest wanted face in pixels of the image.
    :param wide: whether to show more of the surroundings.
    """
    left, top, right, bottom = box
    (across, down), factor = (WIDE_VIEW, WIDE) if wide else (NEAR_VIEW, NEAR)
    scale = min(
        1.0, across / (factor * max(right - left, 1.0)), down / (factor * max(bottom - top, 1.0))
    )
    begin, end = centred((left + right) / 2, across / scale, width)
    high, low = centred((top + bottom) / 2, down / scale, height)
    return View(
        'wide' if wide else 'near',
        (begin, high, end, low),
        (min(across, scaled(scale, end - begin)), min(down, scaled(scale, low - high))),
        FACE_IN_PART / scale,
        math.inf,
        _cost(across, down) / _cost_of_all(height, width, min_size),
    )


def scaled(scale: float, side: int) -> int:
    """Return the side of a scaled view in pixels."""
    return max(1, round(scale * side))


def _cost_of_all(height: int, width: int, min_size: float) -> float:
    """Return the time of a search in a whole image, in pixels."""
    scale = view_scale(height, width, min_size)
    return _cost(scale * width, scale * height)


def _cost(width: float, height: float) -> float:
    """Return the time of a search in a view of some pixels, in pixels."""
    return padded(max(width, LEAST_SIDE)) * padded(max(height, LEAST_SIDE)) + PIXELS_OF_A_CALL
