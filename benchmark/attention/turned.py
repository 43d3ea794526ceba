"""
Measure how well emotions are recognised in turned faces: `python -m benchmark turned`.

Each picture of FER2013 PublicTest and PrivateTest is placed into a scene, and its face is
detected, aligned and classified as in the node. The accuracy is reported by the rough yaw of the
head, for `max_yaw`.

FER2013 has few profiles. Therefore frontal faces that are classified correctly are also rendered
with a known yaw.
"""

from __future__ import annotations

import argparse
import itertools
import math

import numpy as np

from benchmark.attention.heads import head_of
from benchmark.attention.heads import render
from benchmark.attention.looking import Looker
from benchmark.rig.figures import add_figures_arguments
from benchmark.rig.figures import Row
from benchmark.rig.figures import tell
from benchmark.rig.scenes import detector_weights
from fer_ros.perception.attention.head_pose import FACING
from fer_ros.perception.attention.head_pose import rotation_of
from fer_ros.perception.attention.head_pose import rough_angles
from fer_ros.perception.classification.classifier import Classifier
from fer_ros.perception.classification.classifier import create_classifier
from fer_ros.perception.crops.alignment import align_face
from fer_ros.perception.detection.choice import create_detector
from fer_ros.perception.detection.choice import Detector
from fer_ros.perception.emotions import FER2013_LABELS
from fer_ros.perception.faces import HeadAngles
from fer_ros.perception.models.bundle import find_bundle
from fer_ros.perception.models.bundle import load_card
from fer_ros.perception.settings import Settings
from training.data.datasets import data_root
from training.data.datasets import PRIVATE
from training.data.datasets import PUBLIC
from training.data.reading.forms import read_data
from training.data.stratified import stratified
from training.evaluation.real_path import best_overlap
from training.evaluation.real_path import scene_of

# Borders of the ranges of yaw [deg].
BORDERS = (0, 10, 20, 30, 35, 40, 45, 50, 90)

# Yaws of rendered faces [deg], largest angle of a face that is rendered [deg], and distance of the
# camera in heights of the face.
TURNS = (0, 20, 35, 50, 65, 80)
FRONTAL = 12
DISTANCE = 5

# A wrong answer is confident if its probability is at least this.
CONFIDENT = 0.6

DETECTORS = ('yunet', 'blazeface')


