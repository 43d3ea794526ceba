"""Read the weights of detectors, and try unknown weights in a child process."""

from __future__ import annotations

from pathlib import Path

from fer_ros.perception.detection.candidates import DetectorError
from fer_ros.perception.files import FileError
from fer_ros.perception.files import LARGEST_WEIGHTS
from fer_ros.perception.files import read_file
from fer_ros.perception.files import sha256_of_bytes
from fer_ros.perception.models.known_files import accept
from fer_ros.perception.models.known_files import is_known
from fer_ros.perception.models.trial import run_trial
from fer_ros.perception.models.trial import TrialError
from fer_ros.perception.quoting import shortened


def read_weights(weights: Path, remedy: str) -> bytes:
    """
    Read the file with a detector's weights.

    :param weights: path of the weights file.
    :param remedy: how to get a good file, for the error message.
    :return: the content of the file.
    :raises DetectorError: if the file cannot be read, is not regular, or is too large.
    """
    try:
        return read_file(Path(weights), LARGEST_WEIGHTS)
    except FileError as error:
        raise DetectorError(f'{error}; {remedy}') from error


def ensure_tried(detector: str, weights: Path, content: bytes, remedy: str) -> None:
    """
    Run a detector with unknown weights in a child process.

    Weights that have passed their trial in this process are not tried again.

    :param detector: name of the detector.
    :param weights: path of the file, for the error message.
    :param content: content of the weights file.
    :param remedy: how to get a good file, for the error message.
    :raises DetectorError: if the trial fails.
    """
    sha256 = sha256_of_bytes(content)
    if is_known(sha256, detector):
        return
    try:
        run_trial({'engine': detector}, content)
    except TrialError as error:
        reason = str(error)
        reason += '' if remedy in reason else f'; {remedy}'
        raise DetectorError(
            f'{shortened(weights)} failed its trial for {detector}: {reason}'
        ) from error
    accept(sha256, detector)
