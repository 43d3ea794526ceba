"""What the benchmarks look at: videos and photographs, scaled to the size of a camera's image."""

from __future__ import annotations

from functools import cache
from itertools import cycle
from itertools import islice
import math
from pathlib import Path

import cv2
import numpy as np

from benchmark.rig.watching import images_of
from fer_ros.perception.detection import yunet
from fer_ros.perception.models.model_files import find_model_file
from training.data.datasets import data_root

# (width, height) of the images, as a webcam gives them.
SMALL = (640, 480)
LARGE = (1280, 720)

FACES = (0, 1, 4, 8, 16)

# One person, who begins to smile, for the figures of one face.
VIDEO = 'videos/single_face.mp4'

# A cat, which no detector takes for a person.
BACKGROUND = 'photos/skimage/chelsea.png'

# Heads in photographs: (left, top, right, bottom), pixels.
HEADS = {
    'photos/skimage/astronaut.png': ((130, 10, 320, 240),),
    'photos/facerec/obama.jpg': ((270, 10, 710, 520),),
    'photos/facerec/biden.jpg': ((330, 60, 820, 680),),
    'photos/facerec/two_people.jpg': ((180, 0, 450, 290), (730, 0, 1010, 310)),
    'photos/other/six_people.jpg': ((790, 700, 1340, 1510), (280, 300, 460, 510)),
}

# Frames of a scene; the video has 72.
FRAMES = 60


def data_file(name: str) -> Path:
    """
    Find a file of the data.

    :param name: relative to FER_ROS_DATA.
    :return: its path.
    :raises FileNotFoundError: if it is not there.
    """
    path = data_root(None) / name
    if not path.is_file():
        raise FileNotFoundError(f'there is no {path}; set FER_ROS_DATA to the folder of the data')
    return path


def detector_weights() -> Path:
    """
    Find YuNet's weights: where models are, else in the data.

    :raises FileNotFoundError: if they are in neither.
    """
    return find_model_file(yunet.WEIGHTS) or data_file(f'facedet/{yunet.WEIGHTS}')


def read_image(name: str) -> np.ndarray:
    """Read a photograph of the data: (H, W, 3) uint8 BGR."""
    image = cv2.imread(str(data_file(name)))
    if image is None:
        raise ValueError(f'{name} is no picture that OpenCV can read')
    return image


def fitted(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """
    Scale an image to a size, and cut off what then stands over.

    :param image: (H, W, 3) uint8.
    :param size: (width, height).
    :return: (height, width, 3) uint8, contiguous.
    """
    width, height = size
    scale = max(width / image.shape[1], height / image.shape[0])
    scaled = cv2.resize(
        image,
        (math.ceil(scale * image.shape[1]), math.ceil(scale * image.shape[0])),
        interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR,
    )
    top, left = (scaled.shape[0] - height) // 2, (scaled.shape[1] - width) // 2
    return np.ascontiguousarray(scaled[top:, left:][:height, :width])


def scene(faces: int, size: tuple[int, int], frames: int = FRAMES) -> list[np.ndarray]:
    """
    Make the images of a camera that sees so many faces.

    One face is that of a video.  More are heads of photographs on a photograph without any, each
    in a cell of its own, of one size whatever their number; from image to image they move by a
    pixel, as no two images of a camera are the same.

    :param faces: 0 to 16.
    :param size: (width, height).
    :param frames: how many images.
    :return: each (height, width, 3) uint8 BGR.
    """
    if faces == 1:
        seen = islice(images_of(data_file(VIDEO)), frames)
        return list(islice(cycle([fitted(image, size) for _, image in seen]), frames))
    shifts = list(islice(cycle((0, 1, 2, 1)), frames))
    images = {shift: montage(faces, size, shift) for shift in set(shifts)}
    # Copies, as a camera's images share no memory.
    return [images[shift].copy() for shift in shifts]


def montage(faces: int, size: tuple[int, int], shift: int = 0) -> np.ndarray:
    """
    Put heads onto a background, in four rows of four.

    :param faces: how many, 0 to 16.
    :param size: (width, height) of the image.
    :param shift: of all heads to the right, in pixels.
    :return: (height, width, 3) uint8 BGR.
    """
    columns = 4
    if not 0 <= faces <= columns**2:
        raise ValueError(f'a scene has 0 to {columns**2} faces, not {faces}')
    image = fitted(read_image(BACKGROUND), size)
    width, height = size[0] // columns, size[1] // columns
    # Those in the middle first: of a few faces, none is at the border.
    places = sorted(
        ((row, column) for row in range(columns) for column in range(columns)),
        key=lambda place: (abs(place[0] - 1.5) + abs(place[1] - 1.5), place),
    )
    for (row, column), head in zip(places[:faces], cycle(heads()), strict=False):
        # All of the cell's height but a margin; the width follows.
        tall = height - 8
        wide = min(width - 8, round(tall * head.shape[1] / head.shape[0]))
        top, left = row * height + 4, column * width + (width - wide) // 2 + shift
        cell = image[top:, left:][:tall, :wide]
        cell[:] = cv2.resize(head, (wide, tall), interpolation=cv2.INTER_AREA)
    return image


@cache
def heads() -> tuple[np.ndarray, ...]:
    """Cut the heads out of their photographs."""
    found = []
    for name, boxes in HEADS.items():
        photograph = read_image(name)
        found += [photograph[top:bottom, left:right] for left, top, right, bottom in boxes]
    return tuple(found)
