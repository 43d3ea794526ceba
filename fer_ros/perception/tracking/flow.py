"""Follow a face from one image to the next by optical flow."""

from __future__ import annotations

import cv2
import numpy as np

from fer_ros.perception.faces import FaceDetection

# Side of the patch to which a face is scaled, with a margin of half the face's side on each side
# [px]. The number of pixels on a face therefore does not depend on its size in the image.
PATCH = 96

# The points to follow form a grid of POINTS x POINTS on the middle of the face. MIDDLE is the
# range of the grid as fractions of the patch.
MIDDLE = (0.33, 0.67)
POINTS = 7

# Side of the window around a point that is compared [px], and number of pyramid levels above the
# full resolution. With these values a face is found up to a third of its side away from the
# expected position.
WINDOW = 15
LEVELS = 3

# A point is followed forward and backward. The point is trusted if it returns to within this
# distance of its start [px]. This distance must also be at most the median of the distances of all
# points.
FARTHEST_RETURN = 2.0
# Minimum number of trusted points. Fewer points may agree by chance.
FEWEST_POINTS = 10
# Minimum distance of two points that are used to estimate the change of size [px].
LEAST_DISTANCE = 5.0
# Minimum correlation between the middle of the face in both images, -1 to 1.
LEAST_LIKENESS = 0.7
# Maximum factor by which the size of a face may change from image to image.
FASTEST_GROWTH = 1.1


def follow_face(
    before: np.ndarray, now: np.ndarray, face: FaceDetection, guess: FaceDetection
) -> FaceDetection | None:
    """
    Find a face in the next image by optical flow.

    The method is the median flow tracker with the forward-backward error (Kalal, Mikolajczyk and
    Matas 2010, doi:10.1109/ICPR.2010.675), based on Lucas-Kanade optical flow.

    :param before: (H, W, 3) uint8 BGR, an image with the face.
    :param now: (H, W, 3) uint8 BGR, the next image.
    :param face: the face in the first image.
    :param guess: the approximate face expected in the next image.
    :return: the face in the next image, with its eyes; None if it was not found.
    """
    side = (face.width + face.height) / 2
    if side < 1:
        return None
    centre, expected = _centre(face), _centre(guess)
    old, new = _patch(before, centre, side), _patch(now, expected, side)
    steps = np.linspace(*MIDDLE, POINTS) * PATCH
    points = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 1, 2).astype(np.float32)
    moved, forth = _flow(old, new, points)
    back, found = _flow(new, old, moved)
    error = np.linalg.norm(back - points, axis=2)[:, 0]
    # The optical flow is not more accurate than a quarter of a pixel.
    near = (error <= max(float(np.median(error)), 0.25)) & (error < FARTHEST_RETURN)
    trusted = forth & found & near
    if trusted.sum() < FEWEST_POINTS:
        return None
    start, end = points[trusted, 0], moved[trusted, 0]
    shift_in_patch = np.median(end - start, axis=0)
    if _likeness(old, new, shift_in_patch) < LEAST_LIKENESS:
        return None
    shift = shift_in_patch * (2 * side / PATCH)
    growth = float(np.clip(_growth(start, end), 1 / FASTEST_GROWTH, FASTEST_GROWTH))
    target = expected + shift
    corners = target + (np.array(face.box).reshape(2, 2) - centre) * growth
    left, top, right, bottom = corners.ravel().tolist()
    return face.moved((left, top, right, bottom), growth, target - growth * centre)


def _centre(face: FaceDetection) -> np.ndarray:
    """Return the centre (x, y) of a face's box in pixels: (2,)."""
    left, top, right, bottom = face.box
    return np.array([(left + right) / 2, (top + bottom) / 2])


def _patch(image: np.ndarray, centre: np.ndarray, half: float) -> np.ndarray:
    """Crop a square with the side 2 * `half` around a point: (PATCH, PATCH) uint8, gray."""
    scale = PATCH / (2 * half)
    shift = PATCH / 2 - scale * centre
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    size = (PATCH, PATCH)
    colours = cv2.warpAffine(image, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    return cv2.cvtColor(colours, cv2.COLOR_BGR2GRAY)


def _flow(
    before: np.ndarray, now: np.ndarray, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """
    Find the points of one patch in another patch by optical flow.

    :param before: (PATCH, PATCH) uint8, gray, the patch with the points.
    :param now: (PATCH, PATCH) uint8, gray, the other patch.
    :param points: (N, 1, 2) float32, pixels of the first patch.
    :return: (N, 1, 2) float32, pixels of the other patch; and (N,) bool, whether each was found.
    """
    moved, found, _ = cv2.calcOpticalFlowPyrLK(
        before, now, points, np.zeros_like(points), winSize=(WINDOW, WINDOW), maxLevel=LEVELS
    )
    return moved, found[:, 0] > 0


def _likeness(before: np.ndarray, now: np.ndarray, shift: np.ndarray) -> float:
    """
    Compute the correlation of the middle of a patch with the shifted middle of another patch.

    :param before: (PATCH, PATCH) uint8 gray patch of the earlier image.
    :param now: (PATCH, PATCH) uint8 gray patch of the current image.
    :param shift: (2,) float, (x, y) shift in pixels of the patch.
    :return: the normalised correlation, -1 to 1.
    """
    size = (PATCH // 2, PATCH // 2)
    middle = np.array([(PATCH - 1) / 2, (PATCH - 1) / 2])
    one = cv2.getRectSubPix(before, size, tuple(middle.tolist()))
    other = cv2.getRectSubPix(now, size, tuple((middle + shift).tolist()))
    return float(cv2.matchTemplate(one, other, cv2.TM_CCOEFF_NORMED)[0, 0])


def _growth(start: np.ndarray, end: np.ndarray) -> float:
    """
    Compute the median factor by which the distances between points grew.

    :param start: (N, 2) float, points in the first patch.
    :param end: (N, 2) float, the same points in the other patch.
    :return: the factor, above 1 if the face became larger.
    """
    one, other = np.triu_indices(len(start), 1)
    apart = np.linalg.norm(start[one] - start[other], axis=1)
    far = apart > LEAST_DISTANCE
    return float(np.median(np.linalg.norm(end[one] - end[other], axis=1)[far] / apart[far]))
