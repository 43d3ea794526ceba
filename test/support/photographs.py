"""Photographs with known faces, and a comparison of detections with them."""

from __future__ import annotations

from collections.abc import Iterable
import os
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest

from fer_ros.perception.boxes import overlaps
from fer_ros.perception.faces import FaceDetection

DATA = Path(os.environ.get('FER_ROS_DATA') or Path(__file__).resolve().parents[3] / 'shared/data')


def data_path(name: str) -> Path:
    """
    Find a file of the test data, or skip the test.

    :param name: path relative to FER_ROS_DATA.
    :return: path of the file.
    """
    path = DATA / name
    if not path.exists():
        pytest.skip(f'there is no {path}: set FER_ROS_DATA to the folder of the test data')
    return path


def photograph(name: str) -> np.ndarray:
    """
    Read a photograph, or skip the test.

    :param name: path relative to the folder `photos`.
    :return: (H, W, 3) uint8 BGR image.
    """
    image = cv2.imread(str(data_path(f'photos/{name}')))
    assert image is not None
    return image


def dlib_faces() -> dict[str, np.ndarray]:
    """
    Read the face boxes of dlib's example photographs, or skip the test.

    :return: the boxes by photograph name, (N, 4) float64, pixels.
    """
    boxes: dict[str, list[list[float]]] = {}
    for part in ('testing.xml', 'training.xml'):
        for image in ElementTree.parse(data_path(f'photos/dlib/{part}')).iter('image'):
            for box in image.iter('box'):
                left, top, width, height = (
                    float(box.attrib[key]) for key in ('left', 'top', 'width', 'height')
                )
                known = boxes.setdefault(image.attrib['file'], [])
                known.append([left, top, left + width, top + height])
    return {name: np.array(known) for name, known in boxes.items()}


def count_matches(
    found: Iterable[FaceDetection], known: np.ndarray, overlap: float
) -> tuple[int, int]:
    """
    Match detections with known faces one to one, starting with the best detection.

    :param found: detections, best first.
    :param known: (N, 4) float, boxes of the known faces, pixels.
    :param overlap: minimum intersection over union of a match, 0 to 1.
    :return: number of known faces that were detected, and number of false positives.
    """
    free = np.ones(len(known), bool)
    others = 0
    for face in found:
        shared = np.where(free, overlaps(np.array([face.box]), known)[0], 0)
        best = int(np.argmax(shared))
        if shared[best] >= overlap:
            free[best] = False
        else:
            others += 1
    return int(np.sum(~free)), others
