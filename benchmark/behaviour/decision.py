"""
Count how many label changes the decision removes, and measure the delay of a true change.

A frame-wise label is the most probable label of the network in one frame. Decided changes are the
changes on `/emotion/changes` with the default settings, without the messages for faces that appear
or disappear.
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

# Settings that disable smoothing, so that each frame is decided independently.
FRAME_WISE = {'smoothing': 0.0, 'hold': 0.0, 'min_confidence': 0.0}

RATES = (10, 15, 30)

# Minimum probability of the new label after a step, as from a confident network.
CERTAIN = 0.9

STEPS = 1000


@dataclass(frozen=True)
class Flicker:
    """
    The number of changes in a video.

    :param ids: number of track ids in the video.
    :param frame_wise: number of changes of the frame-wise label.
    :param decided: number of changes of the decided emotion.
    """

    ids: int
    frame_wise: int
    decided: int

    @property
    def fall(self) -> float:
        """Return the fraction of the changes that the decision removes, at most 1."""
        return 1 - self.decided / self.frame_wise if self.frame_wise else 0.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_watching_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """
    Measure each video and simulated steps at several frame rates, and print the results.

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
    print(
        f'\ndelay of the decision after a step to a probability of {CERTAIN} (allowed: '
        f'{allowed:.2f} s)'
    )
    for rate in RATES:
        delays = step_delays(rate, settings)
        print(
            f'  {rate:2} Hz: median {np.median(delays):.2f} s, longest {max(delays):.2f} s '
            f'of {len(delays)} steps'
        )
    return 0


def row(flicker: Flicker) -> str:
    """Format the number of changes in a video."""
    return (
        f'{"":12}  {flicker.frame_wise:10}  {flicker.decided:7}  {100 * flicker.fall:5.1f} %  '
        f'{flicker.ids:6}'
    )


def flicker_of(video: Path, detector: Detector, classifier: Classifier) -> Flicker:
    """
    Count the frame-wise and the decided changes in a video.

    :param video: path of the video file.
    :param detector: face detector.
    :param classifier: emotion classifier.
    :raises ValueError: if OpenCV cannot read the video.
    """
    # Both pipelines receive the same detections, because tracking does not depend on the decision.
    looking = CountingDetector(detector)
    decided, frame_wise = Settings(), Settings().changed(FRAME_WISE)
    runs = [(Pipeline(looking, classifier), one, Told()) for one in (decided, frame_wise)]
    for stamp, image in images_of(video):
        for pipeline, settings, told in runs:
            told.hear(pipeline.process(image, stamp, settings).faces)
    (_, _, steady), (_, _, flickering) = runs
    return Flicker(len(steady.last), flickering.changes, steady.changes)


class Told:
    """Counts how often the emotion of a face differs from its previous emotion."""

    def __init__(self) -> None:
        self.changes = 0
        self.last: dict[int, str] = {}

    def hear(self, faces: Sequence[Face]) -> None:
        """Add the faces of the next frame."""
        for face in faces:
            self.changes += self.last.get(face.id, face.emotion) != face.emotion
            self.last[face.id] = face.emotion


def step_delays(rate: float, settings: Settings, steps: int = STEPS) -> list[float]:
    """
    Measure the delay between the first frame of a new emotion and its decision.

    :param rate: frame rate in Hz.
    :param settings: settings of the decision.
    :param steps: number of simulated steps. The scores before and after a step are random (seed
        0).
    :return: delay of each step in seconds.
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
    """Draw (labels,) float64 probabilities with one label that is nearly certain."""
    share = random.uniform(CERTAIN, 1.0)
    # The small Dirichlet parameter gives one or two other labels nearly all of the remaining
    # probability.
    scores = (1 - share) * random.dirichlet(np.full(len(FER2013_LABELS), 0.3))
    scores[label] += share
    return scores
