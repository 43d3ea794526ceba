"""
The detector YuNet, a small network that detects faces and five landmarks in each face.

Wu, Peng and Yu, YuNet: A Tiny Millisecond-level Face Detector, 2023. The weights are from OpenCV's
model zoo, under the MIT licence:
https://github.com/opencv/opencv_zoo/tree/main/models/face_detection_yunet.
"""

from __future__ import annotations

from collections.abc import Sequence
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
from fer_ros.perception.detection.views import shrink
from fer_ros.perception.detection.views import View
from fer_ros.perception.detection.views import Views
from fer_ros.perception.detection.weights import read_weights
from fer_ros.perception.detection.yunet_litert import LiteRtYuNet
from fer_ros.perception.detection.yunet_litert import NMS_TOP_K
from fer_ros.perception.detection.yunet_litert import unreadable
from fer_ros.perception.detection.yunet_views import BILINEAR
from fer_ros.perception.detection.yunet_views import LEAST_SIDE
from fer_ros.perception.detection.yunet_views import LEAST_VIEW
from fer_ros.perception.detection.yunet_views import near_view
from fer_ros.perception.detection.yunet_views import view_scale
from fer_ros.perception.detection.yunet_views import views_of
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

# If this many views were searched without a search in a whole image, its memory is freed.
LOOKS_BEFORE_REST = 100

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

    def another(self) -> Network:
        """Create another instance of this network, with memory for views of another size."""
        ...

    def rest(self) -> None:
        """Free the memory for large views until the next call of `find`."""
        ...


class YuNetDetector:
    """Detect faces with YuNet. The image size may change from call to call."""

    name = 'yunet'
    # 0.95 times the median distance of the eyes in frontal faces; see `doc/crop_geometry.md`.
    least_eye_distance = 0.35
    eyes_estimated = False

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
        # One instance for each kind of view, because a change of the size takes time.
        self._networks: dict[str, Network] = {}
        self._looks = 0

    def detect(self, image: np.ndarray, min_score: float, min_size: float) -> list[FaceDetection]:
        """Detect faces; see Detector."""
        check_image(image)
        height, width = image.shape[:2]
        scale = view_scale(height, width, min_size)
        view = image
        if scale < 1:
            how = cv2.INTER_LINEAR if scale >= BILINEAR else cv2.INTER_AREA
            view = cv2.resize(
                image,
                (max(1, round(scale * width)), max(1, round(scale * height))),
                interpolation=how,
            )
        self._looks = 0
        return to_faces(
            self._find(self._network, view, (0, 0, width, height), min_score),
            height,
            width,
            min_score,
            min_size,
        )

    def views(self, height: int, width: int, min_size: float) -> Views | None:
        """Divide an image into views; see ViewDetector."""
        return views_of(height, width, min_size)

    def near(
        self,
        box: Sequence[float],
        height: int,
        width: int,
        min_size: float,
        wide: bool = False,
    ) -> View:
        """Choose the view around a face; see ViewDetector."""
        return near_view(box, height, width, min_size, wide)

    def look(self, image: np.ndarray, view: View, min_score: float) -> list[Candidate]:
        """Search a view; see ViewDetector."""
        self._looks += 1
        if self._looks == LOOKS_BEFORE_REST:
            self._network.rest()
        if view.kind not in self._networks:
            self._networks[view.kind] = self._network.another()
        shown = shrink(view.crop(image), view.size)
        return self._find(self._networks[view.kind], shown, view.region, min_score)

    def _find(
        self, network: Network, view: np.ndarray, region: Sequence[int], min_score: float
    ) -> list[Candidate]:
        """
        Run a network on a scaled part of an image.

        :param network: the network.
        :param view: (H, W, 3) uint8, BGR, the scaled part.
        :param region: (left, top, right, bottom) of the part in pixels of the image.
        :param min_score: minimum score, 0 to 1.
        :return: the candidates in pixels of the image.
        """
        left, top, right, bottom = region
        across, down = (right - left) / view.shape[1], (bottom - top) / view.shape[0]
        below, beside = (max(0, LEAST_SIDE - side) for side in view.shape[:2])
        if below or beside:
            view = cv2.copyMakeBorder(view, 0, below, 0, beside, cv2.BORDER_CONSTANT)
        rows = network.find(view, min_score)
        return [_candidate(row, (left, top), (across, down)) for row in rows]


def check_hash(weights: Path, content: bytes) -> None:
    """
    Reject a file that is not one of the known files of YuNet.

    :param weights: path of the file, for the error message.
    :param content: content of the weights file.
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
        self._weights = weights
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

    def another(self) -> OpenCvYuNet:
        """Create another instance; see Network."""
        return OpenCvYuNet(self._weights)

    def rest(self) -> None:
        """Free memory; see Network. OpenCV manages the memory itself."""


def _candidate(row: list[float], corner: tuple[int, int], scale: tuple[float, float]) -> Candidate:
    """
    Convert a row of `Network.find` to a candidate.

    A row has left, top, width, height, then (x, y) of the right eye, the left eye, the nose and
    both corners of the mouth, then the score.

    :param row: 15 numbers in pixels of the scaled image.
    :param corner: (x, y) of the upper left corner of the scaled image, in pixels of the image.
    :param scale: horizontal and vertical factor from pixels of the scaled image to pixels of the
        image.
    :return: the candidate, in pixels of the image.
    """
    left, top, width, height, *points, score = row
    (x, y), (across, down) = corner, scale
    box = (
        x + left * across,
        y + top * down,
        x + (left + width) * across,
        y + (top + height) * down,
    )
    located = [
        (x + at * across, y + below * down)
        for at, below in zip(points[::2], points[1::2], strict=True)
    ]
    (right_x, right_y), (left_x, left_y) = located[3:]
    mouth = ((right_x + left_x) / 2, (right_y + left_y) / 2)
    return Candidate(score, box, (*located[:3], mouth))


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
