"""
Measure a model: `python -m training evaluate --model models/fer2013_mobile`.

With `--output FOLDER`, the command also writes a page with plots and a JSON file.  `--robustness`
measures one or several models under conditions of a robot, and prints one table.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from fer_ros.perception.detection.choice import create_detector
from fer_ros.perception.models.bundle import ModelCard
from training.bundles.card_figures import record
from training.commands.data_arguments import add_data_arguments
from training.commands.data_arguments import read_selected
from training.data.datasets import data_root
from training.data.datasets import DATASETS
from training.data.datasets import FaceData
from training.data.datasets import PRIVATE
from training.data.datasets import PUBLIC
from training.data.datasets import split_of
from training.data.datasets import TRAIN
from training.data.reading.forms import read_data
from training.data.selection import Selection
from training.data.stratified import stratified
from training.evaluation.classifiers import load_classifier
from training.evaluation.classifiers import load_classifiers
from training.evaluation.classifiers import ModelOptions
from training.evaluation.real_path import find_eyes
from training.evaluation.real_path import measure_real_path
from training.evaluation.report import figures
from training.evaluation.robustness import measure_robustness
from training.evaluation.scores import score
from training.pages.robustness import robustness_lines
from training.pages.terminal import report_text
from training.runs.files import run_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `evaluate`."""
    parser.add_argument(
        '--model',
        required=True,
        nargs='+',
        help='bundle (name or folder), folder of a run, or .keras file; several are allowed with '
        '--robustness',
    )
    add_data_arguments(parser, '--data-labels')
    parser.add_argument(
        '--split',
        type=_split,
        metavar='SPLIT',
        help='split to measure: train, validation (public) or test (private) (default: test; '
        'validation with --robustness)',
    )
    parser.add_argument(
        '--backend',
        default='litert',
        help="back end; the values are those of the node's parameter backend",
    )
    parser.add_argument('--head', help='head of the network, for a run with several heads')
    parser.add_argument(
        '--labels',
        type=lambda text: tuple(text.split(',')),
        help='labels in the order of the outputs, for a .keras file without a run',
    )
    parser.add_argument(
        '--value-range',
        type=float,
        nargs=2,
        default=(0.0, 1.0),
        metavar=('LOW', 'HIGH'),
        help='input values for the pixels 0 and 255, for a .keras file without a run (default: 0 '
        '1)',
    )
    parser.add_argument(
        '--mirrored',
        action='store_true',
        help='average the predictions for each picture and its mirror image',
    )
    parser.add_argument(
        '--real-path',
        action='store_true',
        help="also place each picture in a scene, in which the node's pipeline detects and "
        'classifies the face',
    )
    parser.add_argument(
        '--robustness',
        action='store_true',
        help='measure accuracy, F1 and calibration under many conditions: CK+, the real path, and '
        'degraded crops of the real path; the mean accuracy is the robustness score',
    )
    parser.add_argument(
        '--detector',
        default='auto',
        help="detector of --real-path and --robustness; the values are those of the node's "
        'parameter detector',
    )
    parser.add_argument(
        '--detector-model',
        default='',
        help='path of the detector weights; empty: search the folders of models',
    )
    parser.add_argument(
        '--limit',
        type=int,
        metavar='N',
        help='evaluate only N pictures, with the proportions of the labels kept',
    )
    parser.add_argument('--json', action='store_true', help='print only JSON')
    parser.add_argument(
        '--output', type=Path, metavar='DIR', help='folder for a page with plots and a JSON file'
    )
    parser.add_argument('--record', metavar='NAME', help="write the figures to the bundle's card")


def _selection_of_run(arguments: argparse.Namespace, model: str) -> Selection | None:
    """Return the selection of a run, and use its data set unless the arguments name another."""
    folder = run_of(model)
    if folder is None:
        return None
    from training.runs.run import load_run

    recipe = load_run(folder).recipe
    if arguments.data is None:
        arguments.data = str(data_root(dataset=recipe.dataset))
    return recipe.selection


