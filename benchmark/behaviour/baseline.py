"""
Measure how learning the neutral expression of a person affects the decided emotions.

Each simulated person consists of FER2013 images (PrivateTest). At rest, the person shows one of
three neutral images. In between, the person shows other emotions, each time with another image. To
simulate a face that looks sad at rest, a constant is added to the logarithm of sad. The baseline
is learned during the first minute, and the second minute is measured.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from benchmark.rig.options import add_backend_option
from benchmark.rig.options import add_model_option
from fer_ros.perception.backends import create_backend
from fer_ros.perception.classification.classifier import Classifier
from fer_ros.perception.decision.baseline import NEUTRAL
from fer_ros.perception.decision.baseline import NeutralBaseline
from fer_ros.perception.decision.smoothing import EmotionSmoother
from fer_ros.perception.models.bundle import find_bundle
from fer_ros.perception.models.bundle import load_card
from fer_ros.perception.settings import Settings
from training.data.datasets import data_root
from training.data.datasets import read_fer2013

# Number of images in a classifier batch.
BATCH = 64

# Frame rate [Hz], and the time for which a face shows one image [s].
RATE = 10.0
EPISODE = 3.0

# Duration of learning, and duration of the measurement after it [s].
LEARNING = 60.0
MEASURED = 60.0

# Number of neutral images of a person.
REST_PICTURES = 3

# Fraction of the time in which a face is at rest.
USUAL_REST = 0.7

# Emotions shown when the face is not at rest.
SHOWN = ('happy', 'sad', 'surprise', 'angry')

# Constants added to the logarithm of the probability of sad.
BIASES = (0.0, 1.0, 2.0, 3.0)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        '--data', help='folder of the data sets with FER2013 (default: as in training)'
    )
    add_model_option(parser)
    add_backend_option(parser)
    parser.add_argument(
        '--persons', type=int, default=100, help='number of persons per row (default: %(default)s)'
    )


def run(arguments: argparse.Namespace) -> int:
    """
    Measure and print the results.

    :raises DataError: if the FER2013 images are missing.
    """
    card = load_card(find_bundle(arguments.model))
    classifier = Classifier(card, create_backend(arguments.backend, card, 'auto', 0))
    labels = card.labels
    pictures = scores_of_pictures(data_root(arguments.data), classifier)
    print(f'model {card.name}, {arguments.persons} persons per row, baseline {LEARNING:.0f} s')
    print('\n                        decided at rest              recall when shown')
    print('  sad bias  baseline    neutral    sad   happy     happy    sad  surprise  angry')
    for bias in BIASES:
        for learned in (False, True):
            told = Counter[tuple[str, str]]()
            for seed in range(arguments.persons):
                person = Person(pictures, labels, np.random.default_rng(seed), bias)
                told += person.live(USUAL_REST, learned)
            print(f'  {bias:8.0f}  {"on " if learned else "off":>8}  {row(told)}')
    print('\n  persons who smile during all of the learning')
    for learned in (False, True):
        told = Counter[tuple[str, str]]()
        for seed in range(arguments.persons):
            person = Person(pictures, labels, np.random.default_rng(seed), 0.0)
            told += person.live(USUAL_REST, learned, smiling=True)
        print(f'  {"":8}  {"on " if learned else "off":>8}  {row(told)}')
    return 0


def row(told: Counter[tuple[str, str]]) -> str:
    """Format the decided emotions as percentages of the time."""

    def share(shown: str, decided: str) -> float:
        total = sum(count for (one, _), count in told.items() if one == shown)
        return 100 * told[shown, decided] / max(total, 1)

    rest = [share(NEUTRAL, decided) for decided in (NEUTRAL, 'sad', 'happy')]
    right = [share(shown, shown) for shown in SHOWN]
    return (
        f'{rest[0]:7.1f} % {rest[1]:5.1f} % {rest[2]:5.1f} %   '
        f'{right[0]:5.1f} % {right[1]:5.1f} % {right[2]:6.1f} % {right[3]:5.1f} %'
    )


def scores_of_pictures(folder: Path, classifier: Classifier) -> dict[str, np.ndarray]:
    """
    Classify the images of PrivateTest.

    :param folder: the FER2013 folder or its parent.
    :param classifier: classifier of the images.
    :return: (images, labels of the model) float64 probabilities for each FER2013 label.
    :raises DataError: if the images are missing.
    """
    data = read_fer2013(folder)
    chosen = data.split == 'private'
    names = np.array(data.label_names)[data.labels[chosen]]
    size = classifier.card.input.width, classifier.card.input.height
    crops = [cv2.resize(image, size) for image in data.images[chosen]]
    scores = np.concatenate(
        [classifier.classify(crops[start:][:BATCH]) for start in range(0, len(crops), BATCH)]
    )
    return {name: scores[names == name] for name in set(names.tolist())}


class Person:
    """A simulated person that consists of FER2013 images."""

    def __init__(
        self,
        pictures: dict[str, np.ndarray],
        labels: tuple[str, ...],
        random: np.random.Generator,
        bias: float,
    ) -> None:
        """
        Choose the neutral images of the person.

        :param pictures: (images, labels) float64 probabilities for each FER2013 label.
        :param labels: labels of the model.
        :param random: random generator that chooses the images.
        :param bias: constant added to the logarithm of the probability of sad.
        """
        self._pictures, self._labels, self._random = pictures, labels, random
        self._factors = np.exp(bias * (np.array(labels) == 'sad'))
        self._rest = random.integers(len(pictures[NEUTRAL]), size=REST_PICTURES)

    def live(self, rest: float, learned: bool, smiling: bool = False) -> Counter[tuple[str, str]]:
        """
        Simulate the learning time and the measured time.

        :param rest: fraction of the time at rest, 0 to 1.
        :param learned: whether the neutral expression is learned.
        :param smiling: whether the person smiles during the whole learning time.
        :return: number of measured frames for each pair (shown emotion, decided emotion). Frames
            within the expected decision delay after a change are not counted.
        """
        settings = Settings()
        baseline, smoother = NeutralBaseline(self._labels), EmotionSmoother(self._labels)
        told = Counter[tuple[str, str]]()
        late = settings.smoothing + settings.hold + 0.2
        for time, since, shown, scores in self._frames(rest, smiling):
            own = baseline.correct(scores, time, LEARNING if learned else 0.0)
            _, decided = smoother.update(
                own, time, settings.smoothing, settings.min_confidence, settings.hold
            )
            if time >= LEARNING and since >= late:
                told[shown, decided] += 1
        return told

    def _frames(
        self, rest: float, smiling: bool
    ) -> Iterator[tuple[float, float, str, np.ndarray]]:
        """Yield (time, time since the image changed, shown emotion, scores) for each frame."""
        for episode in range(round((LEARNING + MEASURED) / EPISODE)):
            began = episode * EPISODE
            if smiling and began < LEARNING:
                shown = 'happy'
            elif self._random.random() < rest:
                shown = NEUTRAL
            else:
                shown = str(self._random.choice(SHOWN))
            picture = self._random.integers(len(self._pictures[shown]))
            if shown == NEUTRAL:
                picture = self._random.choice(self._rest)
            scores = self._pictures[shown][picture] * self._factors
            for frame in range(round(EPISODE * RATE)):
                yield began + frame / RATE, frame / RATE, shown, scores / scores.sum()