def classify_scenes(
    detector: Detector, classifier: Classifier, pictures: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """
    Detect and classify pictures in scenes.

    :param detector: face detector with points of nose and mouth.
    :param classifier: emotion classifier.
    :param pictures: (N, H, W) uint8 gray pictures.
    :return: (N,) float64, absolute yaw in degrees, NaN if no face was found; and (N, labels)
        float64, probabilities.
    """
    settings, card = Settings(), classifier.card
    yaws = np.full(len(pictures), np.nan)
    scores = np.full((len(pictures), len(card.labels)), np.nan)
    for index, picture in enumerate(pictures):
        scene, box = scene_of(picture, index)
        faces = detector.detect(scene, settings.min_face_score, settings.min_face_size)
        best = best_overlap(box, [face.box for face in faces])
        if best is None:
            continue
        face = faces[best]
        angles = rough_angles(face)
        assert angles is not None
        least = detector.least_eye_distance * face.height
        size = card.input.height, card.input.width
        crop = align_face(scene, face.eyes, card.crop, *size, least)
        yaws[index] = abs(math.degrees(angles.yaw))
        scores[index] = classifier.classify([crop])[0]
    return yaws, scores


def rows_by_yaw(
    name: str, yaws: np.ndarray, scores: np.ndarray, labels: np.ndarray, neutral: int
) -> list[Row]:
    """
    Summarise the accuracy by yaw.

    :param name: name of the detector.
    :param yaws: (N,) float64, degrees, NaN if no face was found.
    :param scores: (N, labels) float64 scores of the labels.
    :param labels: (N,) int, the true labels.
    :param neutral: index of the label neutral.
    :return: a row for each range of yaw.
    """
    rows = []
    for low, high in itertools.pairwise(BORDERS):
        inside = (yaws >= low) & (yaws < high)
        count = int(inside.sum())
        if not count:
            continue
        guess, best = scores[inside].argmax(axis=1), scores[inside].max(axis=1)
        right = guess == labels[inside]
        error = math.sqrt(max(right.mean() * (1 - right.mean()), 1 / count) / count)
        wrongly_neutral = ~right & (guess == neutral) & (best >= CONFIDENT)
        rows.append(
            Row(
                f'{name}_yaw_{low}_to_{high}',
                value=100 * float(right.mean()),
                unit='% right',
                further={
                    'faces': count,
                    'standard error': 100 * error,
                    'confidently wrong [%]': 100 * float((~right & (best >= CONFIDENT)).mean()),
                    'of these neutral [%]': 100 * float(wrongly_neutral.mean()),
                },
            )
        )
    return rows


def render_turned(
    detector: Detector,
    classifier: Classifier,
    pictures: np.ndarray,
    labels: np.ndarray,
    count: int,
) -> list[Row]:
    """
    Render frontal faces with a known yaw, and classify them.

    :param detector: face detector with points of nose and mouth.
    :param classifier: emotion classifier.
    :param pictures: (N, H, W) uint8 gray pictures.
    :param labels: (N,) int, the true labels.
    :param count: number of faces.
    :return: a row for each yaw.
    """
    looker = Looker()
    results: dict[int, list[tuple[float, bool, float]]] = {yaw: [] for yaw in TURNS}
    used = 0
    for index, picture in enumerate(pictures):
        if used == count:
            break
        scene, _ = scene_of(picture, index)
        seen = looker.look(scene)
        if seen is None or seen.solid is None:
            continue
        angles = seen.head.angles
        if max(abs(angles.yaw), abs(angles.pitch)) > math.radians(FRONTAL):
            continue
        if _classify(detector, classifier, scene, labels[index])[1] is not True:
            continue
        used += 1
        head = head_of(scene, seen.solid)
        size = float(np.ptp(seen.solid[:, 1]))
        for yaw in TURNS:
            side = yaw if used % 2 else -yaw
            turn = rotation_of(HeadAngles(0, math.radians(side), 0)) @ FACING.T
            image = render(head, turn, DISTANCE * size, DISTANCE * size, scene.shape[:2])
            rough, right, best = _classify(detector, classifier, image, labels[index])
            if right is not None:
                results[yaw].append((rough, right, best))
    rows = []
    for yaw, found in results.items():
        roughs, rights, bests = np.array(found, np.float64).T
        rows.append(
            Row(
                f'rendered_yaw_{yaw}',
                value=100 * float(rights.mean()),
                unit='% right',
                further={
                    'detected': len(found),
                    'of': used,
                    'rough yaw, median': float(np.median(roughs)),
                    'above 60 [%]': 100 * float((roughs > 60).mean()),
                    'confidently wrong [%]': 100
                    * float(((rights == 0) & (bests >= CONFIDENT)).mean()),
                },
            )
        )
    return rows


def _classify(
    detector: Detector, classifier: Classifier, image: np.ndarray, label: int
) -> tuple[float, bool | None, float]:
    """
    Classify the largest face of an image.

    :return: absolute rough yaw in degrees, whether the answer is right (None without a face), and
        its probability.
    """
    settings, card = Settings(), classifier.card
    faces = detector.detect(image, settings.min_face_score, settings.min_face_size)
    if not faces:
        return math.nan, None, 0.0
    face = max(faces, key=lambda face: face.width * face.height)
    angles = rough_angles(face)
    assert angles is not None
    least = detector.least_eye_distance * face.height
    crop = align_face(image, face.eyes, card.crop, card.input.height, card.input.width, least)
    scores = classifier.classify([crop])[0]
    right = bool(scores.argmax() == label)
    return abs(math.degrees(angles.yaw)), right, float(scores.max())


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        '--pictures', type=int, default=7178, help='number of pictures (default: all 7178)'
    )
    parser.add_argument(
        '--rendered', type=int, default=100, help='number of faces to render (default: 100)'
    )
    parser.add_argument('--data', help='folder of FER2013 (default: FER_ROS_DATA)')
    parser.add_argument('--model', default=Settings().model, help='bundle (default: %(default)s)')
    add_figures_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Measure the accuracy by yaw with each detector, and print the results."""
    whole = read_data(data_root(arguments.data))
    tested = whole.take(np.flatnonzero(np.isin(whole.split, (PUBLIC, PRIVATE))))
    data = stratified(tested, arguments.pictures)
    classifier = create_classifier(load_card(find_bundle(arguments.model)), 'litert')
    names = [str(label) for label in classifier.card.labels]
    labels = np.array([names.index(FER2013_LABELS[label]) for label in data.labels])
    rows = []
    for name in DETECTORS:
        detector = create_detector(name, str(detector_weights()) if name == 'yunet' else '')
        yaws, scores = classify_scenes(detector, classifier, data.images)
        rows += rows_by_yaw(name, yaws, scores, labels, names.index('neutral'))
        if name == 'yunet':
            order = np.random.default_rng(0).permutation(len(labels))
            rows += render_turned(
                detector, classifier, data.images[order], labels[order], arguments.rendered
            )
    remark = (
        'The yaw is the rough one, from the points of the detector. The value is the accuracy on '
        f'FER2013 PublicTest and PrivateTest. A wrong answer is confident at '
        f'{CONFIDENT:g} or above.'
    )
    return tell('turned', rows, arguments, [remark])
