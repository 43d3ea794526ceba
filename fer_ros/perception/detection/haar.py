"""
The Haar cascade of OpenCV 4, for machines on which no other detector can run.

Viola and Jones, Rapid Object Detection using a Boosted Cascade of Simple Features, 2001. The
cascade only detects upright frontal faces, and returns no landmarks.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

import cv2
import numpy as np

from fer_ros.perception.detection.candidates import Candidate
from fer_ros.perception.detection.candidates import Candidates
from fer_ros.perception.detection.candidates import check_image
from fer_ros.perception.detection.candidates import DetectorError
from fer_ros.perception.detection.candidates import probability
from fer_ros.perception.detection.candidates import strongest
from fer_ros.perception.detection.candidates import to_faces
from fer_ros.perception.detection.cascade import CascadeError
from fer_ros.perception.detection.cascade import checked_cascade
from fer_ros.perception.detection.views import LONGEST_FACE
from fer_ros.perception.detection.views import PART_MARGIN
from fer_ros.perception.detection.views import piece
from fer_ros.perception.detection.views import spread
from fer_ros.perception.detection.views import View
from fer_ros.perception.detection.views import Views
from fer_ros.perception.detection.weights import ensure_tried
from fer_ros.perception.detection.weights import read_weights
from fer_ros.perception.faces import FaceDetection
from fer_ros.perception.models.model_files import find_model_file
from fer_ros.perception.quoting import shortened

WEIGHTS = 'haarcascade_frontalface_default.xml'
HOW_TO_GET = f'get {WEIGHTS} with: apt install opencv-data'

# The folders of the cascades in the package opencv-data of Debian and Ubuntu.
SYSTEM_FOLDERS = (Path('/usr/share/opencv4/haarcascades'), Path('/usr/share/opencv/haarcascades'))

# Side of the cascade's window [px]. Faces smaller than the window cannot be detected.
WINDOW = 24
# Factor between consecutive window sizes. A factor of 1.05 takes twice the time and has more false
# positives. A factor of 1.2 misses more faces.
SIZE_STEP = 1.1
# Minimum number of overlapping windows that must detect the same face.
LEAST_WINDOWS = 3

# Size of the smallest face in the coarse view, as a multiple of that in the fine view.
COARSE = 2.5
# Rows and columns of the fine view.
GRID = (2, 3)

# Middle and width of the logistic curve that converts the weight of a window to the probability of
# a face. The weight is the sum of the cascade's last stage. The curve is a maximum likelihood fit
# to 322 windows that the cascade reports: in 95 random crops of the test photographs, and in 24
# images without a person from the scikit-image wheel. At a threshold of 0.6, it accepts 194 of the
# 222 windows with a face, and 20 of the 100 windows without a face.
WEIGHT_MIDDLE = 3.30
WEIGHT_WIDTH = 1.29

# Positions of the eyes as fractions of the box: medians over 42 faces in dlib's examples, made
# symmetric. The position of an eye is the mean of its six landmarks (36 to 41 and 42 to 47).
# The cascade's boxes are shifted by 0.016 to the left.
RIGHT_EYE = (0.323, 0.387)
LEFT_EYE = (0.677, 0.387)


def find_weights() -> Path:
    """
    Find the cascade in the model folders, in OpenCV's data folder, or in the system's folders.

    :return: path of the XML file.
    :raises DetectorError: if the cascade is in none of these folders.
    """
    own = getattr(getattr(cv2, 'data', None), 'haarcascades', None)
    folders = [*([Path(own)] if own else []), *SYSTEM_FOLDERS]
    places = [find_model_file(WEIGHTS), *(folder / WEIGHTS for folder in folders)]
    path = next((place for place in places if place and os.path.isfile(place)), None)
    if path is None:
        raise DetectorError(f'there is no cascade for haar; {HOW_TO_GET}')
    return path


class HaarDetector:
    """Detect faces with cv2.CascadeClassifier, with eyes at their average position in the box."""

    name = 'haar'
    # The position of the eyes depends only on the box, so it does not show that a head is turned.
    least_eye_distance = 0.0
    eyes_estimated = True

    def __init__(self, weights: Path) -> None:
        """
        Check and load the cascade. A cascade with an unknown hash is tried in a child process.

        :param weights: path of the XML file.
        :raises DetectorError: if this OpenCV does not support cascades, or the file is not a
            cascade.
        """
        self.reason = f'with {shortened(weights)}'
        check_opencv()
        content = read_weights(weights, HOW_TO_GET)
        try:
            text = checked_cascade(content)
        except CascadeError as error:
            raise DetectorError(
                f'{shortened(weights)} is not a cascade for haar: {shortened(error)}; {HOW_TO_GET}'
            ) from error
        ensure_tried(self.name, weights, content, HOW_TO_GET)
        self._cascade = cv2.CascadeClassifier()
        try:
            # OpenCV parses the checked text in memory, and opens no file.
            mode = cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY
            storage = cv2.FileStorage(text, mode)
            readable = self._cascade.read(storage.getFirstTopLevelNode())
        except (cv2.error, SystemError):
            readable = False
        if not readable:
            raise DetectorError(
                f'OpenCV {cv2.__version__} cannot read {shortened(weights)} as a cascade; '
                f'{HOW_TO_GET}'
            )

    def detect(self, image: np.ndarray, min_score: float, min_size: float) -> list[FaceDetection]:
        """Detect faces; see Detector."""
        check_image(image)
        height, width = image.shape[:2]
        scale = min(1.0, WINDOW / max(min_size, 1))
        size = (max(1, round(scale * width)), max(1, round(scale * height)))
        found = self._find(image, size)
        return to_faces(found, height, width, min_score, min_size, self.eyes_estimated)

    def views(self, height: int, width: int, min_size: float) -> Views | None:
        """Divide an image into views; see ViewDetector."""
        scale = min(1.0, WINDOW / max(min_size, 1))
        largest = COARSE * WINDOW / scale
        shared = LONGEST_FACE * largest + 2 * PART_MARGIN / scale
        rows, columns = GRID
        across, down = piece(width, columns, shared), piece(height, rows, shared)
        if across < 2 * shared or down < 2 * shared:
            return None

        def scaled(factor: float, *sides: int) -> tuple[int, int]:
            wide, high = (round(factor * side) for side in sides)
            return wide, high

        parts = tuple(
            View(
                'part',
                (left, top, left + across, top + down),
                scaled(scale, across, down),
                0.0,
                largest,
                across * down / (width * height),
            )
            for top in spread(height, rows, down)
            for left in spread(width, columns, across)
        )
        coarse = View(
            'coarse',
            (0, 0, width, height),
            scaled(scale / COARSE, width, height),
            largest,
            math.inf,
            1 / COARSE**2,
        )
        return Views(coarse, parts)

    def look(self, image: np.ndarray, view: View, min_score: float) -> list[Candidate]:
        """Search a view; see ViewDetector."""
        found = self._find(view.crop(image), view.size)
        corner = np.array(view.region[:2])
        moved = Candidates(found.boxes + np.tile(corner, 2), found.scores, found.points + corner)
        return [*strongest(moved, min_score)]

    def _find(self, image: np.ndarray, size: tuple[int, int]) -> Candidates:
        """
        Run the cascade on a scaled image.

        :param image: (H, W, 3) uint8 BGR image.
        :param size: (width, height) of the scaled image in pixels, at most the size of the image.
        :return: the candidates in pixels of the image.
        """
        height, width = image.shape[:2]
        view = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        if size != (width, height):
            view = cv2.resize(view, size, interpolation=cv2.INTER_AREA)
        windows, _, weights = self._cascade.detectMultiScale3(
            cv2.equalizeHist(view),
            scaleFactor=SIZE_STEP,
            minNeighbors=LEAST_WINDOWS,
            minSize=(WINDOW, WINDOW),
            outputRejectLevels=True,
        )
        back = np.array([width / view.shape[1], height / view.shape[0]])
        corners = np.array(windows, np.float64).reshape(-1, 2, 2) * back
        eyes = corners[:, :1] + np.array([RIGHT_EYE, LEFT_EYE]) * corners[:, 1:]
        corners[:, 1] += corners[:, 0]
        return Candidates(corners.reshape(-1, 4), to_scores(np.ravel(weights)), eyes)


def to_scores(weights: np.ndarray) -> np.ndarray:
    """
    Estimate the probability that a window shows a face.

    :param weights: (N,) float, weights of the windows, which are sums of the cascade's last stage.
    :return: (N,) float64, probabilities, 0 to 1.
    """
    return probability((np.asarray(weights, np.float64) - WEIGHT_MIDDLE) / WEIGHT_WIDTH)


def check_opencv() -> None:
    """
    Check that this OpenCV supports cascades.

    :raises DetectorError: if this OpenCV does not support cascades.
    """
    if not hasattr(cv2, 'CascadeClassifier'):
        raise DetectorError(
            f'haar needs OpenCV 4, because OpenCV {cv2.__version__} has no CascadeClassifier; '
            "install it with: pip install 'opencv-python-headless<5'"
        )
