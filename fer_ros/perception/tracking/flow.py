"""From a face in one image to the same face in the next, by what it looks like."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from fer_ros.perception.faces import FaceDetection

# A face is looked at with as much around it as half of its side, in a patch of this many pixels:
# enough for points on a face, however large it is in the image.
PATCH = 96

# Points on the middle of the face, as fractions of the patch, this many to a side.
MIDDLE = (0.33, 0.67)
POINTS = 7

# How far around a point its surroundings are compared, and with how many halvings of the patch
# [px]: together they find a face again that is a third of a side from where it is expected.
WINDOW = 15
LEVELS = 3

# A point is trusted when, followed forth and back, it comes out this near to where it began [px],
# and nearer than the half of all points.
FARTHEST_RETURN = 2.0
# So few trusted points may agree by chance.
FEWEST_POINTS = 10
# Nearer points tell nothing of the size [px].
LEAST_DISTANCE = 5.0
# What was found must look like what was searched for: the correlation of the middles, -1 to 1.
LEAST_LIKENESS = 0.7
# No head comes nearer faster than by this factor from image to image.
FASTEST_GROWTH = 1.1


def follow_face(
    before: np.ndarray, now: np.ndarray, face: FaceDetection, guess: FaceDetection
) -> FaceDetection | None:
    """
    Find a face again by the flow of its pixels.

    This is the method of the median flow with the error of going forth and back (Kalal,
    Mikolajczyk and Matas 2010, doi:10.1109/ICPR.2010.675), on the flow of Lucas and Kanade.

    :param before: (H, W, 3) uint8 BGR, an image with the face.
    :param now: (H, W, 3) uint8 BGR, the next one.
    :param face: in the first image.
    :param guess: about where it is expected in the next.
    :return: the face in the next image, with its eyes; None if it is not seen there.
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
    # A quarter of a pixel is as exact as the flow gets.
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
    eyes = np.asarray(target + (face.eyes - centre) * growth, np.float32)
    return replace(face, box=(left, top, right, bottom), eyes=eyes)


def _centre(face: FaceDetection) -> np.ndarray:
    """Give the middle of a face's box: (2,)."""
    left, top, right, bottom = face.box
    return np.array([(left + right) / 2, (top + bottom) / 2])


def _patch(image: np.ndarray, centre: np.ndarray, half: float) -> np.ndarray:
    """Cut out a square of twice `half` around a point: (PATCH, PATCH) uint8, gray."""
    scale = PATCH / (2 * half)
    shift = PATCH / 2 - scale * centre
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    size = (PATCH, PATCH)
    colours = cv2.warpAffine(image, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    return cv2.cvtColor(colours, cv2.COLOR_BGR2GRAY)


def _flow(
    before: np.ndarray, now: np.ndarray, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Say where points, (N, 1, 2) float32, of one patch are in the other, and which were found."""
    moved, found, _ = cv2.calcOpticalFlowPyrLK(
        before, now, points, np.zeros_like(points), winSize=(WINDOW, WINDOW), maxLevel=LEVELS
    )
    return moved, found[:, 0] > 0


def _likeness(before: np.ndarray, now: np.ndarray, shift: np.ndarray) -> float:
    """Correlate the middle of a patch with what lies that shift further in another: -1 to 1."""
    size = (PATCH // 2, PATCH // 2)
    middle = np.array([(PATCH - 1) / 2, (PATCH - 1) / 2])
    one = cv2.getRectSubPix(before, size, tuple(middle.tolist()))
    other = cv2.getRectSubPix(now, size, tuple((middle + shift).tolist()))
    return float(cv2.matchTemplate(one, other, cv2.TM_CCOEFF_NORMED)[0, 0])


def _growth(start: np.ndarray, end: np.ndarray) -> float:
    """Give by how much the distances between points grew, in the median."""
    one, other = np.triu_indices(len(start), 1)
    apart = np.linalg.norm(start[one] - start[other], axis=1)
    far = apart > LEAST_DISTANCE
    return float(np.median(np.linalg.norm(end[one] - end[other], axis=1)[far] / apart[far]))
