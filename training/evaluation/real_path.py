"""
Measure the accuracy on faces that the pipeline of the node detects and aligns in scenes.

The pictures of a data set are cropped by its authors, but the crops of a robot depend on its
detector.  Each picture is enlarged and put into a scene, and the pipeline detects, aligns and
classifies the face there.  The prediction is compared with that for the original picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from fer_ros.perception.boxes import overlaps
from fer_ros.perception.classification.classifier import Classifier
from fer_ros.perception.crops.alignment import align_face
from fer_ros.perception.crops.alignment import FER2013_CROP
from fer_ros.perception.detection.choice import Detector
from fer_ros.perception.pipeline import Pipeline
from fer_ros.perception.settings import Settings
from training.data.datasets import FER2013_SIDE
from training.data.progress_bar import progress_bar
from training.evaluation.bootstrap import Bootstrap
from training.evaluation.bootstrap import DRAWS
from training.evaluation.bootstrap import interval
from training.evaluation.scores import Scores

# Side of the scene, in pixels: a person at a few metres in an image of 640x480.
SCENE_SIDE = 480

# Side of the picture in the scene, in pixels.  The bounding box of a face has about five sixths of
# this side.
LEAST_PICTURE_SIDE, LARGEST_PICTURE_SIDE = 190, 240

# Width of the blended border, as a fraction of the side of the picture.
_FADE = 0.04

# Smallest intersection over union of a detection with the square of the picture to count as its
# face: about that of a centred box with 60 % of the side.
LEAST_OVERLAP = 0.3

# No temporal filter, because each scene has another person and is seen once.
SETTINGS = Settings(smoothing=0.0, hold=0.0, min_confidence=0.0)

# Largest number of times that a face is shown to the pipeline, and the interval between them [s].
_IMAGES = 4
_IMAGE_INTERVAL = 0.1


def scene_of(picture: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """
    Put a picture of a face into a larger scene with a blurred background.

    :param picture: (H, W) uint8, gray, or (H, W, 3) uint8 BGR; square.
    :param seed: seed of its size and position.
    :return: (480, 480, 3) uint8 BGR, and the (4,) box of the picture in it, in pixels.
    """
    generator = np.random.default_rng(seed)
    side = int(generator.integers(LEAST_PICTURE_SIDE, LARGEST_PICTURE_SIDE + 1))
    left, top = (int(place) for place in generator.integers(0, SCENE_SIDE - side + 1, 2))
    # Blurring the small picture gives the same result a hundred times faster.
    around = cv2.GaussianBlur(picture, (0, 0), picture.shape[0] / 10)
    scene = cv2.resize(around, (SCENE_SIDE, SCENE_SIDE), interpolation=cv2.INTER_CUBIC)
    large = cv2.resize(picture, (side, side), interpolation=cv2.INTER_CUBIC)
    opacity, rest = _opacity(side)
    place = scene[top:, left:][:side, :side]
    place[:] = cv2.blendLinear(large, np.ascontiguousarray(place), opacity, rest)
    box = np.array([left, top, left + side, top + side], np.float64)
    # Gray is converted to colour last, because all steps on gray take a third of the time.
    return cv2.cvtColor(scene, cv2.COLOR_GRAY2BGR) if picture.ndim == 2 else scene, box


@lru_cache(LARGEST_PICTURE_SIDE - LEAST_PICTURE_SIDE + 1)
def _opacity(side: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the opacity of a picture in each pixel of its square, and that of the background."""
    ramp = np.minimum(np.arange(side) + 0.5, side - 0.5 - np.arange(side)) / (_FADE * side)
    ramp = np.clip(ramp, 0, 1)
    opacity = np.minimum(ramp[:, None], ramp[None, :]).astype(np.float32)
    return opacity, 1 - opacity


@dataclass(frozen=True)
class FoundEyes:
    """
    Eyes that a detector found in the scenes of pictures.

    :param eyes: (N, 2, 2) float32, pixels of the scene, the person's right eye first; NaN if the
        face
        was not found.
    :param least_distance: (N,) float32, `least_eye_distance` for `align_face`, in pixels.
    """

    eyes: np.ndarray
    least_distance: np.ndarray

    @property
    def where(self) -> np.ndarray:
        """Return the (M,) indices of the pictures whose faces were found."""
        return np.flatnonzero(np.isfinite(self.eyes).all(axis=(1, 2)))


def find_eyes(detector: Detector, pictures: np.ndarray, seed: int = 0) -> FoundEyes:
    """
    Put pictures into scenes, and detect their faces.

    :param detector: detector that runs once on each scene.
    :param pictures: (N, H, W) uint8, square.
    :param seed: seed of sizes and positions, as in `measure_real_path`.
    :return: the eyes.
    """
    count = len(pictures)
    eyes = np.full((count, 2, 2), np.nan, np.float32)
    least = np.zeros(count, np.float32)
    with progress_bar('detecting faces', count, 'scenes') as progress:
        for index, picture in enumerate(pictures):
            scene, box = scene_of(picture, seed * count + index)
            faces = detector.detect(scene, SETTINGS.min_face_score, SETTINGS.min_face_size)
            best = best_overlap(box, [face.box for face in faces])
            if best is not None:
                eyes[index] = faces[best].eyes
                least[index] = detector.least_eye_distance * faces[best].height
            progress.update(1)
    return FoundEyes(eyes, least)


