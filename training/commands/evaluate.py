"""
Measure a model: `python -m training evaluate --model models/fer2013_mobile`.

With `--output FOLDER` it writes a page with plots and a JSON file beside what it prints.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from fer_ros.perception.classification import Classifier
from fer_ros.perception.detection import create_detector
from training.bundles.card_figures import record
from training.data.datasets import also_in
from training.data.datasets import data_root
from training.data.datasets import FaceData
from training.data.datasets import SPLITS
from training.data.datasets import TRAIN
from training.data.selection import add_data_arguments
from training.data.selection import read_selected
from training.data.selection import Selection
from training.data.stratified import stratified
from training.data.votes import emotion_votes
from training.evaluation.bootstrap import Bootstrap
from training.evaluation.bootstrap import DRAWS
from training.evaluation.bootstrap import interval
from training.evaluation.classifiers import load_classifier
from training.evaluation.classifiers import ModelOptions
from training.evaluation.classifiers import run_of
from training.evaluation.real_path import measure_real_path
from training.evaluation.report import classification_report
from training.evaluation.scores import score
from training.evaluation.scores import Scores
from training.evaluation.truth import MAJORITY_PROTOCOL
from training.evaluation.truth import votes_for_label
from training.evaluation.truth import votes_for_others
from training.pages.terminal import report_text

FOUR_CLASSES = ('happy', 'sad', 'surprise', 'neutral')


def figures(
    scores: Scores, training: FaceData | None = None, draws: int = DRAWS
) -> dict[str, Any]:
    """
    Compute all that scores tell.

    :param scores: of one split.
    :param training: the pictures that the model learnt from, to tell what it does without them.
    :param draws: of the bootstrap.
    :return: the figures of `classification_report` and those that the data allows beside: by name,
        what JSON can hold.
    """
    kept = scores.take(scores.truth >= 0)
    report = classification_report(kept.probabilities, kept.truth, kept.labels, draws)
    report['protocol'] = scores.protocol
    right = kept.probabilities.argmax(axis=1) == kept.truth
    if training is not None:
        fresh = ~also_in(kept.data.images, training.images)
        _add(report, 'without_training_pictures', right[fresh], draws)
    if scores.protocol.startswith(MAJORITY_PROTOCOL) and scores.data.votes is not None:
        _add_votes(report, scores, scores.data.votes, draws)
    there = sorted(set(kept.truth.tolist()))
    if len(there) < len(kept.labels):
        among = np.array(there)[kept.probabilities[:, there].argmax(axis=1)]
        _add(report, 'among_shared', among == kept.truth, draws)
    if {kept.labels[i] for i in there} > set(FOUR_CLASSES):
        four = [kept.labels.index(name) for name in FOUR_CLASSES]
        chosen = np.isin(kept.truth, four)
        among = np.array(four)[kept.probabilities[:, four].argmax(axis=1)]
        _add(report, 'four_classes', (among == kept.truth)[chosen], draws)
    return report


def _add(report: dict[str, Any], name: str, right: np.ndarray, draws: int) -> None:
    """Add the accuracy on some of the pictures, with its interval and their number."""
    if not len(right):
        return
    report[f'pictures_{name}'] = len(right)
    report[f'accuracy_{name}'] = float(right.mean())
    report['ci95'][f'accuracy_{name}'] = interval(Bootstrap(len(right), draws).means(right))


def _add_votes(
    report: dict[str, Any], scores: Scores, all_votes: np.ndarray, draws: int
) -> None:
    """Add what single annotators say to the network, ties and minorities kept."""
    votes = emotion_votes(all_votes)
    seen = votes.sum(axis=1) > 0
    votes, predicted = votes[seen], scores.probabilities[seen].argmax(axis=1)
    _add(report, 'plurality', predicted == votes.argmax(axis=1), draws)
    counts = votes.sum(axis=1)
    agreeing = {
        'vote_agreement': votes_for_label(predicted, votes),
        'vote_agreement_of_annotators': votes_for_others(votes),
    }
    # The difference of the two has an interval of its own: both are on the same pictures.
    agreeing['vote_agreement_difference'] = np.subtract(*agreeing.values())
    bootstrap = Bootstrap(len(votes), draws)
    report['votes'] = int(counts.sum())
    for name, values in agreeing.items():
        report[name] = float(values.sum() / counts.sum())
        report['ci95'][name] = interval(bootstrap.sums(values) / bootstrap.sums(counts))


def evaluate(
    classifier: Classifier,
    data: FaceData,
    training: FaceData | None = None,
    mirrored: bool = False,
) -> dict[str, Any]:
    """
    Measure a model on pictures.

    :param classifier: the model's.
    :param data: one split.
    :param training: the pictures that it was trained on, to tell what it does without them.
    :param mirrored: as for `classify`.
    :return: model, back end and the figures of `figures`.
    :raises DataError: if data and model do not fit, or no picture is left.
    """
    report = figures(score(classifier, data, mirrored), training)
    return {'model': classifier.card.name, 'backend': classifier.backend.name, **report}


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
