"""
Measure how well emotions are recognised in turned faces: `python -m benchmark turned`.

Each picture of FER2013 PublicTest and PrivateTest is placed into a scene, and its face is
detected, aligned and classified as in the node. The accuracy is reported by the rough yaw of the
head, for `max_yaw`.
"""

from __future__ import annotations

import argparse
import itertools
import math

import numpy as np

from benchmark.rig.figures import add_figures_arguments
from benchmark.rig.figures import Row
from benchmark.rig.figures import tell
from benchmark.rig.scenes import detector_weights
from fer_ros.perception.attention.head_pose import rough_angles
from fer_ros.perception.classification.classifier import Classifier
from fer_ros.perception.classification.classifier import create_classifier
from fer_ros.perception.crops.alignment import align_face
from fer_ros.perception.detection.choice import create_detector
from fer_ros.perception.detection.choice import Detector
from fer_ros.perception.emotions import FER2013_LABELS
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
    :param pictures: (N, H, W) uint8.
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
    :param scores: (N, labels) float64.
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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        '--pictures', type=int, default=7178, help='number of pictures (default: all 7178)'
    )
    parser.add_argument('--data', help='folder of FER2013 (default: FER_ROS_DATA)')
    parser.add_argument('--model', default=Settings().model, help='bundle (default: %(default)s)')
    add_figures_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Measure the accuracy by yaw with each detector, and print the results."""
    whole = read_data(data_root(arguments.data))
    tested = whole.take(np.flatnonzero(np.isin(whole.split, (PUBLIC, PRIVATE))))
    data = stratified(tested, arguments.pictures)
    classifier = create_classifier(load_card(find_bundle(arguments.model)), 'auto')
    names = [str(label) for label in classifier.card.labels]
    labels = np.array([names.index(FER2013_LABELS[label]) for label in data.labels])
    rows = []
    for name in DETECTORS:
        detector = create_detector(name, str(detector_weights()) if name == 'yunet' else '')
        yaws, scores = classify_scenes(detector, classifier, data.images)
        rows += rows_by_yaw(name, yaws, scores, labels, names.index('neutral'))
    remark = (
        'The yaw is the rough one, from the points of the detector. The value is the accuracy on '
        f'FER2013 PublicTest and PrivateTest. A wrong answer is confident at '
        f'{CONFIDENT:g} or above.'
    )
    return tell('turned', rows, arguments, [remark])
