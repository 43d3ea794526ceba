"""Degradations of pictures that a camera of a robot may cause, to measure their effect."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from fer_ros.perception.crops.alignment import align_face
from fer_ros.perception.crops.alignment import CropGeometry
from fer_ros.perception.crops.alignment import FER2013_CROP

# Seed of the random numbers, the same for every model.
_SEED = 0

# Distance of the camera from a tilted picture, in sides of the picture.
_DISTANCE = 3.0

# Standard deviation of a coordinate of an eye, as a fraction of the distance of the eyes, and
# correlation of both eyes: those of YuNet in photographs, from `python -m benchmark eyes`.
EYE_DEVIATION = 0.137
EYE_CORRELATION = 0.5


def shrunk(images: np.ndarray, side: int) -> np.ndarray:
    """
    Shrink pictures and enlarge them again, like faces at a large distance.

    :param images: (N, H, W) uint8 gray pictures.
    :param side: side of the shrunk picture, in pixels.
    :return: (N, H, W) uint8 gray pictures.
    """
    height, width = images.shape[1:]
    small = [cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA) for image in images]
    return np.stack([cv2.resize(image, (width, height)) for image in small])


def darkened(images: np.ndarray, share: float) -> np.ndarray:
    """
    Darken pictures, which also removes gray levels.

    :param images: (N, H, W) uint8 gray pictures.
    :param share: share of the light that remains.
    :return: (N, H, W) uint8 gray pictures.
    """
    return np.rint(images * share).astype(np.uint8)


def noisy(images: np.ndarray, deviation: float) -> np.ndarray:
    """
    Add normal noise.

    :param images: (N, H, W) uint8 gray pictures.
    :param deviation: standard deviation of the noise, in gray levels.
    :return: (N, H, W) uint8 gray pictures.
    """
    noise = np.random.default_rng(_SEED).normal(0, deviation, images.shape)
    return np.clip(np.rint(images + noise), 0, 255).astype(np.uint8)


def with_dark_glasses(images: np.ndarray, crop: CropGeometry = FER2013_CROP) -> np.ndarray:
    """
    Cover the eyes with a dark bar.

    :param images: (N, H, W) uint8, with the eyes at the positions of `crop`.
    :param crop: positions of the eyes.
    :return: (N, H, W) uint8 gray pictures.
    """
    height, width = images.shape[1:]
    covered = images.copy()
    middle = (crop.left_eye[1] + crop.right_eye[1]) / 2
    top, bottom = round((middle - 0.09) * height), round((middle + 0.09) * height)
    left = round((crop.right_eye[0] - 0.16) * width)
    right = round((crop.left_eye[0] + 0.16) * width)
    covered[:, top:bottom, left:right] = 25
    return covered


def with_mask(images: np.ndarray) -> np.ndarray:
    """
    Cover mouth and chin with a bright rectangle, like a mask.

    :param images: (N, H, W) uint8 gray pictures.
    :return: (N, H, W) uint8 gray pictures.
    """
    height, width = images.shape[1:]
    covered = images.copy()
    top, left, right = round(0.58 * height), round(0.15 * width), round(0.85 * width)
    covered[:, top:, left:right] = 200
    return covered


def turned(images: np.ndarray, degrees: float) -> np.ndarray:
    """
    Rotate pictures in their plane, like an error of the alignment.

    :param images: (N, H, W) uint8 gray pictures.
    :param degrees: rotation, counterclockwise.
    :return: (N, H, W) uint8 gray pictures.
    """
    height, width = images.shape[1:]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1)
    return np.stack(
        [
            cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
            for image in images
        ]
    )


def tilted(images: np.ndarray, yaw: float = 0.0, pitch: float = 0.0) -> np.ndarray:
    """
    Rotate pictures out of their plane, as flat pictures in perspective.

    Every second picture is rotated in the opposite direction.  The distance of the camera is three
    sides of the picture.

    :param images: (N, H, W) uint8 gray pictures.
    :param yaw: rotation about the vertical axis, in degrees.
    :param pitch: rotation about the horizontal axis, in degrees.
    :return: (N, H, W) uint8 gray pictures.
    """
    height, width = images.shape[1:]
    # Maps pixels to a centred square of side 1; the inverse maps back.
    to_square = np.array(
        [[1 / width, 0, 0.5 / width - 0.5], [0, 1 / height, 0.5 / height - 0.5], [0, 0, 1]]
    )
    found = np.empty_like(images)
    for index, image in enumerate(images):
        sign = 1 if index % 2 else -1
        turn, _ = cv2.Rodrigues(np.deg2rad([sign * pitch, 0, 0]))
        turn = turn @ cv2.Rodrigues(np.deg2rad([0, sign * yaw, 0]))[0]
        # The picture is in the plane z = 0, at _DISTANCE from the camera.
        seen = np.column_stack([turn[:, :2], [0, 0, _DISTANCE]])
        seen[:2] *= _DISTANCE
        matrix = np.linalg.inv(to_square) @ seen @ to_square
        found[index] = cv2.warpPerspective(
            image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE
        )
    return found


def compressed(images: np.ndarray, qualities: tuple[int, int]) -> np.ndarray:
    """
    Compress pictures as JPEG, and decode them again.

    :param images: (N, H, W) uint8 gray pictures.
    :param qualities: lowest and highest quality; each picture gets a uniformly drawn quality.
    :return: (N, H, W) uint8 gray pictures.
    """
    drawn = np.random.default_rng(_SEED).integers(qualities[0], qualities[1] + 1, len(images))
    found = np.empty_like(images)
    for index, (image, quality) in enumerate(zip(images, drawn, strict=True)):
        _, written = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, int(quality)])
        found[index] = cv2.imdecode(written, cv2.IMREAD_GRAYSCALE)
    return found


def with_hand(images: np.ndarray) -> np.ndarray:
    """
    Cover a quarter of the picture with four fingers, from a random direction below.

    :param images: (N, H, W) uint8 gray pictures.
    :return: (N, H, W) uint8 gray pictures.
    """
    height, width = images.shape[1:]
    generator = np.random.default_rng(_SEED)
    angles = generator.uniform(-90, 90, len(images))
    shifts = generator.uniform(-0.15, 0.15, len(images)) * width
    shades = generator.uniform(0.8, 1.2, len(images))
    hand = _fingers(height, width)
    found = np.empty_like(images)
    for index, image in enumerate(images):
        matrix = cv2.getRotationMatrix2D(
            ((width - 1) / 2, (height - 1) / 2), float(angles[index]), 1
        )
        matrix[:, 2] += matrix[:, 0] * shifts[index]
        cover, light = cv2.split(cv2.warpAffine(hand, matrix, (width, height)))
        # The hand has about the brightness of the face, as both are skin in the same light.
        skin = np.clip(light * image.mean() * shades[index], 0, 255)
        found[index] = np.rint(cover * skin + (1 - cover) * image)
    return found


def _fingers(height: int, width: int) -> np.ndarray:
    """Draw four fingers from below: (H, W, 2) float32, their opacity and their brightness."""
    finer = 8
    cover = np.zeros((finer * height, finer * width), np.float32)
    light = np.zeros_like(cover)
    thickness = 0.125 * finer * width
    for number, tip in enumerate((0.56, 0.5, 0.52, 0.6)):
        x = finer * width / 2 + (number - 1.5) * thickness
        begin, end = ((round(x), round(y * finer * height)) for y in (tip, 1.2))
        cv2.line(cover, begin, end, 1.0, round(thickness))
        # Fingers are darker at their edges.
        cv2.line(light, begin, end, 0.75, round(thickness))
        cv2.line(light, begin, end, 1.0, round(0.75 * thickness))
    light[cover == 0] = 1
    return cv2.resize(
        np.stack([cover, light], axis=2), (width, height), interpolation=cv2.INTER_AREA
    )


def blurred_by_motion(images: np.ndarray, length: float) -> np.ndarray:
    """
    Blur pictures like a motion of the head during the exposure, in a random direction.

    :param images: (N, H, W) uint8 gray pictures.
    :param length: length of the motion, as a fraction of the side.
    :return: (N, H, W) uint8 gray pictures.
    """
    angles = np.random.default_rng(_SEED).uniform(0, np.pi, len(images))
    side = round(length * images.shape[2])
    half = (side - 1) / 2
    found = np.empty_like(images)
    for index, (image, angle) in enumerate(zip(images, angles, strict=True)):
        kernel = np.zeros((side, side), np.float32)
        along = np.array([np.cos(angle), np.sin(angle)]) * half
        begin, end = ((half + sign * along).round().astype(int).tolist() for sign in (-1, 1))
        cv2.line(kernel, begin, end, 1.0)
        found[index] = cv2.filter2D(
            image, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE
        )
    return found


def lit_from_a_side(images: np.ndarray, shares: tuple[float, float]) -> np.ndarray:
    """
    Add a linear brightness gradient in a random direction.

    :param images: (N, H, W) uint8 gray pictures.
    :param shares: factors of the light at the dark and at the bright side.
    :return: (N, H, W) uint8 gray pictures.
    """
    height, width = images.shape[1:]
    angles = np.random.default_rng(_SEED).uniform(0, 2 * np.pi, len(images))
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing='ij')
    low, high = shares
    found = np.empty_like(images)
    for index, (image, angle) in enumerate(zip(images, angles, strict=True)):
        place = np.clip((x * np.cos(angle) + y * np.sin(angle) + 1) / 2, 0, 1)
        found[index] = np.clip(np.rint(image * (low + (high - low) * place)), 0, 255)
    return found


def with_displaced_eyes(images: np.ndarray, crop: CropGeometry = FER2013_CROP) -> np.ndarray:
    """
    Crop faces again, with random errors of the eye positions like those of a detector.

    :param images: (N, H, W) uint8, with the eyes at the positions of `crop`.
    :param crop: positions of the eyes.
    :return: (N, H, W) uint8 gray pictures.
    """
    height, width = images.shape[1:]
    right, left = (np.array(eye) * [width, height] for eye in (crop.right_eye, crop.left_eye))
    deviation = EYE_DEVIATION * np.hypot(*(left - right))
    generator = np.random.default_rng(_SEED)
    # The error that both eyes share has a part of the variance equal to their correlation.
    shared = generator.normal(0, deviation * EYE_CORRELATION**0.5, (len(images), 1, 2))
    own = generator.normal(0, deviation * (1 - EYE_CORRELATION) ** 0.5, (len(images), 2, 2))
    eyes = np.stack([right, left]) + shared + own
    return np.stack(
        [
            align_face(image, at, crop, height, width)
            for image, at in zip(images, eyes, strict=True)
        ]
    )


DEGRADATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    'a face of 24 pixels': lambda images: shrunk(images, 24),
    'a face of 16 pixels': lambda images: shrunk(images, 16),
    'a quarter of the light': lambda images: darkened(images, 0.25),
    'noise of 20 gray levels': lambda images: noisy(images, 20),
    'eyes covered, as by dark glasses': with_dark_glasses,
    'mouth covered, as by a mask': with_mask,
    'a quarter covered, as by a hand': with_hand,
    'turned by 15 degrees': lambda images: turned(images, 15),
    'turned by 30 degrees': lambda images: turned(images, 30),
    'turned aside by 40 degrees (yaw)': lambda images: tilted(images, yaw=40),
    'nodding by 30 degrees (pitch)': lambda images: tilted(images, pitch=30),
    'JPEG of quality 15 to 30': lambda images: compressed(images, (15, 30)),
    'blurred by motion over a sixth of the side': lambda images: blurred_by_motion(images, 1 / 6),
    'lit from one side': lambda images: lit_from_a_side(images, (0.15, 1.35)),
    'eyes displaced as by the detector': with_displaced_eyes,
}


def degraded_in_turn(images: np.ndarray) -> np.ndarray:
    """
    Degrade every picture once, by each of `DEGRADATIONS` in turn.

    :param images: (N, H, W) uint8 gray pictures.
    :return: (N, H, W) uint8 gray pictures.
    """
    found, count = np.empty_like(images), len(DEGRADATIONS)
    for turn, degrade in enumerate(DEGRADATIONS.values()):
        # Some operations of NumPy and OpenCV fail on an empty array.
        if turn < len(images):
            found[turn::count] = degrade(images[turn::count])
    return found
