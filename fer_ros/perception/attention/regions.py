"""Cut upright squares for the networks out of an image, and convert their points back."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from fer_ros.perception.attention.face_model import CORNERS
from fer_ros.perception.faces import FaceDetection

# Side of the square around a face, in sides of the box around its landmarks, as in MediaPipe's
# graph face_landmark_landmarks_to_roi.pbtxt.
FACE_SCALE = 1.5
# Side of the square around an eye, in distances between its corners, as in MediaPipe's graph
# iris_landmark_landmarks_to_roi.pbtxt.
EYE_SCALE = 2.3
# Side of the first square around a face, in longer sides of the detector's box.
BOX_SCALE = 1.5


@dataclass(frozen=True)
class Region:
    """
    A rotated square in an image.

    :param centre: centre, x + iy, in pixels of the image.
    :param across: vector along its upper side from left to right, as a complex number: its length
        is the side of the square in pixels of the image.
    :param mirrored: whether the square is seen in a mirror, left and right exchanged.
    """

    centre: complex
    across: complex
    mirrored: bool = False

    def cut(self, image: np.ndarray, side: int) -> np.ndarray:
        """
        Cut out the square, upright.

        :param image: (H, W, 3) uint8 image.
        :param side: side of the result in pixels.
        :return: (side, side, 3) uint8; pixels outside the image repeat its border.
        """
        scale = abs(self.across) / side
        if scale > 2:
            # Pixels are averaged before a strong reduction. Otherwise fine detail causes jitter.
            return self._reduced(image, side, scale)
        # OpenCV's coordinates are relative to the centre of the first pixel.
        transform = self._transform(side)
        transform[:, 2] += transform[:, :2].sum(axis=1) / 2 - 0.5
        return cv2.warpAffine(
            image,
            transform,
            (side, side),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )

    def _reduced(self, image: np.ndarray, side: int, scale: float) -> np.ndarray:
        """Cut out the square from a reduced copy of its surroundings."""
        reach = 0.75 * abs(self.across)
        x, y = self.centre.real, self.centre.imag
        height, width = image.shape[:2]
        left, right = (int(np.clip(at, 0, width)) for at in (x - reach, x + reach + 1))
        top, bottom = (int(np.clip(at, 0, height)) for at in (y - reach, y + reach + 1))
        part = image[top:bottom, left:right]
        if not part.size:
            return np.zeros((side, side, 3), np.uint8)
        size = tuple(max(1, round(length / scale)) for length in part.shape[1::-1])
        small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
        across, down = size[0] / part.shape[1], size[1] / part.shape[0]
        factor = (across + down) / 2
        centre = complex((x - left) * across, (y - top) * down)
        return Region(centre, self.across * factor, self.mirrored).cut(small, side)

    def to_image(self, points: np.ndarray, side: int) -> np.ndarray:
        """
        Convert points of the result of `cut` to pixels of the image.

        :param points: (N, 2) float, (x, y) in pixels of the square.
        :param side: side of the result of `cut` in pixels.
        :return: (N, 2) float64, (x, y) in pixels of the image; as for boxes, 0 is the edge of the
            first pixel.
        """
        matrix = self._transform(side)
        moved: np.ndarray = points @ matrix[:, :2].T + matrix[:, 2]
        return moved

    def _transform(self, side: int) -> np.ndarray:
        """Return the (2, 3) affine transform from pixels of the square to pixels of the image."""
        right = self.across / side
        down = right * 1j
        if self.mirrored:
            right = -right
        corner = self.centre - side / 2 * (right + down)
        return np.array(
            [[right.real, down.real, corner.real], [right.imag, down.imag, corner.imag]]
        )


def region_of_detection(face: FaceDetection) -> Region:
    """
    Return the square around a detected face.

    :param face: the face, with the points of its detector.
    """
    left, top, right, bottom = face.box
    across = complex(*(face.eyes[1] - face.eyes[0]).tolist())
    side = BOX_SCALE * max(right - left, bottom - top)
    turn = across / abs(across) if not face.eyes_estimated else 1
    return Region(complex(left + right, top + bottom) / 2, side * turn)


def region_of_landmarks(points: np.ndarray) -> Region:
    """
    Return the square around a face with known landmarks.

    :param points: (468, 2) float, pixels of the image.
    """
    right, left = points[CORNERS[0]], points[CORNERS[3]]
    turn = complex(*(left - right).tolist())
    turn /= abs(turn) or 1
    # The box around the landmarks, in axes parallel to the eyes.
    along = (points @ np.array([1, 1j])) * turn.conjugate()
    low = complex(along.real.min(), along.imag.min())
    high = complex(along.real.max(), along.imag.max())
    extent = high - low
    return Region((low + high) / 2 * turn, FACE_SCALE * max(extent.real, extent.imag) * turn)


def region_of_eye(outer: np.ndarray, inner: np.ndarray, mirrored: bool) -> Region:
    """
    Return the square around an eye.

    :param outer: (2,) float, (x, y) of its outer corner in pixels.
    :param inner: (2,) float, (x, y) of its inner corner in pixels.
    :param mirrored: True for the left eye.
    """
    start, end = complex(*outer.tolist()), complex(*inner.tolist())
    across = EYE_SCALE * (start - end if mirrored else end - start)
    return Region((start + end) / 2, across, mirrored)
