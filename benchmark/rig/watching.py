"""Process a video with the pipeline, like the node would."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
import time

import cv2
import numpy as np

from benchmark.rig.options import add_backend_option
from benchmark.rig.options import add_model_option
from fer_ros.perception.backends import create_backend
from fer_ros.perception.classification.classifier import Classifier
from fer_ros.perception.detection.choice import create_detector
from fer_ros.perception.detection.choice import Detector
from fer_ros.perception.faces import Face
from fer_ros.perception.faces import FaceDetection
from fer_ros.perception.models.bundle import find_bundle
from fer_ros.perception.models.bundle import load_card
from fer_ros.perception.pipeline import Pipeline
from fer_ros.perception.settings import Settings


def add_watching_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options for the videos and the models."""
    defaults = Settings()
    parser.add_argument('videos', nargs='+', type=Path, metavar='VIDEO', help='video files')
    add_model_option(parser)
    add_backend_option(parser)
    parser.add_argument(
        '--detector', default=defaults.detector, help='face detector (default: %(default)s)'
    )
    parser.add_argument(
        '--detector-model',
        default='',
        help='path of the detector weights (default: search the folders of models)',
    )


def load_models(arguments: argparse.Namespace) -> tuple[Detector, Classifier]:
    """
    Load the detector and the classifier selected on the command line.

    :raises DetectorError: if the detector cannot run.
    :raises BundleError: if the model is missing or broken.
    :raises BackendError: if the back end cannot run the model.
    """
    card = load_card(find_bundle(arguments.model))
    backend = create_backend(arguments.backend, card, 'auto', 0)
    detector = create_detector(arguments.detector, arguments.detector_model)
    return detector, Classifier(card, backend)


def images_of(video: Path) -> Iterator[tuple[float, np.ndarray]]:
    """
    Iterate over the frames of a video.

    :param video: path of the video file.
    :return: for each frame, the time in seconds and the image, (H, W, 3) uint8, BGR.
    :raises ValueError: if OpenCV cannot read the video.
    """
    capture = cv2.VideoCapture(str(video))
    rate = capture.get(cv2.CAP_PROP_FPS)
    if not capture.isOpened() or not rate > 0:
        raise ValueError(f'OpenCV cannot read {video} as a video')
    number = 0
    while True:
        there, image = capture.read()
        if not there:
            return
        yield number / rate, image
        number += 1


@dataclass
class Watched:
    """
    The pipeline results of a video.

    :param times: times of the frames, in seconds.
    :param faces: faces in each frame.
    :param seconds: processing times of the stages 'detect' and 'classify' for each frame.
    """

    times: list[float] = field(default_factory=list)
    faces: list[list[Face]] = field(default_factory=list)
    seconds: dict[str, list[float]] = field(default_factory=dict)

    @contextmanager
    def measured(self, stage: str) -> Iterator[None]:
        """Measure the duration of the `with` block as a stage."""
        began = time.perf_counter()
        yield
        self.seconds.setdefault(stage, []).append(time.perf_counter() - began)

    def mean_ms(self, stage: str) -> float:
        """Return the mean time of a stage per frame, in milliseconds."""
        return 1000 * float(np.mean(self.seconds[stage])) if self.seconds else 0.0


def watch(video: Path, detector: Detector, classifier: Classifier, settings: Settings) -> Watched:
    """
    Process every frame of a video with the pipeline.

    :param video: path of the video file.
    :param detector: face detector.
    :param classifier: emotion classifier.
    :param settings: settings of the pipeline.
    :raises ValueError: if OpenCV cannot read the video.
    """
    pipeline, watched = Pipeline(detector, classifier), Watched()
    for stamp, image in images_of(video):
        watched.times.append(stamp)
        result = pipeline.process(image, stamp, settings, watched.measured)
        watched.faces.append(list(result.faces))
    return watched


class CountingDetector:
    """A detector that counts its calls and caches the detections of the last image."""

    def __init__(self, detector: Detector) -> None:
        """
        Wrap a detector.

        :param detector: face detector to call.
        """
        self.name, self.reason = detector.name, detector.reason
        self.least_eye_distance = detector.least_eye_distance
        self.searches = 0
        self._detector = detector
        self._last: tuple[np.ndarray, list[FaceDetection]] | None = None

    def detect(self, image: np.ndarray, min_score: float, min_size: float) -> list[FaceDetection]:
        """Detect faces; see Detector."""
        if self._last is None or self._last[0] is not image:
            self.searches += 1
            self._last = image, self._detector.detect(image, min_score, min_size)
        return self._last[1]