def _split(text: str) -> str:
    """Parse the name of a split."""
    split = split_of(text)
    if split is None:
        raise argparse.ArgumentTypeError(
            f"'{text}' is no split; the splits are train, validation (public) and test (private)"
        )
    return split


def _was_trained_on(card: ModelCard, model: str, data: FaceData) -> bool:
    """
    Check whether to draw the splits that the data lacks.

    Data without splits is measured as a whole, unless the network was trained on a part of it.
    """
    if not data.unsplit:
        return True
    folder = run_of(model)
    if folder is None:
        return card.training.get('data_sha256') == data.sha256
    from training.runs.run import load_run

    return load_run(folder).state['data_sha256'] == data.sha256


def _options(arguments: argparse.Namespace) -> ModelOptions:
    """Collect the options that some models need."""
    return ModelOptions(
        arguments.backend, arguments.head, arguments.labels, tuple(arguments.value_range)
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command `evaluate`."""
    if arguments.robustness:
        return _run_robustness(arguments)
    if len(arguments.model) > 1:
        raise ValueError(
            f'--model has {len(arguments.model)} models; several models need --robustness'
        )
    (model,) = arguments.model
    split = arguments.split or PRIVATE
    classifier = load_classifier(model, _options(arguments))
    data = read_selected(
        arguments,
        _selection_of_run(arguments, model),
        complete=lambda read: _was_trained_on(classifier.card, model, read),
    )
    training = None
    if data.has_split(TRAIN):
        if split != TRAIN:
            training = data.of_split(TRAIN)
        data = data.of_split(split)
    if arguments.limit:
        data = stratified(data, arguments.limit)
    scores = score(classifier, data, arguments.mirrored)
    report = {
        'model': classifier.card.name,
        'backend': classifier.backend.name,
        'split': split,
        **figures(scores, training),
    }
    if arguments.real_path:
        detector = create_detector(arguments.detector, arguments.detector_model)
        report['real_path'] = measure_real_path(scores, classifier, detector)
    if arguments.record:
        record(classifier.card, arguments.record, report)
    if arguments.output:
        # The page needs matplotlib, which a robot may not have.
        from training.pages.evaluation import write_report

        write_report(arguments.output, scores, report, run_of(model))
    print(json.dumps(report) if arguments.json else report_text(report))
    return 0


def _run_robustness(arguments: argparse.Namespace) -> int:
    """Run the command `evaluate --robustness`."""
    for name in ('real_path', 'mirrored', 'record'):
        if getattr(arguments, name):
            raise ValueError(f'--{name.replace("_", "-")} cannot be combined with --robustness')
    split = arguments.split or PUBLIC
    data = read_selected(arguments, _selection_of_run(arguments, arguments.model[0]))
    data = data.of_split(split)
    if arguments.limit:
        data = stratified(data, arguments.limit)
    ckplus = data_root(arguments.data) / DATASETS['ckplus']
    others = read_data(ckplus) if ckplus.exists() else None
    detector = create_detector(arguments.detector, arguments.detector_model)
    found = find_eyes(detector, data.images)
    measured: dict[str, Any] = {
        'split': split,
        'limit': arguments.limit,
        'detector': detector.name,
        'models': [],
    }
    for model in arguments.model:
        classifiers = load_classifiers(model, _options(arguments))
        report = {
            'model': classifiers[0].card.name,
            'backend': classifiers[0].backend.name,
            **measure_robustness(classifiers, data, found, others),
        }
        measured['models'].append(report)
    text = '\n'.join(robustness_lines(measured))
    if arguments.output:
        arguments.output.mkdir(parents=True, exist_ok=True)
        (arguments.output / 'robustness.json').write_text(
            json.dumps(measured, indent=1) + '\n', encoding='utf-8'
        )
        (arguments.output / 'robustness.md').write_text(text + '\n', encoding='utf-8')
    print(json.dumps(measured) if arguments.json else text)
    return 0
