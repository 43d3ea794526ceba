"""
Measure how often a person is recognised by the nearest neighbour among other pictures.

Each picture of CK+ (48 x 48, 118 people) is pasted on a larger canvas. The canvas is masked and
compressed as the node does. For each sequence of a person, the most similar sequence of anybody is
searched by several features. A face that is not found stays sharp, so it counts against the mask.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
import re
from zipfile import ZipFile

import cv2
import numpy as np

from fer_ros.perception.models.bundle import find_bundle
from fer_ros.perception.settings import DEFAULT_MODEL

# A file of CK+, for example CK+48/anger/S010_004_00000017.png.
NAME = re.compile(r'.*/S(\d+)_(\d+)_(\d+)\.png')

# Side of a picture of CK+ [px].
SIDE = 48
# Factor by which a picture is enlarged, and (height, width) of the canvas [px].
ENLARGED = 2
CANVAS = (192, 256)
# Rows and columns of the picture on the canvas.
PLACE = tuple(
    slice((length - ENLARGED * SIDE) // 2, (length + ENLARGED * SIDE) // 2) for length in CANVAS
)
# Gray level of the canvas, that of a wall.
WALL = 150

# JPEG quality of the masked image; the node uses the same quality.
JPEG_QUALITY = 80

# Side of a cell for the outline of a covered region [px].
CELL = 8

# The features by which people are compared: the gray levels, the gradients, the last pooling layer
# of the emotion network, and the whole canvas, which shows the outline of a mask.
FEATURES = ('pixels', 'gradients', 'embedding', 'outline')


@dataclass(frozen=True)
class Portraits:
    """
    One picture of each sequence of CK+.

    :param images: (N, 48, 48) uint8, gray: the last picture of each sequence.
    :param people: (N,) int, number of the person.
    """

    images: np.ndarray
    people: np.ndarray


def read_portraits(path: Path) -> Portraits:
    """
    Read the last picture of each sequence.

    :param path: path of CK+48.zip.
    """
    last: dict[tuple[int, int], tuple[int, str]] = {}
    with ZipFile(path) as archive:
        for name in archive.namelist():
            match = NAME.fullmatch(name)
            if match:
                person, sequence, frame = map(int, match.groups())
                key = person, sequence
                last[key] = max(last.get(key, (-1, '')), (frame, name))
        images = [
            cv2.imdecode(np.frombuffer(archive.read(name), np.uint8), cv2.IMREAD_GRAYSCALE)
            for _, (_, name) in sorted(last.items())
        ]
    return Portraits(np.array(images), np.array([person for person, _ in sorted(last)]))


def canvas_of(portrait: np.ndarray) -> np.ndarray:
    """
    Paste a picture on the middle of a canvas.

    The place is the same for all pictures. Otherwise, the outlines of the masks could not be
    compared so well.

    :param portrait: (48, 48) uint8 gray portrait.
    :return: the canvas, (H, W, 3) uint8, BGR.
    """
    side = ENLARGED * SIDE
    canvas = np.full((*CANVAS, 3), WALL, np.uint8)
    large = cv2.resize(portrait, (side, side), interpolation=cv2.INTER_CUBIC)
    canvas[PLACE] = large[:, :, None]
    return canvas


def through_jpeg(image: np.ndarray) -> np.ndarray:
    """Compress an image as the node does, and decompress it: (H, W, 3) uint8, BGR."""
    _, jpeg = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    decoded = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
    assert decoded is not None
    return decoded


def pixels(face: np.ndarray) -> np.ndarray:
    """Return the gray levels without their mean: (H * W,) float32."""
    values: np.ndarray = face.astype(np.float32).ravel()
    return values - values.mean()


def gradients(face: np.ndarray) -> np.ndarray:
    """Compute histograms of gradient directions, (900,) float32 (Dalal and Triggs, 2005)."""
    how = cv2.HOGDescriptor((SIDE, SIDE), (16, 16), (8, 8), (8, 8), 9)
    return np.asarray(how.compute(face)).ravel()


class Embedding:
    """Computes the output of the last pooling layer of the emotion network."""

    def __init__(self) -> None:
        """Load the ONNX file of the default model."""
        path = find_bundle(DEFAULT_MODEL) / 'model.onnx'
        self._network = cv2.dnn.readNetFromONNX(str(path))
        names = self._network.getLayerNames()
        kinds = [self._network.getLayer(self._network.getLayerId(name)).type for name in names]
        self._layer = names[len(kinds) - 1 - kinds[::-1].index('Pooling')]

    def __call__(self, face: np.ndarray) -> np.ndarray:
        """Return the description of a face: (C,) float32."""
        self._network.setInput(face.astype(np.float32)[None, :, :, None])
        return np.asarray(self._network.forward(self._layer)).ravel()


class Describer:
    """Describes the picture on a canvas by each feature."""

    def __init__(self) -> None:
        self._embed = Embedding()

    def __call__(self, canvas: np.ndarray) -> list[np.ndarray]:
        """
        Describe a canvas, compressed as the node does.

        :param canvas: (H, W, 3) uint8 BGR image.
        :return: a vector for each of FEATURES.
        """
        gray = cv2.cvtColor(through_jpeg(canvas), cv2.COLOR_BGR2GRAY)
        face = cv2.resize(gray[PLACE], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        outline = cv2.resize(gray, None, fx=1 / CELL, fy=1 / CELL, interpolation=cv2.INTER_AREA)
        return [pixels(face), gradients(face), self._embed(face), pixels(outline)]


def share_recognised(
    portraits: Portraits, mask: Callable[[np.ndarray], np.ndarray]
) -> dict[str, float]:
    """
    Measure how often a person is recognised on masked canvases.

    :param portraits: the pictures.
    :param mask: function that masks a canvas, (H, W, 3) uint8 BGR.
    :return: rank-1 accuracy, 0 to 1, by feature.
    """
    describe = Describer()
    vectors = [describe(mask(canvas_of(portrait))) for portrait in portraits.images]
    return {
        name: rank_1(np.array(one), portraits.people)
        for name, one in zip(FEATURES, zip(*vectors, strict=True), strict=True)
    }


def chance(people: np.ndarray) -> float:
    """Compute the rank-1 accuracy of a random choice, 0 to 1."""
    return rank_1(np.zeros((len(people), 1), np.float32), people)


def rank_1(vectors: np.ndarray, people: np.ndarray) -> float:
    """
    Compute the share of pictures whose most similar picture shows the same person.

    Vectors without length and equal distances count with the share that a random choice gives.

    :param vectors: (N, D) float, a description of each picture.
    :param people: (N,) int, number of the person.
    :return: share of the pictures of people with several pictures, 0 to 1.
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 1e-6)
    similar = np.round(unit @ unit.T, 5)
    np.fill_diagonal(similar, -np.inf)
    nearest = similar == similar.max(axis=1, keepdims=True)
    same = people[:, None] == people[None]
    np.fill_diagonal(same, False)
    right = (nearest & same).sum(axis=1) / nearest.sum(axis=1)
    return float(right[same.any(axis=1)].mean())
