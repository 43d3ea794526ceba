"""The images of the benchmarks: videos and photographs, scaled to the size of a camera image."""

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

# (width, height) of the images, as from a webcam.
SMALL = (640, 480)
LARGE = (1280, 720)

FACES = (0, 1, 4, 8, 16)

# A video of one person who starts to smile, for measurements with one face.
VIDEO = 'videos/single_face.mp4'

# A photograph of a cat, in which no detector detects a face.
BACKGROUND = 'photos/skimage/chelsea.png'

# Boxes of the heads in photographs: (left, top, right, bottom), pixels.
HEADS = {
    'photos/skimage/astronaut.png': ((130, 10, 320, 240),),
    'photos/facerec/obama.jpg': ((270, 10, 710, 520),),
    'photos/facerec/biden.jpg': ((330, 60, 820, 680),),
    'photos/facerec/two_people.jpg': ((180, 0, 450, 290), (730, 0, 1010, 310)),
    'photos/other/six_people.jpg': ((790, 700, 1340, 1510), (280, 300, 460, 510)),
}

# Number of images in a scene. The video has 72 frames.
FRAMES = 60


def data_file(name: str) -> Path:
    """
    Find a file of the benchmark data.

    :param name: path relative to FER_ROS_DATA.
    :return: path of the file.
    :raises FileNotFoundError: if the file does not exist.
    """
    path = data_root(None) / name
    if not path.is_file():
        raise FileNotFoundError(
            f'{path} does not exist; set FER_ROS_DATA to the folder of the data sets'
        )
    return path


def detector_weights() -> Path:
    """
    Find the YuNet weights in the model folders or in the benchmark data.

    :raises FileNotFoundError: if the weights are in neither of them.
    """
    return find_model_file(yunet.WEIGHTS) or data_file(f'facedet/{yunet.WEIGHTS}')


def read_image(name: str) -> np.ndarray:
    """Read a photograph of the benchmark data, (H, W, 3) uint8, BGR."""
    image = cv2.imread(str(data_file(name)))
    if image is None:
        raise ValueError(f'OpenCV cannot read {name} as a picture')
    return image


def fitted(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """
    Scale an image to cover a size, and crop it at the centre.

    :param image: (H, W, 3) uint8 image.
    :param size: (width, height) size to cover in pixels.
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
    Create camera images with a given number of faces.

    A single face comes from a video. For several faces, heads from photographs are placed onto a
    background photograph without faces. Each head has its own cell, and the cell size does not
    depend on the number of faces. The heads move by a pixel between images, because no two camera
    images are equal.

    :param faces: number of faces, 0 to 16.
    :param size: (width, height) size of the images in pixels.
    :param frames: number of images.
    :return: images, each (height, width, 3) uint8, BGR.
    """
    if faces == 1:
        seen = islice(images_of(data_file(VIDEO)), frames)
        return list(islice(cycle([fitted(image, size) for _, image in seen]), frames))
    shifts = list(islice(cycle((0, 1, 2, 1)), frames))
    images = {shift: montage(faces, size, shift) for shift in set(shifts)}
    # The images are copied, because camera images do not share memory.
    return [images[shift].copy() for shift in shifts]


def montage(faces: int, size: tuple[int, int], shift: int = 0) -> np.ndarray:
    """
    Place heads onto a background, in four rows of four.

    :param faces: number of heads, 0 to 16.
    :param size: (width, height) of the image.
    :param shift: horizontal shift of all heads to the right, in pixels.
    :return: (height, width, 3) uint8 BGR image.
    """
    columns = 4
    if not 0 <= faces <= columns**2:
        raise ValueError(f'a scene can have 0 to {columns**2} faces, but {faces} were requested')
    image = fitted(read_image(BACKGROUND), size)
    width, height = size[0] // columns, size[1] // columns
    # The central cells are filled first, so that a few heads are never at the border.
    places = sorted(
        ((row, column) for row in range(columns) for column in range(columns)),
        key=lambda place: (abs(place[0] - 1.5) + abs(place[1] - 1.5), place),
    )
    for (row, column), head in zip(places[:faces], cycle(heads()), strict=False):
        # A head fills the height of its cell except a margin. The width follows from its aspect
        # ratio.
        tall = height - 8
        wide = min(width - 8, round(tall * head.shape[1] / head.shape[0]))
        top, left = row * height + 4, column * width + (width - wide) // 2 + shift
        cell = image[top:, left:][:tall, :wide]
        cell[:] = cv2.resize(head, (wide, tall), interpolation=cv2.INTER_AREA)
    return image


@cache
def heads() -> tuple[np.ndarray, ...]:
    """Crop the heads from their photographs."""
    found = []
    for name, boxes in HEADS.items():
        photograph = read_image(name)
        found += [photograph[top:bottom, left:right] for left, top, right, bottom in boxes]
    return tuple(found)
