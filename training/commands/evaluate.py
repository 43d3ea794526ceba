"""
Measure a model: `python -m training evaluate --model models/fer2013_mobile`.

With `--output FOLDER` it writes a page with plots and a JSON file beside what it prints.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from fer_ros.perception.detection.choice import create_detector
from training.bundles.card_figures import record
from training.commands.data_arguments import add_data_arguments
from training.commands.data_arguments import read_selected
from training.data.datasets import data_root
from training.data.datasets import SPLITS
from training.data.datasets import TRAIN
from training.data.selection import Selection
from training.data.stratified import stratified
from training.evaluation.classifiers import load_classifier
from training.evaluation.classifiers import ModelOptions
from training.evaluation.real_path import measure_real_path
from training.evaluation.report import figures
from training.evaluation.scores import score
from training.pages.terminal import report_text
from training.runs.files import run_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell what `evaluate` takes."""
    parser.add_argument(
        '--model',
        required=True,
        help='a bundle (name or folder), the folder of a run, or a .keras file',
    )
    add_data_arguments(parser)
    parser.add_argument('--split', choices=SPLITS, default='private')
    parser.add_argument('--backend', default='litert', help='as the parameter of the node')
    parser.add_argument('--head', help='of a run with several')
    parser.add_argument(
        '--labels', type=lambda text: tuple(text.split(',')), help='of a bare .keras file'
    )
    parser.add_argument(
        '--value-range',
        type=float,
        nargs=2,
        default=(0.0, 1.0),
        metavar=('LOW', 'HIGH'),
        help='of a bare .keras file: what 0 and 255 become (default: 0 1)',
    )
    parser.add_argument(
        '--mirrored', action='store_true', help='mean of each picture and its mirror image'
    )
    parser.add_argument(
        '--real-path',
        action='store_true',
        help='put each picture into a scene, and let the node find and read the face there too',
    )
    parser.add_argument('--detector', default='auto', help='of --real-path, as of the node')
    parser.add_argument('--detector-model', default='', help='its weights; empty: searched')
    parser.add_argument(
        '--limit', type=int, metavar='N', help='only N of the pictures, of each label its share'
    )
    parser.add_argument('--json', action='store_true', help='print JSON, and nothing else')
    parser.add_argument(
        '--output', type=Path, metavar='DIR', help='write a page with plots and a JSON file there'
    )
    parser.add_argument('--record', metavar='NAME', help="put the figures into the bundle's card")


def _selection_of_run(arguments: argparse.Namespace) -> Selection | None:
    """Let a run be measured on the data that it was trained on, where nothing else is said."""
    folder = run_of(arguments.model)
    if folder is None:
        return None
    from training.runs.run import load_run

    recipe = load_run(folder).recipe
    if arguments.data is None:
        arguments.data = str(data_root(dataset=recipe.dataset))
    return recipe.selection


def run(arguments: argparse.Namespace) -> int:
    """Carry out `evaluate`."""
    classifier = load_classifier(
        arguments.model,
        ModelOptions(
            arguments.backend, arguments.head, arguments.labels, tuple(arguments.value_range)
        ),
    )
    data = read_selected(arguments, _selection_of_run(arguments))
    training = None
    if data.has_split(TRAIN):
        if arguments.split != TRAIN:
            training = data.of_split(TRAIN)
        data = data.of_split(arguments.split)
    if arguments.limit:
        data = stratified(data, arguments.limit)
    scores = score(classifier, data, arguments.mirrored)
    report = {
        'model': classifier.card.name,
        'backend': classifier.backend.name,
        'split': arguments.split,
        **figures(scores, training),
    }
    if arguments.real_path:
        detector = create_detector(arguments.detector, arguments.detector_model)
        report['real_path'] = measure_real_path(scores, classifier, detector)
    if arguments.record:
        record(classifier.card, arguments.record, report)
    if arguments.output:
        # It draws with matplotlib, which a robot need not have to measure a model.
        from training.pages.evaluation import write_report

        write_report(arguments.output, scores, report, run_of(arguments.model))
    print(json.dumps(report) if arguments.json else report_text(report))
    return 0