def best_overlap(box: np.ndarray, boxes: Sequence[Sequence[float]]) -> int | None:
    """
    Find the detection that belongs to a box.

    :param box: (4,) position of the face, in pixels.
    :param boxes: boxes of the detections.
    :return: index of the detection with the largest overlap, or None if no overlap reaches
        `LEAST_OVERLAP`.
    """
    if not len(boxes):
        return None
    shared = overlaps(box[None], np.array(boxes))[0]
    best = int(shared.argmax())
    return best if shared[best] >= LEAST_OVERLAP else None


def crops_of_scenes(
    pictures: np.ndarray, found: FoundEyes, side: int = FER2013_SIDE, seed: int = 0
) -> np.ndarray:
    """
    Crop the faces from the scenes of pictures.

    :param pictures: (N, H, W) uint8, the pictures given to `find_eyes`.
    :param found: eyes that `find_eyes` returned for the same seed.
    :param side: side of the crops, in pixels.
    :param seed: seed of sizes and positions.
    :return: (M, side, side) uint8, crops of the pictures in `found.where`.
    """
    crops = np.empty((len(found.where), side, side), np.uint8)
    for crop, index in zip(crops, found.where, strict=True):
        scene, _ = scene_of(pictures[index], seed * len(pictures) + int(index))
        crop[:] = align_face(
            np.ascontiguousarray(scene[:, :, 0]),
            found.eyes[index],
            FER2013_CROP,
            side,
            side,
            float(found.least_distance[index]),
        )
    return crops


def see(pipeline: Pipeline, scene: np.ndarray, box: np.ndarray, name: str) -> np.ndarray | None:
    """
    Detect and classify a face in a scene with the pipeline.

    :param pipeline: pipeline with the network.
    :param scene: (H, W, 3) uint8 BGR.
    :param box: (4,) position of the face, in pixels.
    :param name: name of the scene, different from the name of the last one.
    :return: (labels,) float64 probabilities, or None if no face was found in the scene.
    """
    # The pipeline accepts a weak detection only when it repeats, as with a camera.
    for image in range(_IMAGES):
        stamp = image * _IMAGE_INTERVAL
        faces = pipeline.process(scene, stamp, SETTINGS, scene=name).faces
        if faces:
            break
    else:
        return None
    best = best_overlap(box, [face.box for face in faces])
    return None if best is None else faces[best].probabilities


def measure_real_path(
    scores: Scores, classifier: Classifier, detector: Detector, seed: int = 0, draws: int = DRAWS
) -> dict[str, Any]:
    """
    Compare predictions for the pictures with predictions for the same faces in scenes.

    :param scores: scores of the original pictures.
    :param classifier: classifier of these scores.
    :param detector: detector for the scenes.
    :param seed: seed of sizes and positions.
    :param draws: number of samples of the bootstrap.
    :return: values that JSON can store: the number 'found' of 'pictures'; for found faces
        'accuracy_as_crops', 'accuracy_in_scenes' and their difference 'loss'; for other faces
        'accuracy_not_found_as_crops'.
    """
    kept = scores.take(scores.truth >= 0)
    pipeline = Pipeline(detector, classifier)
    said = np.full(len(kept.truth), -1)
    with progress_bar('processing scenes', len(said), 'scenes') as progress:
        for index, picture in enumerate(kept.data.images):
            scene, box = scene_of(picture, seed * len(said) + index)
            probabilities = see(pipeline, scene, box, str(index))
            if probabilities is not None:
                said[index] = probabilities.argmax()
            progress.update(1)
    found = said >= 0
    as_crops = kept.probabilities.argmax(axis=1) == kept.truth
    in_scenes = said == kept.truth
    report: dict[str, Any] = {
        'pictures': len(found),
        'found': int(found.sum()),
        'detector': detector.name,
        'scene': f'{SCENE_SIDE}x{SCENE_SIDE}, picture {LEAST_PICTURE_SIDE} to '
        f'{LARGEST_PICTURE_SIDE} pixels',
    }
    if found.any():
        bootstrap = Bootstrap(int(found.sum()), draws)
        lost = as_crops[found].astype(float) - in_scenes[found]
        report |= {
            'accuracy_as_crops': float(as_crops[found].mean()),
            'accuracy_in_scenes': float(in_scenes[found].mean()),
            'loss': float(lost.mean()),
            'ci95': {
                'accuracy_as_crops': interval(bootstrap.means(as_crops[found])),
                'accuracy_in_scenes': interval(bootstrap.means(in_scenes[found])),
                'loss': interval(bootstrap.means(lost)),
            },
        }
    if not found.all():
        report['accuracy_not_found_as_crops'] = float(as_crops[~found].mean())
    return report
