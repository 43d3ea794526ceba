"""
YuNet: a small network of OpenCV's model zoo that finds faces and five points in each.

Wu, Peng and Yu, YuNet: A Tiny Millisecond-level Face Detector, 2023; the weights are
https://github.com/opencv/opencv_zoo/tree/main/models/face_detection_yunet, under the MIT licence.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from fer_ros.perception.backends.base import BackendError
from fer_ros.perception.backends.litert import import_interpreter
from fer_ros.perception.detection.candidates import Candidate
from fer_ros.perception.detection.candidates import check_image
from fer_ros.perception.detection.candidates import DetectorError
from fer_ros.perception.detection.candidates import SAME_FACE
from fer_ros.perception.detection.candidates import to_faces
from fer_ros.perception.detection.weights import read_weights
from fer_ros.perception.detection.yunet_litert import LiteRtYuNet
from fer_ros.perception.detection.yunet_litert import NMS_TOP_K
from fer_ros.perception.detection.yunet_litert import unreadable
from fer_ros.perception.faces import FaceDetection
from fer_ros.perception.files import FileError
from fer_ros.perception.files import private_copy
from fer_ros.perception.files import sha256_of_bytes
from fer_ros.perception.models.known_files import is_known
from fer_ros.perception.models.known_files import YUNET_SHA256
from fer_ros.perception.models.model_files import find_model_file
from fer_ros.perception.quoting import shortened

WEIGHTS = 'face_detection_yunet_2023mar.onnx'
HOW_TO_GET = f'get {WEIGHTS} with: ros2 run fer_ros fetch_models'

# OpenCV's own class cannot run the weights of 2023 before this.
FIRST_OPENCV = (4, 8)

# The image is scaled so that the smallest face that is wanted has this many pixels.  Of 82 faces
# of photographs, scaled to a shorter side of 8, 10, 12, 14, 16 and 24 pixels, YuNet finds 35, 64,
# 81, 81, 82 and 82 at a score of 0.6.
FACE_IN_VIEW = 14
# A smaller view saves nothing that counts, and large faces lose by it.
LEAST_VIEW = 320
# A larger one needs hundreds of megabytes; it takes a large image and very small faces to want it.
MOST_PIXELS = 1 << 22
# From this scale on a pixel of the view is a mean of no more than two pixels of the image across
# and down, which bilinear sampling gives as well, in an eighth of the time.  Of 516 views with a
# face of 24 to 56 pixels, made of photographs, 507 are found either way.
BILINEAR = 0.5

# OpenCV 4.14 finds faces of any size and place in strips of 32 pixels; black beside them helps.
LEAST_SIDE = 64

# Those of the network of 2023 and of its quantised kin; the one of 2022 has others.
OUTPUTS = {f'{kind}_{stride}' for kind in ('cls', 'obj', 'bbox', 'kps') for stride in (8, 16, 32)}


def find_weights() -> Path:
    """
    Find the weights in the folders of models.

    :return: the path of the ONNX file.
    :raises DetectorError: if it is in none of them.
    """
    path = find_model_file(WEIGHTS)
    if path is None:
        raise DetectorError(
            f'there are no weights for yunet in the folders of models; {HOW_TO_GET}'
        )
    return path


def view_scale(height: int, width: int, min_size: float) -> float:
    """
    Choose how much of the image's detail the network has to see.

    :param height: the image's, in pixels.
    :param width: the image's, in pixels.
    :param min_size: of a face, in pixels of the image.
    :return: what to scale the image with, above 0 and at most 1.
    """
    wanted = max(FACE_IN_VIEW / max(min_size, 1), LEAST_VIEW / max(height, width))
    return min(1.0, wanted, math.sqrt(MOST_PIXELS / (height * width)))


class Network(Protocol):
    """What runs the network."""

    # What it is of, for the log.
    engine: str

    def find(self, view: np.ndarray, min_score: float) -> list[list[float]]:
        """
        Run the network.

        :param view: (H, W, 3) uint8, BGR.
        :param min_score: 0 to 1.
        :return: N rows of 15, in pixels of the view; `_candidate` tells what is where.
        """
        ...


class YuNetDetector:
    """Finds faces with YuNet; sizes of images may change from call to call."""

    name = 'yunet'
    # 0.95 of the median of frontal faces; `doc/crop_geometry.md` has both.
    least_eye_distance = 0.35

    def __init__(self, weights: Path) -> None:
        """
        Load the network, into LiteRT if that is installed, else into OpenCV.

        Only files with a known hash are loaded: a damaged file may load, run and find nothing.

        :param weights: path of the ONNX file.
        :raises DetectorError: if neither can run it, or the file is not one of YuNet's.
        """
        content = read_weights(weights, HOW_TO_GET)
        check_hash(weights, content)
        try:
            self._network, refusal = _load(content)
        except DetectorError as error:
            raise DetectorError(f'yunet cannot load {shortened(weights)}: {error}') from error
        self.reason = f'with {shortened(weights)} on {self._network.engine}{refusal}'

    def detect(self, image: np.ndarray, min_score: float, min_size: float) -> list[FaceDetection]:
        """Find faces; see Detector."""
        check_image(image)
        height, width = image.shape[:2]
        scale = view_scale(height, width, min_size)
        view = image
        if scale < 1:
            size = (max(1, round(scale * width)), max(1, round(scale * height)))
            how = cv2.INTER_LINEAR if scale >= BILINEAR else cv2.INTER_AREA
            view = cv2.resize(image, size, interpolation=how)
        across, down = width / view.shape[1], height / view.shape[0]
        below, beside = (max(0, LEAST_SIDE - side) for side in view.shape[:2])
        if below or beside:
            view = cv2.copyMakeBorder(view, 0, below, 0, beside, cv2.BORDER_CONSTANT)
        found = (_candidate(row, across, down) for row in self._network.find(view, min_score))
        return to_faces(found, height, width, min_score, min_size)


def check_hash(weights: Path, content: bytes) -> None:
    """
    Refuse a file that is not one of the known files of YuNet.

    :param weights: its path, for the message.
    :param content: of the file.
    :raises DetectorError: if its hash is not known.
    """
    found = sha256_of_bytes(content)
    if not is_known(found, YuNetDetector.name):
        raise DetectorError(
            f'{shortened(weights)} is not YuNet of 2023: its SHA-256 is {found[:12]}…, but must '
            f'be {YUNET_SHA256[:12]}… as that of {WEIGHTS}; {HOW_TO_GET}'
        )


def _load(weights: bytes) -> tuple[Network, str]:
    """Load the network, and explain why it is not on LiteRT."""
    try:
        make = import_interpreter()
    except BackendError as error:
        check_engines()
        return OpenCvYuNet(weights), f'; {error}'
    try:
        return LiteRtYuNet(weights, make), ''
    except DetectorError as error:
        # A quantised one, which is another network to LiteRT, or none at all.
        if not _opencv_runs_it():
            raise DetectorError(f'{error}; {HOW_TO_GET}') from error
        return OpenCvYuNet(weights), f'; {error}'


class OpenCvYuNet:
    """Runs YuNet of 2023 and its quantised kin with cv2.FaceDetectorYN."""

    def __init__(self, weights: bytes) -> None:
        """
        Load the network.

        :param weights: content of the ONNX file.
        :raises DetectorError: if this OpenCV cannot run it, or the file is not YuNet's.
        """
        self.engine = f'OpenCV {cv2.__version__}'
        try:
            network = cv2.dnn.readNetFromONNX(np.frombuffer(weights, np.uint8))
            outputs = network.getUnconnectedOutLayersNames()
            if not OUTPUTS.issubset(outputs):
                raise DetectorError(
                    'the file is not YuNet of 2023, because it has the outputs '
                    f'{shortened(", ".join(outputs))}; {HOW_TO_GET}'
                )
            # Of OpenCV's two ways to load, the one that takes bytes came with 4.10.
            with private_copy(weights, WEIGHTS) as path:
                self._network = cv2.FaceDetectorYN.create(
                    str(path), '', (LEAST_VIEW, LEAST_VIEW), 0.5, SAME_FACE, NMS_TOP_K
                )
            self.find(np.zeros((LEAST_SIDE, LEAST_SIDE, 3), np.uint8), 0.5)
        except cv2.error as error:
            raise DetectorError(f'{unreadable(error)}; {HOW_TO_GET}') from error
        except FileError as error:
            raise DetectorError(str(error)) from error

    def find(self, view: np.ndarray, min_score: float) -> list[list[float]]:
        """Run the network; see Network."""
        self._network.setInputSize((view.shape[1], view.shape[0]))
        self._network.setScoreThreshold(min_score)
        rows = self._network.detect(view)[1]
        return [] if rows is None else rows.tolist()


def _candidate(row: list[float], across: float, down: float) -> Candidate:
    """
    Read a row of the class's result, and bring it to the image by these factors.

    It has left, top, width, height, then (x, y) of the right eye, the left eye, the nose and both
    corners of the mouth, then the score.
    """
    left, top, width, height, right_x, right_y, left_x, left_y, *_, score = row
    box = (left * across, top * down, (left + width) * across, (top + height) * down)
    eyes = ((right_x * across, right_y * down), (left_x * across, left_y * down))
    return Candidate(score, box, eyes)


def check_engines() -> None:
    """
    See if anything here runs YuNet.

    :raises DetectorError: if not.
    """
    try:
        import_interpreter()
    except BackendError as error:
        if not _opencv_runs_it():
            raise DetectorError(
                'yunet needs LiteRT, or OpenCV 4.8 or later with FaceDetectorYN, but the '
                f'installed version is OpenCV {cv2.__version__}; {error}'
            ) from error


def _opencv_runs_it() -> bool:
    """Say if OpenCV's own class runs the weights of 2023."""
    version = tuple(int(part) for part in cv2.__version__.split('.')[:2])
    return version >= FIRST_OPENCV and hasattr(cv2, 'FaceDetectorYN')
