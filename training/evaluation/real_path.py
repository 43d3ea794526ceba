"""
What the way from a camera's picture to a crop costs: enlarge, detect, align, classify.

A data set's crops are cut by its own hands; a robot's are cut by its detector.  Each picture is
enlarged into a scene, the node's own pipeline finds the face in it again, and what it says then is
compared with what the network says of the picture itself.
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

# Of the scene, in pixels: a person at a few metres in a picture of 640x480.
SCENE_SIDE = 480

# Of the picture in the scene, in pixels.  The box of a face is about five sixths of it.
LEAST_PICTURE_SIDE, LARGEST_PICTURE_SIDE = 190, 240

# Across this share of its side the picture fades into what is around it.
_FADE = 0.04

# A box must share this much with the picture's square, by intersection over union, to be its face:
# a third is a box of 60 % of its side.
LEAST_OVERLAP = 0.3

# No filter over time: each scene is somebody else, and seen once.
SETTINGS = Settings(smoothing=0.0, hold=0.0, min_confidence=0.0)

# A face that stands still is looked at so often at most, at so many seconds' distance.
_IMAGES = 4
_IMAGE_INTERVAL = 0.1

# Between two scenes, in seconds: by then everybody is forgotten.
_PAUSE = 1000.0


def scene_of(picture: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """
    Put a picture of a face into a larger scene: blurred, as what is behind a person is.

    :param picture: (H, W) uint8, gray, or (H, W, 3) uint8 BGR; square.
    :param seed: of its size and place.
    :return: (480, 480, 3) uint8 BGR, and the (4,) box of the picture in it, in pixels.
    """
    generator = np.random.default_rng(seed)
    side = int(generator.integers(LEAST_PICTURE_SIDE, LARGEST_PICTURE_SIDE + 1))
    left, top = (int(place) for place in generator.integers(0, SCENE_SIDE - side + 1, 2))
    # Blurred while it is small, which is the same and a hundred times faster.
    around = cv2.GaussianBlur(picture, (0, 0), picture.shape[0] / 10)
    scene = cv2.resize(around, (SCENE_SIDE, SCENE_SIDE), interpolation=cv2.INTER_CUBIC)
    large = cv2.resize(picture, (side, side), interpolation=cv2.INTER_CUBIC)
    opacity, rest = _opacity(side)
    place = scene[top:, left:][:side, :side]
    place[:] = cv2.blendLinear(large, np.ascontiguousarray(place), opacity, rest)
    box = np.array([left, top, left + side, top + side], np.float64)
    # Gray is coloured at the end: everything before costs a third then.
    return cv2.cvtColor(scene, cv2.COLOR_GRAY2BGR) if picture.ndim == 2 else scene, box


@lru_cache(LARGEST_PICTURE_SIDE - LEAST_PICTURE_SIDE + 1)
def _opacity(side: int) -> tuple[np.ndarray, np.ndarray]:
    """Give the share of a picture in each pixel of its square, and that of what is around it."""
    ramp = np.minimum(np.arange(side) + 0.5, side - 0.5 - np.arange(side)) / (_FADE * side)
    ramp = np.clip(ramp, 0, 1)
    opacity = np.minimum(ramp[:, None], ramp[None, :]).astype(np.float32)
    return opacity, 1 - opacity


@dataclass(frozen=True)
class FoundEyes:
    """
    The eyes that a detector found in the scenes of pictures.

    :param eyes: (N, 2, 2) float32, pixels of the scene, the person's right eye first; NaN where
        the face was not found.
    :param least_distance: (N,) float32, pixels: what `align_face` takes as `least_eye_distance`.
    """

    eyes: np.ndarray
    least_distance: np.ndarray

    @property
    def where(self) -> np.ndarray:
        """Give the (M,) indices of the pictures whose faces were found."""
        return np.flatnonzero(np.isfinite(self.eyes).all(axis=(1, 2)))


def find_eyes(detector: Detector, pictures: np.ndarray, seed: int = 0) -> FoundEyes:
    """
    Put pictures into scenes, and find their faces there.

    :param detector: that looks at each scene once.
    :param pictures: (N, H, W) uint8, square.
    :param seed: of sizes and places, as of `measure_real_path`.
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
    Choose the detection that is the face of a box.

    :param box: (4,) where the face is, in pixels.
    :param boxes: of the detections.
    :return: the index of the detection that shares most with the box, or None if no one shares
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
    Cut the faces out of the scenes of pictures.

    :param pictures: (N, H, W) uint8, those of `find_eyes`.
    :param found: of `find_eyes`, with the same seed.
    :param side: of the crops, in pixels.
    :param seed: of sizes and places.
    :return: (M, side, side) uint8, those of `found.where`.
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


def see(pipeline: Pipeline, scene: np.ndarray, box: np.ndarray, stamp: float) -> np.ndarray | None:
    """
    Let the pipeline find and read a face.

    :param pipeline: with the network.
    :param scene: (H, W, 3) uint8 BGR.
    :param box: (4,) where the face is, in pixels.
    :param stamp: in seconds.
    :return: (labels,) float64, or None where no face was found there.
    """
    # A weak detection is believed once it comes again, as it does before a camera.
    for image in range(_IMAGES):
        faces = pipeline.process(scene, stamp + image * _IMAGE_INTERVAL, SETTINGS).faces
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
    Compare what a network says of crops with what it says of the same faces in scenes.

    :param scores: of the pictures as they are.
    :param classifier: that gave them.
    :param detector: that finds the faces again.
    :param seed: of sizes and places.
    :param draws: of the bootstrap.
    :return: what JSON can hold: 'found' of 'pictures'; of those found 'accuracy_as_crops',
        'accuracy_in_scenes' and their 'loss', of those not found 'accuracy_not_found_as_crops'.
    """
    kept = scores.take(scores.truth >= 0)
    pipeline = Pipeline(detector, classifier)
    said = np.full(len(kept.truth), -1)
    with progress_bar('processing scenes', len(said), 'scenes') as progress:
        for index, picture in enumerate(kept.data.images):
            scene, box = scene_of(picture, seed * len(said) + index)
            probabilities = see(pipeline, scene, box, index * _PAUSE)
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
