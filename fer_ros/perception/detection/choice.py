"""The interface of a detector, and the selection of a detector."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

import numpy as np

from fer_ros.perception.detection import blazeface
from fer_ros.perception.detection import haar
from fer_ros.perception.detection import yunet
from fer_ros.perception.detection.blazeface import BlazeFaceDetector
from fer_ros.perception.detection.candidates import DetectorError as DetectorError
from fer_ros.perception.detection.haar import HaarDetector
from fer_ros.perception.detection.yunet import YuNetDetector
from fer_ros.perception.faces import FaceDetection
from fer_ros.perception.quoting import quoted
from fer_ros.perception.quoting import shortened
from fer_ros.perception.registry import DETECTORS


class Detector(Protocol):
    """
    A face detector.

    The scores of all detectors are estimated probabilities of a face, so the same threshold is
    valid for all of them. Only one thread at a time may use a detector.
    """

    # The value of the parameter `detector` for this detector.
    name: str
    # A text for the log: the weights in use, and why no better detector was selected.
    reason: str
    # If the distance of the eyes is less than this fraction of the box's height, the head is
    # turned to the side.
    least_eye_distance: float

    def detect(self, image: np.ndarray, min_score: float, min_size: float) -> list[FaceDetection]:
        """
        Detect the faces in an image.

        :param image: (H, W, 3) uint8, BGR, of any size.
        :param min_score: minimum score of a face, 0 to 1.
        :param min_size: minimum length of the shorter side of a face's box, in pixels of the
            image. A larger value makes detection faster.
        :return: the faces, best first, with boxes inside the image.
        :raises ValueError: if the image has another shape or element type, or is empty.
        """
        ...


def create_detector(name: str, weights: str = '') -> Detector:
    """
    Load a detector.

    :param name: 'yunet', 'blazeface', 'haar' or 'auto'. With weights, 'auto' selects the detector
        by the suffix of the weights. Without weights, 'auto' selects the first detector that can
        run here.
    :param weights: path of the detector's weights; empty to search for them.
    :return: the detector; its `reason` explains the selection by 'auto'.
    :raises DetectorError: if the detector cannot run. The message states what is missing and how
        to get it.
    """
    if name != 'auto' and name not in DETECTORS:
        raise DetectorError(
            f'there is no detector {quoted(name)}; choose one of: auto, {", ".join(DETECTORS)}'
        )
    if weights:
        try:
            path = Path(weights).expanduser()
        except RuntimeError as error:  # '~' of an unknown user
            raise DetectorError(
                f'cannot read the weights {shortened(weights)}: {error}'
            ) from error
        return _load(name if name != 'auto' else _whose(path), path)
    if name != 'auto':
        return _load(name)
    refusals: list[str] = []
    for candidate in DETECTORS:
        try:
            detector = _load(candidate)
        except DetectorError as error:
            refusals.append(str(error))
            continue
        detector.reason = '; '.join([detector.reason, *refusals])
        return detector
    raise DetectorError(f'no detector can run on this machine: {"; ".join(refusals)}')


def _whose(weights: Path) -> str:
    """Return the name of the detector for weights, by the suffix of the file name."""
    for name, suffix in DETECTORS.items():
        if weights.suffix.lower() == suffix:
            return name
    kinds = ', '.join(f'{suffix} for {name}' for name, suffix in DETECTORS.items())
    raise DetectorError(f'the suffix of {shortened(weights)} belongs to no detector; use {kinds}')


def make_detector(name: str, weights: Path) -> Detector:
    """
    Load a detector with the weights in a file. The suffix of the file is ignored.

    :param name: name of the detector, a key of DETECTORS.
    :param weights: path of the weights.
    :return: the detector.
    :raises DetectorError: if the detector cannot run, or the file has no weights for it.
    """
    if name == 'yunet':
        return YuNetDetector(weights)
    if name == 'blazeface':
        return BlazeFaceDetector(weights)
    return HaarDetector(weights)


def _load(name: str, weights: Path | None = None) -> Detector:
    """
    Load a detector by its name.

    :param name: name of the detector, a key of DETECTORS.
    :param weights: path of the weights; None to search for them.
    :return: the detector.
    :raises DetectorError: if the detector cannot run.
    """
    if name == 'yunet':
        check, find = yunet.check_engines, yunet.find_weights
    elif name == 'blazeface':
        check, find = blazeface.find_interpreter, blazeface.find_weights
    else:
        check, find = haar.check_opencv, haar.find_weights
    # Check the engine first, because weights are useless without it.
    check()
    if weights is None:
        return make_detector(name, find())
    if weights.suffix.lower() != DETECTORS[name]:
        raise DetectorError(
            f'{name} reads weights with the suffix {DETECTORS[name]}, but detector_model is '
            f'{shortened(weights)}; set detector to auto or {_whose(weights)}, or set other '
            'weights'
        )
    if not os.path.lexists(weights):
        raise DetectorError(
            f'there are no weights at {shortened(weights)}; set detector_model to an empty path '
            'to search for weights'
        )
    return make_detector(name, weights)
