"""The two networks' own arithmetic, without anything of the package around it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fer_ros.perception.backends.litert import import_interpreter
from fer_ros.perception.crops.alignment import align_face
from fer_ros.perception.crops.preprocessing import to_network_input
from fer_ros.perception.detection import yunet
from fer_ros.perception.detection import yunet_litert
from fer_ros.perception.detection.candidates import SAME_FACE
from fer_ros.perception.detection.choice import Detector
from fer_ros.perception.detection.yunet_litert import MOST_CANDIDATES
from fer_ros.perception.models.bundle import ModelCard
from fer_ros.perception.settings import Settings

# Of LiteRT's interpreter, as the package's back end has it.
THREADS = 1


def bare_detector(
    weights: Path, images: list[np.ndarray], settings: Settings, scaled: bool = True
) -> Callable[[int], Any]:
    """
    Prepare OpenCV's own class of YuNet, and the images scaled as the package scales them.

    :param weights: of YuNet.
    :param images: each (H, W, 3) uint8 BGR, all of one size.
    :param settings: with the score and the size of the faces that are wanted.
    :param scaled: or the images as the camera gives them, which is what most callers do.
    :return: looks for faces in the image of a number, from which it is counted round.
    """
    views = [_view(image, settings) if scaled else image for image in images]
    height, width = views[0].shape[:2]
    network = cv2.FaceDetectorYN.create(
        str(weights), '', (width, height), settings.min_face_score, SAME_FACE, MOST_CANDIDATES
    )
    return lambda index: network.detect(views[index % len(views)])


def bare_kernels(weights: Path, image: np.ndarray, settings: Settings) -> Callable[[], Any]:
    """
    Prepare YuNet on LiteRT as the package runs it, with its input in place.

    :param weights: of YuNet.
    :param image: (H, W, 3) uint8 BGR.
    :param settings: with the size of the faces that are wanted.
    :return: runs the network on that image; nothing reads its answer.
    """
    network = yunet_litert.LiteRtYuNet(weights.read_bytes(), import_interpreter())
    network.find(_view(image, settings), settings.min_face_score)
    return network.interpreter.invoke


def _view(image: np.ndarray, settings: Settings) -> np.ndarray:
    """Scale an image as the package does for the detector."""
    height, width = image.shape[:2]
    scale = yunet.view_scale(height, width, settings.min_face_size)
    size = (round(scale * width), round(scale * height))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def bare_network(path: Path, batch: np.ndarray) -> Callable[[], Any]:
    """
    Prepare LiteRT's own interpreter, with its input in place.

    :param path: of the .tflite file.
    :param batch: (N, height, width, channels) float32.
    :return: runs the network on that batch.
    """
    interpreter = import_interpreter()(model_path=str(path), num_threads=THREADS)
    entry = interpreter.get_input_details()[0]['index']
    interpreter.resize_tensor_input(entry, batch.shape, strict=False)
    interpreter.allocate_tensors()
    interpreter.set_tensor(entry, batch)
    return interpreter.invoke


def faces_for(
    card: ModelCard, detector: Detector, images: list[np.ndarray], faces: int, settings: Settings
) -> np.ndarray:
    """
    Cut faces out of images as the package does.

    :param card: of the model that they are for.
    :param detector: that finds them.
    :param images: each (H, W, 3) uint8 BGR.
    :param faces: how many are wanted.
    :param settings: with the score and the size of the faces that are wanted.
    :return: (faces, height, width, channels) float32, what the network reads.
    :raises ValueError: if there is no face in the images.
    """
    crops = []
    for image in images:
        found = detector.detect(image, settings.min_face_score, settings.min_face_size)
        crops += [
            align_face(
                image,
                face.eyes,
                card.crop,
                card.input.height,
                card.input.width,
                detector.least_eye_distance * face.height,
            )
            for face in found
        ]
        if len(crops) >= faces:
            return to_network_input(crops[:faces], card.input)
    raise ValueError(f'{len(images)} images show {len(crops)} faces, not {faces}')
