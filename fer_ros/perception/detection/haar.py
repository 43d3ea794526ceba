"""
Haar cascade: the classic detector of OpenCV 4, for machines that have nothing else.

Viola and Jones, Rapid Object Detection using a Boosted Cascade of Simple Features, 2001.  It sees
upright frontal faces alone, and no points in them.
"""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np

from fer_ros.perception.detection.candidates import Candidates
from fer_ros.perception.detection.candidates import check_image
from fer_ros.perception.detection.candidates import DetectorError
from fer_ros.perception.detection.candidates import probability
from fer_ros.perception.detection.candidates import to_faces
from fer_ros.perception.detection.cascade import CascadeError
from fer_ros.perception.detection.cascade import checked_cascade
from fer_ros.perception.detection.weights import ensure_tried
from fer_ros.perception.detection.weights import read_weights
from fer_ros.perception.faces import FaceDetection
from fer_ros.perception.models.model_files import find_model_file
from fer_ros.perception.quoting import shortened

WEIGHTS = 'haarcascade_frontalface_default.xml'
HOW_TO_GET = f'get {WEIGHTS} with: apt install opencv-data'

# Where Debian's and Ubuntu's opencv-data puts the cascades.
SYSTEM_FOLDERS = (Path('/usr/share/opencv4/haarcascades'), Path('/usr/share/opencv/haarcascades'))

# The cascade's own window; it cannot see smaller faces.
WINDOW = 24
# From one size of window to the next.  Steps of 1.05 take twice the time and find more that is no
# face; steps of 1.2 miss more faces.
SIZE_STEP = 1.1
# How many windows have to agree on a face.
LEAST_WINDOWS = 3

# A window's weight is the sum of the cascade's last stage.  A logistic curve makes it the
# probability of a face; its middle and width are the most likely ones for the 322 windows that the
# cascade reports in 95 random cuts of the photographs of the tests and in 24 pictures of the
# scikit-image wheel without a person.  At 0.6, 194 of the 222 that show a face pass, and 20 of the
# 100 others.
WEIGHT_MIDDLE = 3.30
WEIGHT_WIDTH = 1.29

# As fractions of the box: medians over 42 faces of dlib's examples, each eye the mean of its six
# landmarks (36 to 41 and 42 to 47), made symmetric; the cascade's boxes lie 0.016 to the left.
RIGHT_EYE = (0.323, 0.387)
LEFT_EYE = (0.677, 0.387)


def find_weights() -> Path:
    """
    Find the cascade in the folders of models, in OpenCV's own or where apt puts it.

    :return: the path of the XML file.
    :raises DetectorError: if it is in none of them.
    """
    own = getattr(getattr(cv2, 'data', None), 'haarcascades', None)
    folders = [*([Path(own)] if own else []), *SYSTEM_FOLDERS]
    places = [find_model_file(WEIGHTS), *(folder / WEIGHTS for folder in folders)]
    path = next((place for place in places if place and os.path.isfile(place)), None)
    if path is None:
        raise DetectorError(f'there is no cascade for haar; {HOW_TO_GET}')
    return path


class HaarDetector:
    """Finds faces with cv2.CascadeClassifier, and places the eyes where they mostly are."""

    name = 'haar'
    # The eyes are placed by the box, so a turned head does not bring them together.
    least_eye_distance = 0.0

    def __init__(self, weights: Path) -> None:
        """
        Load the cascade; one whose hash is not known is checked and tried first.

        :param weights: path of the XML file.
        :raises DetectorError: if this OpenCV has no cascades, or the file is not one.
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
            # OpenCV's parser sees checked numbers only, and no other file.
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
        """Find faces; see Detector."""
        check_image(image)
        height, width = image.shape[:2]
        view = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        scale = min(1.0, WINDOW / max(min_size, 1))
        if scale < 1:
            size = (max(1, round(scale * width)), max(1, round(scale * height)))
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
        found = Candidates(corners.reshape(-1, 4), to_scores(np.ravel(weights)), eyes)
        return to_faces(found, height, width, min_score, min_size, eyes_estimated=True)


def to_scores(weights: np.ndarray) -> np.ndarray:
    """
    Estimate the probability that a window shows a face.

    :param weights: (N,) float, of the cascade's last stage.
    :return: (N,) float64, 0 to 1.
    """
    return probability((np.asarray(weights, np.float64) - WEIGHT_MIDDLE) / WEIGHT_WIDTH)


def check_opencv() -> None:
    """
    See if this OpenCV has cascades.

    :raises DetectorError: if not.
    """
    if not hasattr(cv2, 'CascadeClassifier'):
        raise DetectorError(
            f'haar needs OpenCV 4, because OpenCV {cv2.__version__} has no CascadeClassifier; '
            "install it with: pip install 'opencv-python-headless<5'"
        )
