"""Align a face: rotate, scale and crop it so that the eyes have fixed positions."""

from __future__ import annotations

import cmath
from dataclasses import dataclass
import math

import cv2
import numpy as np


@dataclass(frozen=True)
class CropGeometry:
    """
    The positions of the eyes in a crop, as fractions of its width and height.

    :param left_eye: (x, y) of the person's left eye, which is on the right of the crop.
    :param right_eye: (x, y) of the person's right eye, which is on the left of the crop.
    :raises ValueError: if an eye lies outside the crop, both eyes are at the same point, or the
        left eye is not to the right of the right eye.
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


# The positions of the eyes in the images of FER2013: the medians of `doc/crop_geometry.md`.
FER2013_CROP = CropGeometry(left_eye=(0.689, 0.394), right_eye=(0.311, 0.394))

# Maximum oversampling of a crop. A larger factor takes more time without a visible gain.
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
    Rotate a face upright and crop it.

    The eyes have the same positions in every crop, for every roll angle and distance of the head.
    Pixels outside the image get the colour of the image border. In the training data, faces at the
    border of a photograph look like this.

    :param image: (H, W, 3) uint8 BGR, or (H, W) uint8 gray.
    :param eyes: (2, 2) float, pixels from the upper left corner of the image: an (x, y) row per
        eye, the person's right eye first.
    :param geometry: positions of the eyes in the crop.
    :param height: height of the crop in pixels.
    :param width: width of the crop in pixels.
    :param least_eye_distance: minimum distance of the eyes in pixels of the image. A smaller
        distance means that the head is turned to the side, and the crop would show too little of
        the face. The eyes are then moved apart symmetrically to this distance.
    :return: (height, width, 3) uint8 BGR or (height, width) uint8 gray, as the image.
    :raises ValueError: if both eyes are at the same point, or a coordinate is not finite.
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
    # With complex numbers, rotation and scaling are one product: target = turn * source + shift.
    turn = (left_target - right_target) / between
    # A large face is first cropped at a higher resolution and then averaged, to avoid aliasing.
    # Sampling every second pixel of the image is enough, because bilinear interpolation includes
    # the neighbouring pixels.
    finer = math.ceil(min(max(0.5 / abs(turn), 1), MOST_OVERSAMPLING))
    turn *= finer
    shift = finer * right_target - turn * right
    # OpenCV's origin is the centre of the first pixel, half a pixel from the image corner.
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
