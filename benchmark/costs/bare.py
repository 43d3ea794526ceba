"""Run the two networks alone, without the code of the package around them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fer_ros.perception.backends.litert import import_interpreter
from fer_ros.perception.crops.alignment import align_face
from fer_ros.perception.crops.preprocessing import to_network_input
from fer_ros.perception.detection import yunet_litert
from fer_ros.perception.detection import yunet_views
from fer_ros.perception.detection.candidates import SAME_FACE
from fer_ros.perception.detection.choice import Detector
from fer_ros.perception.detection.yunet import YuNetDetector
from fer_ros.perception.detection.yunet_litert import NMS_TOP_K
from fer_ros.perception.models.bundle import ModelCard
from fer_ros.perception.settings import Settings

# Threads of the LiteRT interpreter, as in the back end of the package.
THREADS = 1


def bare_detector(
    weights: Path, images: list[np.ndarray], settings: Settings, scaled: bool = True
) -> Callable[[int], Any]:
    """
    Prepare OpenCV's YuNet class and its input images.

    :param weights: path of the YuNet weights.
    :param images: images, each (H, W, 3) uint8, BGR, all of the same size.
    :param settings: settings with the minimum score and size of a face.
    :param scaled: whether the images are scaled like in the package. False uses the camera images
        unscaled, as most applications do.
    :return: function that detects faces in the image with a given number. Numbers beyond the last
        image wrap around.
    """
    views = [_view(image, settings) if scaled else image for image in images]
    height, width = views[0].shape[:2]
    network = cv2.FaceDetectorYN.create(
        str(weights), '', (width, height), settings.min_face_score, SAME_FACE, NMS_TOP_K
    )
    return lambda index: network.detect(views[index % len(views)])


def bare_kernels(weights: Path, image: np.ndarray, settings: Settings) -> Callable[[], Any]:
    """
    Prepare YuNet on LiteRT like the package calls it, with its input already set.

    The views are those of a frame in a stream: the coarse view, one part, and one view around each
    known face. If the package searches the whole image in every frame, that is the only view.

    :param weights: path of the YuNet weights.
    :param image: (H, W, 3) uint8 BGR image.
    :param settings: settings with the minimum size of a face.
    :return: function that runs the network on each view. The outputs are not read.
    """
    height, width = image.shape[:2]
    known = YuNetDetector(weights).detect(image, settings.min_face_score, settings.min_face_size)
    views = yunet_views.views_of(height, width, settings.min_face_size)
    near = [
        yunet_views.near_view(face.box, height, width, settings.min_face_size) for face in known
    ]
    if views is None or views.coarse.cost + views.parts[0].cost + sum(v.cost for v in near) > 1:
        shown = [_view(image, settings)]
    else:
        shown = [
            cv2.resize(view.crop(image), view.size, interpolation=cv2.INTER_AREA)
            for view in (views.coarse, views.parts[0], *near)
        ]
    runs = []
    for view in shown:
        network = yunet_litert.LiteRtYuNet(weights.read_bytes(), import_interpreter())
        network.find(view, settings.min_face_score)
        runs.append(network.interpreter.invoke)
    return lambda: [run() for run in runs]


def _view(image: np.ndarray, settings: Settings) -> np.ndarray:
    """Scale an image for the detector like the package does."""
    height, width = image.shape[:2]
    scale = yunet_views.view_scale(height, width, settings.min_face_size)
    size = (round(scale * width), round(scale * height))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def bare_network(path: Path, batch: np.ndarray) -> Callable[[], Any]:
    """
    Prepare a LiteRT interpreter whose input is already set.

    :param path: path of the .tflite file.
    :param batch: (N, height, width, channels) float32 input of the network.
    :return: function that runs the network on the batch.
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
    Crop faces from images like the package does.

    :param card: card of the model that classifies the crops.
    :param detector: face detector.
    :param images: images, each (H, W, 3) uint8, BGR.
    :param faces: number of faces to crop.
    :param settings: settings with the minimum score and size of a face.
    :return: (faces, height, width, channels) float32, the input of the network.
    :raises ValueError: if the images contain fewer faces.
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
    raise ValueError(f'{len(images)} images show {len(crops)} faces, but must show {faces}')
