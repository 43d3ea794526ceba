"""Compare models by time, size and accuracy: `python -m benchmark models fer2013_mobile ...`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
import json
from statistics import median
from typing import Any

import numpy as np

from benchmark.rig.options import add_json_option
from benchmark.rig.tables import plain_table
from benchmark.rig.timing import machine
from benchmark.rig.timing import time_in_turns
from fer_ros.perception.classification.classifier import Classifier
from training.data.datasets import data_root
from training.data.datasets import FaceData
from training.data.datasets import SPLITS
from training.data.reading.forms import read_data
from training.evaluation.classifiers import load_classifier
from training.evaluation.classifiers import ModelOptions
from training.evaluation.scores import score

# Number of faces in a turn that are classified one by one.
FACES = 20

# Number of faces that are classified together.
BATCH = 8


def measure(
    classifiers: dict[str, Classifier], runs: int, data: FaceData | None = None
) -> dict[str, Any]:
    """
    Measure models in turns, and optionally their accuracy.

    :param classifiers: the classifiers by name.
    :param runs: number of turns for each classifier.
    :param data: one split for the accuracy, or None to measure only the time.
    :return: 'machine', 'runs' and 'models'. 'models' has for each name 'backend', 'megabytes',
        'face_ms', 'face_cpu_ms' and 'batch_face_ms'. With data, it also has 'accuracy' and the
        number of 'pictures'.
    """
    noise = np.random.default_rng(0).integers(0, 256, (BATCH, 512, 512), np.uint8)
    ways: dict[str, Callable[[], Any]] = {}
    for name, classifier in classifiers.items():
        height, width = classifier.card.input.height, classifier.card.input.width
        crops = list(noise[:, :height, :width])
        ways[f'{name} one by one'] = partial(_one_by_one, classifier, crops)
        ways[f'{name} together'] = partial(classifier.classify, crops)
    for way in ways.values():
        way()
    timings = time_in_turns(ways, runs)
    rows = {}
    for name, classifier in classifiers.items():
        alone, together = timings[f'{name} one by one'], timings[f'{name} together']
        row: dict[str, Any] = {
            'backend': classifier.backend.name,
            'face_ms': round(1000 * median(alone.wall) / FACES, 3),
            'face_cpu_ms': round(1000 * median(alone.cpu) / FACES, 3),
            'batch_face_ms': round(1000 * median(together.wall) / BATCH, 3),
        }
        kind = classifier.backend.kind
        if kind in classifier.card.files:
            size = classifier.card.file(kind).stat().st_size
            row = {'megabytes': round(size / 1e6, 2), **row}
        if data is not None:
            scores = score(classifier, data)
            kept = scores.take(scores.truth >= 0)
            right = kept.probabilities.argmax(axis=1) == kept.truth
            row |= {'accuracy': round(float(right.mean()), 4), 'pictures': len(right)}
        rows[name] = row
    return {'machine': machine(), 'runs': runs, 'models': rows}


def _one_by_one(classifier: Classifier, crops: list[np.ndarray]) -> None:
    """Classify faces one by one, as if each image showed a single face."""
    for index in range(FACES):
        classifier.classify([crops[index % len(crops)]])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command `models`."""
    parser.add_argument('models', nargs='+', help='bundles, folders of runs, or .keras files')
    parser.add_argument(
        '--backend',
        default='litert',
        help="back end for bundles; the values are those of the node's parameter backend",
    )
    parser.add_argument(
        '--accuracy', action='store_true', help='also measure the accuracy on the data'
    )
    parser.add_argument('--data', help='folder of the data sets (default: FER_ROS_DATA)')
    parser.add_argument(
        '--split',
        choices=SPLITS,
        default='private',
        help='split for the accuracy (default: %(default)s)',
    )
    parser.add_argument(
        '--runs', type=int, default=15, help='number of turns of each model (default: 15)'
    )
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command `models`."""
    options = ModelOptions(backend=arguments.backend)
    classifiers = {name: load_classifier(name, options) for name in arguments.models}
    data = None
    if arguments.accuracy:
        data = read_data(data_root(arguments.data)).of_split(arguments.split)
    figures = measure(classifiers, arguments.runs, data)
    if arguments.json:
        print(json.dumps(figures, indent=1))
        return 0
    print(f'median of {figures["runs"]} turns, on {figures["machine"]}')
    head = [
        '',
        'MB',
        'ms per face',
        'processor ms per face',
        f'ms per face, batch of {BATCH}',
        'accuracy',
    ]
    rows = [
        [
            name,
            f'{row["megabytes"]:.2f}' if 'megabytes' in row else '?',
            f'{row["face_ms"]:.2f}',
            f'{row["face_cpu_ms"]:.2f}',
            f'{row["batch_face_ms"]:.2f}',
            f'{100 * row["accuracy"]:.2f} %' if 'accuracy' in row else '',
        ]
        for name, row in figures['models'].items()
    ]
    print('\n'.join(plain_table(head, rows, left=1)))
    return 0
