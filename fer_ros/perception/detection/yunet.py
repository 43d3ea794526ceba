"""
The detector YuNet, a small network that detects faces and five landmarks in each face.

Wu, Peng and Yu, YuNet: A Tiny Millisecond-level Face Detector, 2023. The weights are from OpenCV's
model zoo, under the MIT licence:
https://github.com/opencv/opencv_zoo/tree/main/models/face_detection_yunet.
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

# The first version of OpenCV whose class FaceDetectorYN can run the weights of 2023.
FIRST_OPENCV = (4, 8)

# The image is scaled so that the smallest wanted face has this size [px]. For this choice, 82
# faces in photographs were scaled to a shorter side of 8, 10, 12, 14, 16 and 24 pixels. At a score
# of 0.6, YuNet finds 35, 64, 81, 81, 82 and 82 of these faces.
FACE_IN_VIEW = 14
# Minimum length of the longer side of the scaled image [px]. A smaller image saves hardly any
# time, and large faces are detected less well.
LEAST_VIEW = 320
# Maximum number of pixels of the scaled image. A larger image needs hundreds of megabytes of
# memory. The limit only matters for very small faces in a large image.
MOST_PIXELS = 1 << 22
# Minimum scale for bilinear interpolation. From this scale on, each pixel is the mean of at most
# 2 x 2 pixels of the image. Bilinear interpolation then gives the same result as averaging, in an
# eighth of the time. Of 516 scaled photographs with a face of 24 to 56 pixels, the face is found
# in 507 with either method.
BILINEAR = 0.5

# Minimum side of the image for the network [px]; smaller images are padded with black. In images
# with a side of only 32 pixels, OpenCV 4.14 reports faces of arbitrary size and position.
LEAST_SIDE = 64

# Names of the outputs of the network of 2023 and its quantised variants. The network of 2022 has
# other outputs.
OUTPUTS = {f'{kind}_{stride}' for kind in ('cls', 'obj', 'bbox', 'kps') for stride in (8, 16, 32)}


def find_weights() -> Path:
    """
    Find the weights in the model folders.

    :return: path of the ONNX file.
    :raises DetectorError: if the file is in none of these folders.
    """
    path = find_model_file(WEIGHTS)
    if path is None:
        raise DetectorError(
            f'there are no weights for yunet in the folders of models; {HOW_TO_GET}'
        )
    return path


def view_scale(height: int, width: int, min_size: float) -> float:
    """
    Choose the scale of the image for the network.

    :param height: image height in pixels.
    :param width: image width in pixels.
    :param min_size: size of the smallest wanted face in pixels of the image.
    :return: the scale factor, above 0 and at most 1.
    """
    wanted = max(FACE_IN_VIEW / max(min_size, 1), LEAST_VIEW / max(height, width))
    return min(1.0, wanted, math.sqrt(MOST_PIXELS / (height * width)))


class Network(Protocol):
    """The interface of an engine that runs the YuNet network."""

    # Name of the engine for the log.
    engine: str

    def find(self, view: np.ndarray, min_score: float) -> list[list[float]]:
        """
        Run the network.

        :param view: (H, W, 3) uint8, BGR, the scaled image.
        :param min_score: minimum score, 0 to 1.
        :return: N rows of 15 numbers in pixels of the scaled image, one row for each face; see
            `_candidate` for the order of the numbers.
        """
        ...


class YuNetDetector:
    """Detect faces with YuNet. The image size may change from call to call."""

    name = 'yunet'
    # 0.95 times the median distance of the eyes in frontal faces; see `doc/crop_geometry.md`.
    least_eye_distance = 0.35

    def __init__(self, weights: Path) -> None:
        """
        Load the network into LiteRT if it is installed, else into OpenCV.

        Only files with a known hash are loaded. Without this check, a damaged file might load and
        run, but detect no faces.

        :param weights: path of the ONNX file.
        :raises DetectorError: if neither LiteRT nor OpenCV can run the network, or the file is not
            one of the known files of YuNet.
        """
        content = read_weights(weights, HOW_TO_GET)
        check_hash(weights, content)
        try:
            self._network, refusal = _load(content)
        except DetectorError as error:
            raise DetectorError(f'yunet cannot load {shortened(weights)}: {error}') from error
        self.reason = f'with {shortened(weights)} on {self._network.engine}{refusal}'

    def detect(self, image: np.ndarray, min_score: float, min_size: float) -> list[FaceDetection]:
        """Detect faces; see Detector."""
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
    Reject a file that is not one of the known files of YuNet.

    :param weights: path of the file, for the error message.
    :param content: content of the file.
    :raises DetectorError: if the hash of the file is not known.
    """
    found = sha256_of_bytes(content)
    if not is_known(found, YuNetDetector.name):
        raise DetectorError(
            f'{shortened(weights)} is not YuNet of 2023: its SHA-256 is {found[:12]}…, but must '
            f'be {YUNET_SHA256[:12]}… as that of {WEIGHTS}; {HOW_TO_GET}'
        )


def _load(weights: bytes) -> tuple[Network, str]:
    """
    Load the network into LiteRT, or else into OpenCV.

    :param weights: content of the ONNX file.
    :return: the network, and the reason why it does not run on LiteRT, empty if it does.
    :raises DetectorError: if neither engine can run it.
    """
    try:
        make = import_interpreter()
    except BackendError as error:
        check_engines()
        return OpenCvYuNet(weights), f'; {error}'
    try:
        return LiteRtYuNet(weights, make), ''
    except DetectorError as error:
        # Raised for quantised weights, which do not fit the graph, or if the file is no network.
        if not _opencv_runs_it():
            raise DetectorError(f'{error}; {HOW_TO_GET}') from error
        return OpenCvYuNet(weights), f'; {error}'


class OpenCvYuNet:
    """Run YuNet of 2023 and its quantised variants with cv2.FaceDetectorYN."""

    def __init__(self, weights: bytes) -> None:
        """
        Load the network.

        :param weights: content of the ONNX file.
        :raises DetectorError: if this OpenCV cannot run the network, or the file is not YuNet.
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
            # A path is used, because OpenCV before 4.10 cannot load the network from bytes.
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
        found: list[list[float]] = [] if rows is None else rows.tolist()
        return found


def _candidate(row: list[float], across: float, down: float) -> Candidate:
    """
    Convert a row of `Network.find` to a candidate.

    A row has left, top, width, height, then (x, y) of the right eye, the left eye, the nose and
    both corners of the mouth, then the score.

    :param row: 15 numbers in pixels of the scaled image.
    :param across: horizontal factor from pixels of the scaled image to pixels of the image.
    :param down: vertical factor from pixels of the scaled image to pixels of the image.
    :return: the candidate, in pixels of the image.
    """
    left, top, width, height, right_x, right_y, left_x, left_y, *_, score = row
    box = (left * across, top * down, (left + width) * across, (top + height) * down)
    eyes = ((right_x * across, right_y * down), (left_x * across, left_y * down))
    return Candidate(score, box, eyes)


def check_engines() -> None:
    """
    Check that LiteRT or OpenCV can run YuNet here.

    :raises DetectorError: if neither LiteRT nor OpenCV can run YuNet.
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
    """Check whether OpenCV's class FaceDetectorYN can run the weights of 2023."""
    version = tuple(int(part) for part in cv2.__version__.split('.')[:2])
    return version >= FIRST_OPENCV and hasattr(cv2, 'FaceDetectorYN')
