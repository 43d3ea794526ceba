"""
Process a video with another package for `benchmark recordings`, in an environment of its own.

This module imports nothing of this project. It prints one JSON object: the seconds for all frames,
without loading, and the number of frames and faces.
"""

from __future__ import annotations

from collections.abc import Callable
import json
import os
import sys
import time
from typing import Any

import cv2
import numpy as np


def fer_with_mtcnn() -> Callable[[np.ndarray], int]:
    """Load PyPI's `fer` with MTCNN; return a function that counts the faces of an image."""
    # PyTorch must be imported before TensorFlow. If TensorFlow is imported first, the process
    # crashes in MTCNN.
    import facenet_pytorch

    assert facenet_pytorch
    from fer import fer

    found = fer.FER(mtcnn=True)
    return lambda image: len(found.detect_emotions(image))


def deepface() -> Callable[[np.ndarray], int]:
    """
    Load deepface with its default detector and random weights of its network.

    The speed does not depend on the weights, which deepface would download.
    """
    from deepface import DeepFace
    from deepface.commons import weight_utils

    def keep(model: Any, *_: Any, **__: Any) -> Any:
        return model

    weight_utils.load_model_weights = keep
    weight_utils.download_weights_if_necessary = lambda *_, **__: ''

    def count(image: np.ndarray) -> int:
        return len(DeepFace.analyze(image, actions=['emotion'], enforce_detection=False))

    return count


WAYS = {'fer': fer_with_mtcnn, 'deepface': deepface}


def main(way: str, path: str, frames: int) -> dict[str, Any]:
    """
    Process the first frames of a video.

    :param way: a key of WAYS.
    :param path: path of the video.
    :param frames: number of frames to measure, after two that warm up.
    """
    count = WAYS[way]()
    capture = cv2.VideoCapture(path)
    faces, begin = 0, 0.0
    for number in range(frames + 2):
        if number == 2:
            begin = time.perf_counter()
        image = capture.read()[1]
        faces += count(image)
    return {'seconds': time.perf_counter() - begin, 'frames': frames, 'faces': faces}


if __name__ == '__main__':
    # The libraries print on the standard output, too.
    answer = os.fdopen(os.dup(1), 'w')
    os.dup2(2, 1)
    print(json.dumps(main(sys.argv[1], sys.argv[2], int(sys.argv[3]))), file=answer)
