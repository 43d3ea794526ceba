"""From an image and the eyes in it to an upright square, the face as the network knows it."""

from __future__ import annotations

import cmath
from dataclasses import dataclass
import math

import cv2
import numpy as np


@dataclass(frozen=True)
class CropGeometry:
    """
    Where the eyes land in a crop, as fractions of its width and height.

    :param left_eye: (x, y) of the person's left eye, on the right of the picture.
    :param right_eye: (x, y) of the person's right eye, on the left of the picture.
    :raises ValueError: if an eye lies outside the crop, both are at one point, or the left eye is
        not to the right of the right eye.
    """

    left_eye: tuple[float, float]
    right_eye: tuple[float, float]

    def __post_init__(self) -> None:
        for name, eye in (('left_eye', self.left_eye), ('right_eye', self.right_eye)):
            if len(eye) != 2 or not all(0 <= value <= 1 for value in eye):
                raise ValueError(f'{name} is {eye}, but must be [x, y], two fractions from 0 to 1')
        if tuple(self.left_eye) == tuple(self.right_eye):
            raise ValueError(f'both eyes are at {self.left_eye}, but must be at two points')
        if not self.left_eye[0] > self.right_eye[0]:
            raise ValueError(
                f'left_eye is at {self.left_eye} and right_eye at {self.right_eye}; left_eye is '
                "the person's own left eye and must have the larger x"
            )


# Where the eyes lie in FER2013's pictures: the medians of `doc/crop_geometry.md`.
FER2013_CROP = CropGeometry(left_eye=(0.689, 0.394), right_eye=(0.311, 0.394))

# Beyond this, a finer crop costs more than it shows.
MOST_OVERSAMPLING = 8


def align_face(
    image: np.ndarray,
    eyes: np.ndarray,
    geometry: CropGeometry,
    height: int,
    width: int,
    least_eye_distance: float = 0.0,
) -> np.ndarray:
    """
    Turn a face upright and cut it out.

    Both eyes land on the same two points of every crop, whatever the head's roll and distance.
    What lies outside the image is filled with the colour of its border, as a face cut by the
    border of a photograph looks in the training data.

    :param image: (H, W, 3) uint8 BGR, or (H, W) uint8 gray.
    :param eyes: (2, 2) float, pixels from the image's corner: an (x, y) row per eye, the person's
        right eye first.
    :param geometry: where the eyes land.
    :param height: of the crop, in pixels.
    :param width: of the crop, in pixels.
    :param least_eye_distance: in pixels of the image.  Eyes nearer to each other are of a head
        that is turned aside; they are moved apart from their middle to this distance, as the crop
        would show too little of the face otherwise.
    :return: (height, width, 3) or (height, width) uint8, coloured as the image.
    :raises ValueError: if both eyes are at one point, or one is nowhere.
    """
    places = np.asarray(eyes).tolist()
    right, left = (complex(x, y) for x, y in places)
    if not cmath.isfinite(right) or not cmath.isfinite(left) or right == left:
        raise ValueError(f'the eyes are at {places}, but must be at two points')
    between = left - right
    if abs(between) < least_eye_distance:
        between *= least_eye_distance / abs(between)
        right = (right + left - between) / 2
    right_target = complex(geometry.right_eye[0] * width, geometry.right_eye[1] * height)
    left_target = complex(geometry.left_eye[0] * width, geometry.left_eye[1] * height)
    # As complex numbers, turning and scaling are one product: target = turn * source + shift.
    turn = (left_target - right_target) / between
    # A large face is cut out larger and then averaged down: sampling it at the crop's few points
    # would show the network a pattern of chance pixels (aliasing).  Every second pixel is enough,
    # as bilinear sampling takes the next ones along.
    finer = math.ceil(min(max(0.5 / abs(turn), 1), MOST_OVERSAMPLING))
    turn *= finer
    shift = finer * right_target - turn * right
    # OpenCV counts from the middle of the first pixel, which is half a pixel from the corner.
    half = complex(0.5, 0.5)
    shift += turn * half - half
    matrix = np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])
    crop = cv2.warpAffine(
        image,
        matrix,
        (finer * width, finer * height),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if finer > 1:
        crop = cv2.resize(crop, (width, height), interpolation=cv2.INTER_AREA)
    return crop
