"""From an image to the faces in it: what a detector is, and which one is taken."""

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
    Finds the faces in an image.

    The scores of all detectors are on one scale, the probability of a face as each can tell it, so
    that one threshold serves them.  One thread at a time may use a detector.
    """

    # As in the parameter `detector`.
    name: str
    # Which weights it has, and why no better detector was taken, for the log.
    reason: str
    # Eyes that are less than this share of their box's height apart belong to a head turned aside.
    least_eye_distance: float

    def detect(self, image: np.ndarray, min_score: float, min_size: float) -> list[FaceDetection]:
        """
        Find the faces in an image.

        :param image: (H, W, 3) uint8, BGR, of any size.
        :param min_score: less certain faces are left out, 0 to 1.
        :param min_size: faces whose box has a shorter side below this are left out, in pixels of
            the image.  The larger it is, the less work there is.
        :return: the faces, best first, their boxes inside the image.
        :raises ValueError: if the image is gray, empty, or not of bytes.
        """
        ...



def create_detector(name: str, weights: str = '') -> Detector:
    """
    Load a detector.

    :param name: 'yunet', 'blazeface', 'haar', or 'auto': the one that the weights are for, or
        without weights the first of those that can run here.
    :param weights: path of the detector's weights; empty: searched.
    :return: the detector; its `reason` tells what 'auto' decided.
    :raises DetectorError: if it cannot run; the message tells what is missing and how to get it.
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
    """Name the detector that weights are for, by the suffix of their file's name."""
    for name, suffix in DETECTORS.items():
        if weights.suffix.lower() == suffix:
            return name
    kinds = ', '.join(f'{suffix} for {name}' for name, suffix in DETECTORS.items())
    raise DetectorError(f'the suffix of {shortened(weights)} belongs to no detector; use {kinds}')


def make_detector(name: str, weights: Path) -> Detector:
    """
    Load a detector from a file, whatever its suffix.

    :param name: one of DETECTORS.
    :param weights: path of its weights.
    :return: the detector.
    :raises DetectorError: if it cannot run, or the file is not one of its weights.
    """
    if name == 'yunet':
        return YuNetDetector(weights)
    if name == 'blazeface':
        return BlazeFaceDetector(weights)
    return HaarDetector(weights)


def _load(name: str, weights: Path | None = None) -> Detector:
    """
    Load the detector of a name.

    :param name: one of DETECTORS.
    :param weights: path of its weights; None: searched.
    :return: the detector.
    :raises DetectorError: if it cannot run.
    """
    if name == 'yunet':
        check, find = yunet.check_engines, yunet.find_weights
    elif name == 'blazeface':
        check, find = blazeface.find_interpreter, blazeface.find_weights
    else:
        check, find = haar.check_opencv, haar.find_weights
    # The engine first: without it, no weights help.
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
