"""
Measure the cost of attention: `python -m benchmark attention_cost`.

One face is measured in turns with the emotion network, frame by frame. Eight faces are shown to
the pipeline as fast as it can, and the time of a frame is compared with the period of a camera.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from statistics import median
import subprocess
import sys
from typing import Any

import numpy as np
from scipy.stats import trim_mean

from benchmark.rig.figures import add_figures_arguments
from benchmark.rig.figures import Row
from benchmark.rig.figures import tell
from benchmark.rig.scenes import detector_weights
from benchmark.rig.scenes import LARGE
from benchmark.rig.scenes import scene
from benchmark.rig.scenes import SMALL
from benchmark.rig.timing import time_frames
from fer_ros.perception.attention.head_pose import rough_angles
from fer_ros.perception.attention.watcher import AttentionWatcher
from fer_ros.perception.classification.classifier import create_classifier
from fer_ros.perception.crops.alignment import align_face
from fer_ros.perception.detection.choice import create_detector
from fer_ros.perception.faces import Sighting
from fer_ros.perception.models.bundle import find_bundle
from fer_ros.perception.models.bundle import load_card
from fer_ros.perception.pipeline import load_pipeline
from fer_ros.perception.settings import Settings

PERIOD = 1 / 30

# A program that loads the pipeline, processes a scene, and prints its resident memory in KiB.
MEMORY = """
import sys
from pathlib import Path
from benchmark.attention.cost import settings_with
from benchmark.rig.scenes import scene, SMALL
from fer_ros.perception.pipeline import load_pipeline

settings = settings_with(sys.argv[1] == 'on')
pipeline = load_pipeline(settings)
for index, image in enumerate(scene(8, SMALL, 30)):
    pipeline.process(image, index / 30, settings)
status = Path('/proc/self/status').read_text()
print(next(line.split()[1] for line in status.splitlines() if line.startswith('VmRSS')))
"""


def settings_with(attention: bool) -> Settings:
    """Return the settings of the measurements."""
    return Settings(attention=attention, detector_model=str(detector_weights()), backend='litert')


def one_face(frames: int) -> list[Row]:
    """Measure a face, both of its eyes in turns, and the emotion network in the same frames."""
    settings = settings_with(True)
    detector = create_detector('yunet', settings.detector_model)
    classifier = create_classifier(load_card(find_bundle(settings.model)), 'litert')
    images = scene(1, SMALL, 8)
    faces = [detector.detect(image, 0.6, 24)[0] for image in images]
    card, watcher = classifier.card, AttentionWatcher()
    size = card.input.height, card.input.width
    crops = [
        align_face(image, face.eyes, card.crop, *size)
        for image, face in zip(images, faces, strict=True)
    ]

    def attend(frame: int) -> None:
        which = frame % len(images)
        sighting = Sighting(1, 1, faces[which])
        watcher.update(images[which], [sighting], {1}, 1 + frame * PERIOD, settings, None)

    ways: dict[str, Callable[[int], Any]] = {
        'attention': attend,
        'emotion': lambda frame: classifier.classify([crops[frame % len(crops)]]),
        'rough': lambda frame: rough_angles(faces[frame % len(faces)]),
    }
    times = time_frames(ways, frames)
    # Only some frames examine an eye, so the mean without the extreme tenths counts.
    emotion, attention = median(times['emotion']), float(trim_mean(times['attention'], 0.1))
    return [
        Row(
            'one_face_over_the_emotion_network',
            times['attention'],
            ratio=attention / emotion,
            goal=2.2,
            further={'emotion network [ms]': 1000 * emotion, 'mean [ms]': 1000 * attention},
        ),
        Row('rough_pose', times['rough'], goal=0.1, measure='median_ms'),
    ]


def eight_faces(frames: int) -> list[Row]:
    """Measure the whole pipeline with eight faces, and how often landmarks are renewed."""
    rows = []
    for name, shape in (('small', SMALL), ('large', LARGE)):
        images = scene(8, shape, 16)
        for attention in (False, True):
            settings = settings_with(attention)
            pipeline = load_pipeline(settings)
            renewed: dict[int, list[float]] = {}

            def process(
                frame: int,
                images: list[np.ndarray] = images,
                pipeline: Any = pipeline,
                settings: Settings = settings,
                renewed: dict[int, list[float]] = renewed,
            ) -> None:
                time = 1 + frame * PERIOD
                pipeline.process(images[frame % len(images)], time, settings)
                if pipeline.watcher is not None:
                    for track in pipeline.watcher.renewed:
                        renewed.setdefault(track, []).append(time)

            times = time_frames({'frame': process}, frames)['frame']
            gaps = [max(np.diff(stamps[10:]), default=0.0) for stamps in renewed.values()]
            rows.append(
                Row(
                    f'eight_faces_{name}_{"with" if attention else "without"}',
                    times,
                    goal=1000 * PERIOD,
                    measure='median_ms',
                    further={
                        'faces': len(renewed),
                        'longest time between renewals [ms]': 1000 * max(gaps, default=0.0),
                    }
                    if attention
                    else {},
                )
            )
    return rows


def memory() -> Row:
    """Compare the resident memory of a process with and without attention."""
    sizes = {}
    for switch in ('off', 'on'):
        done = subprocess.run(
            [sys.executable, '-c', MEMORY, switch], capture_output=True, text=True, check=True
        )
        sizes[switch] = int(done.stdout.split()[-1]) / 1024
    return Row(
        'memory_of_attention',
        value=sizes['on'] - sizes['off'],
        unit='MiB',
        goal=40,
        measure='value',
        further={'without [MiB]': sizes['off'], 'with [MiB]': sizes['on']},
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        '--frames', type=int, default=300, help='frames per measurement (default: %(default)s)'
    )
    add_figures_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Measure time and memory, and print the results."""
    rows = [*one_face(arguments.frames), *eight_faces(arguments.frames // 2), memory()]
    remark = (
        'One face: the mean of frames with and without an eye; see `doc/attention.md`. '
        f'Eight faces: the goal is the period of a camera at {1 / PERIOD:.0f} Hz, on one core.'
    )
    return tell('attention_cost', rows, arguments, [remark])
