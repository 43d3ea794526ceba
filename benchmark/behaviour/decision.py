"""
How many changes the decision leaves of a network's flicker, and how late a true one is told.

Frame-wise labels are what the network finds likeliest in each frame; decided changes are what
`/emotion/changes` tells at the default settings, without who comes and who leaves.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark.rig.watching import add_watching_arguments
from benchmark.rig.watching import CountingDetector
from benchmark.rig.watching import images_of
from benchmark.rig.watching import load_models
from fer_ros.perception.classification.classifier import Classifier
from fer_ros.perception.decision.smoothing import EmotionSmoother
from fer_ros.perception.detection.choice import Detector
from fer_ros.perception.emotions import FER2013_LABELS
from fer_ros.perception.faces import Face
from fer_ros.perception.pipeline import Pipeline
from fer_ros.perception.settings import Settings

# Settings that let every frame speak for itself.
FRAME_WISE = {'smoothing': 0.0, 'hold': 0.0, 'min_confidence': 0.0}

RATES = (10, 15, 30)

# What a step goes to is at least this probable: a certain network.
CERTAIN = 0.9

STEPS = 1000


@dataclass(frozen=True)
class Flicker:
    """
    The changes in a video.

    :param ids: of the people in it.
    :param frame_wise: changes of the label of a frame.
    :param decided: changes of the decided emotion.
    """

    ids: int
    frame_wise: int
    decided: int

    @property
    def fall(self) -> float:
        """Give the share of the changes that the decision takes away, at most 1."""
        return 1 - self.decided / self.frame_wise if self.frame_wise else 0.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add_watching_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """
    Measure each video, and steps at some frame rates, and print the figures.

    :raises ValueError: if a video cannot be read.
    """
    detector, classifier = load_models(arguments)
    print(f'detector {detector.name}, model {classifier.card.name} on {classifier.backend.name}')
    print('\nchanges         frame-wise  decided     fall  people')
    total = Flicker(0, 0, 0)
    for video in arguments.videos:
        flicker = flicker_of(video, detector, classifier)
        total = Flicker(
            total.ids + flicker.ids,
            total.frame_wise + flicker.frame_wise,
            total.decided + flicker.decided,
        )
        print(f'  {row(flicker)}  {video.name}')
    print(f'  {row(total)}  all')
    settings = Settings()
    allowed = settings.hold + settings.smoothing + 0.2
    print(f'\na step to a probability of {CERTAIN} is decided after (allowed: {allowed:.2f} s)')
    for rate in RATES:
        delays = step_delays(rate, settings)
        print(
            f'  {rate:2} Hz: median {np.median(delays):.2f} s, longest {max(delays):.2f} s '
            f'of {len(delays)} steps'
        )
    return 0


def row(flicker: Flicker) -> str:
    """Write down the changes in a video."""
    return (
        f'{"":12}  {flicker.frame_wise:10}  {flicker.decided:7}  {100 * flicker.fall:5.1f} %  '
        f'{flicker.ids:6}'
    )


def flicker_of(video: Path, detector: Detector, classifier: Classifier) -> Flicker:
    """
    Count the changes in a video, frame-wise and decided.

    :param video: its file.
    :param detector: that finds faces.
    :param classifier: that says what they show.
    :raises ValueError: if OpenCV cannot read the video.
    """
    # Both see the same faces: who is who does not depend on what is decided.
    looking = CountingDetector(detector)
    decided, frame_wise = Settings(), Settings().changed(FRAME_WISE)
    runs = [(Pipeline(looking, classifier), one, Told()) for one in (decided, frame_wise)]
    for stamp, image in images_of(video):
        for pipeline, settings, told in runs:
            told.hear(pipeline.process(image, stamp, settings))
    (_, _, steady), (_, _, flickering) = runs
    return Flicker(len(steady.last), flickering.changes, steady.changes)


class Told:
    """Counts how often the emotion of somebody is another than the last time."""

    def __init__(self) -> None:
        self.changes = 0
        self.last: dict[int, str] = {}

    def hear(self, faces: Sequence[Face]) -> None:
        """Take the faces of the next frame."""
        for face in faces:
            self.changes += self.last.get(face.id, face.emotion) != face.emotion
            self.last[face.id] = face.emotion


def step_delays(rate: float, settings: Settings, steps: int = STEPS) -> list[float]:
    """
    Measure how long after its first frame a new, certain emotion is decided.

    :param rate: of the frames, in Hz.
    :param settings: of the decision.
    :param steps: how many to try; the scores before and after are chance (seed 0).
    :return: the delay of each, in seconds.
    """
    random = np.random.default_rng(0)
    delays = []
    for _ in range(steps):
        smoother = EmotionSmoother(FER2013_LABELS)
        before, after = random.permutation(len(FER2013_LABELS))[:2]
        old, new = certain_scores(before, random), certain_scores(after, random)
        began = 3.0
        for frame in range(int((began + 10) * rate)):
            time = frame / rate
            _, emotion = smoother.update(
                old if time < began else new,
                time,
                settings.smoothing,
                settings.min_confidence,
                settings.hold,
            )
            if emotion == FER2013_LABELS[after]:
                delays.append(time - began)
                break
    return delays


def certain_scores(label: int, random: np.random.Generator) -> np.ndarray:
    """Make (labels,) float64 probabilities of which one is certain and the others are chance."""
    share = random.uniform(CERTAIN, 1.0)
    # Mostly uneven: one or two others have nearly all that is left.
    scores = (1 - share) * random.dirichlet(np.full(len(FER2013_LABELS), 0.3))
    scores[label] += share
    return scores
