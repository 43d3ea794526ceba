"""Measure a bundle: `python -m training evaluate --model models/fer2013_small`."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
import json
from typing import Any

import numpy as np
import yaml

from fer_ros.perception.backends.choice import create_backend
from fer_ros.perception.bundle import CARD_NAME
from fer_ros.perception.bundle import find_bundle
from fer_ros.perception.bundle import load_card
from fer_ros.perception.bundle import ModelCard
from fer_ros.perception.classification import Classifier
from fer_ros.perception.emotions import FERPLUS_LABELS
from training.augmentation import resize
from training.datasets import also_in
from training.datasets import data_root
from training.datasets import DataError
from training.datasets import FaceData
from training.datasets import SPLITS
from training.datasets import TRAIN
from training.metrics import classification_report
from training.readers import read_data
from training.votes import emotion_votes
from training.votes import LEFT_OUT
from training.votes import majority

# Pictures that are classified at once.
CHUNK = 512

# Figures that `--record` puts into a card.
RECORDED = (
    'pictures',
    'accuracy',
    'accuracy_ci95',
    'balanced_accuracy',
    'macro_f1',
    'top2',
    'log_loss',
    'ece',
    'accuracy_at_coverage',
    'accuracy_without_training_pictures',
    'accuracy_plurality',
    'vote_agreement',
    'vote_agreement_of_annotators',
    'accuracy_among_shared',
    'accuracy_four_classes',
)

FOUR_CLASSES = ('happy', 'sad', 'surprise', 'neutral')


@dataclass(frozen=True)
class Truth:
    """
    What the pictures really show, in a model's own labels.

    :param labels: (N,) int64, indices into the model's labels, `LEFT_OUT` where there is none.
    :param protocol: how it was come by, in words.
    """

    labels: np.ndarray
    protocol: str


def truth_for(card: ModelCard, data: FaceData) -> Truth:
    """
    Bring the truth of the data into a model's labels.

    A model that knows contempt is measured on FER2013's pictures by FER+'s majority, any other by
    the labels of the data; labels that the model does not have are left out.

    :param card: the model's.
    :param data: to measure on.
    :return: the truth.
    :raises DataError: if data and model have fewer than two labels in common.
    """
    if card.labels == FERPLUS_LABELS and data.votes is not None:
        return Truth(majority(data.votes), 'majority of the FER+ votes, by the rule of its code')
    common = [name for name in data.label_names if name in card.labels]
    if len(common) < 2:
        raise DataError(
            f'{card.name} has the labels {", ".join(card.labels)}, '
            f'the data {", ".join(data.label_names)}: fewer than two in common'
        )
    index = np.array(
        [card.labels.index(n) if n in card.labels else LEFT_OUT for n in data.label_names]
    )
    left_out = [name for name in data.label_names if name not in card.labels]
    protocol = 'labels of the data' + (f' without {", ".join(left_out)}' if left_out else '')
    return Truth(index[data.labels], protocol)


def classify(classifier: Classifier, images: np.ndarray, mirrored: bool = False) -> np.ndarray:
    """
    Classify pictures as the node would crops.

    :param classifier: a bundle's.
    :param images: (N, H, W) uint8, gray; brought to the size of the input.
    :param mirrored: take the mean with what it says of the mirrored picture, which the node does
        not do.
    :return: (N, labels) float64, calibrated.
    """
    sized = resize(images, classifier.card.input.height)
    starts = range(0, len(sized), CHUNK)
    found = np.concatenate([classifier.classify(list(sized[i:][:CHUNK])) for i in starts])
    return (found + classify(classifier, sized[:, :, ::-1])) / 2 if mirrored else found


def vote_agreement(predicted: np.ndarray, votes: np.ndarray) -> tuple[float, float]:
    """
    Compare a network with single annotators, and these with each other.

    :param predicted: (N,) int, the network's first label of each picture.
    :param votes: (N, 8) integers, votes for each label.
    :return: the share of single votes that are for the network's label, and the share that are
        for the label with most votes of the other annotators (of a tie between k labels, 1 / k).
    """
    votes = votes.astype(np.int64)
    total = votes.sum()
    network = votes[np.arange(len(votes)), predicted].sum() / total
    others = 0.0
    for label in range(votes.shape[1]):
        rest = votes.copy()
        rest[:, label] -= 1
        most = rest.max(axis=1)
        ties = (rest == most[:, None]).sum(axis=1)
        agrees = (rest[:, label] == most) & (most > 0)
        others += (votes[:, label] * np.where(agrees, 1 / ties, 0)).sum()
    return float(network), float(others / total)


def evaluate(
    classifier: Classifier,
    data: FaceData,
    training: FaceData | None = None,
    mirrored: bool = False,
) -> dict[str, Any]:
    """
    Measure a bundle on pictures.

    :param classifier: the bundle's.
    :param data: one split.
    :param training: the pictures that it was trained on, to tell what it does without them.
    :param mirrored: as for `classify`.
    :return: the figures of `classification_report` and those that the data allows beside: by name,
        what JSON can hold.
    :raises DataError: if data and model do not fit, or no picture is left.
    """
    card = classifier.card
    truth = truth_for(card, data)
    probabilities = classify(classifier, data.images, mirrored)
    kept = truth.labels >= 0
    if not kept.any():
        raise DataError(f'none of the {len(data)} pictures has a label of {card.name}')
    report = classification_report(probabilities[kept], truth.labels[kept], card.labels)
    report = {'model': card.name, 'backend': classifier.backend.name, **report}
    crops = 'mean of crop and mirrored crop' if mirrored else 'one crop, no test-time augmentation'
    report['protocol'] = f'{truth.protocol}; {crops}'
    predicted = probabilities.argmax(axis=1)
    right = predicted == truth.labels
    if training is not None:
        fresh = kept & ~also_in(data.images, training.images)
        report['pictures_without_training_pictures'] = int(fresh.sum())
        report['accuracy_without_training_pictures'] = float(right[fresh].mean())
    if card.labels == FERPLUS_LABELS and data.votes is not None:
        votes = emotion_votes(data.votes)
        seen = votes.sum(axis=1) > 0
        plurality = votes.argmax(axis=1)
        report['pictures_plurality'] = int(seen.sum())
        report['accuracy_plurality'] = float((predicted == plurality)[seen].mean())
        network, annotators = vote_agreement(predicted[seen], votes[seen])
        report['vote_agreement'] = network
        report['vote_agreement_of_annotators'] = annotators
    there = sorted(set(truth.labels[kept].tolist()))
    if len(there) < len(card.labels):
        among = np.array(there)[probabilities[:, there].argmax(axis=1)]
        report['accuracy_among_shared'] = float((among == truth.labels)[kept].mean())
    if set(FOUR_CLASSES) <= {card.labels[i] for i in there}:
        four = [card.labels.index(name) for name in FOUR_CLASSES]
        chosen = np.isin(truth.labels, four)
        among = np.array(four)[probabilities[:, four].argmax(axis=1)]
        report['accuracy_four_classes'] = float((among == truth.labels)[chosen].mean())
    return report


def report_text(report: dict[str, Any]) -> str:
    """
    Write a report for a person.

    :param report: of `evaluate`.
    :return: lines; the accuracy has one of its own.
    """
    lower, upper = report['accuracy_ci95']
    lines = [
        f'{report["model"]} on {report["backend"]}, {report["pictures"]} pictures '
        f'({report["protocol"]})',
        f'accuracy: {100 * report["accuracy"]:.2f} %',
        f'95 % interval: {100 * lower:.2f} to {100 * upper:.2f} %',
        f'balanced accuracy: {100 * report["balanced_accuracy"]:.2f} %',
        f'macro-F1: {report["macro_f1"]:.4f}',
        f'top-2 accuracy: {100 * report["top2"]:.2f} %',
        f'log loss: {report["log_loss"]:.4f}',
        f'expected calibration error: {report["ece"]:.4f}',
    ]
    lines += [
        f'accuracy on the surest {100 * float(coverage):.0f} %: {100 * value:.2f} %'
        for coverage, value in report['accuracy_at_coverage'].items()
        if float(coverage) < 1
    ]
    for name, words in (
        ('accuracy_without_training_pictures', 'without pictures that occur in Training'),
        ('accuracy_plurality', 'against the plurality of votes, ties and minorities kept'),
        ('vote_agreement', 'single votes for its label'),
        ('vote_agreement_of_annotators', "single votes for the other annotators' label"),
        ('accuracy_among_shared', 'with only the labels that the data has'),
        ('accuracy_four_classes', f'among {", ".join(FOUR_CLASSES)}'),
    ):
        if name in report:
            count = report.get(f'pictures_{name.removeprefix("accuracy_")}')
            of = f' ({count} pictures)' if count else ''
            lines.append(f'{words}: {100 * report[name]:.2f} %{of}')
    names = list(report['per_class'])
    width = max(map(len, names))
    lines += ['', f'{"":{width}}  precision  recall     F1  pictures  predicted']
    lines += [
        f'{name:{width}}  {row["precision"]:9.3f}  {row["recall"]:6.3f}  {row["f1"]:5.3f}'
        f'  {row["pictures"]:8d}  {row["predicted"]:9d}'
        for name, row in report['per_class'].items()
    ]
    lines += ['', 'true label, then how often it was taken for each:']
    lines += [f'{"":{width}} ' + ''.join(f'{name[:8]:>9}' for name in names)]
    lines += [
        f'{name:{width}} ' + ''.join(f'{count:9d}' for count in row)
        for name, row in zip(names, report['confusion'], strict=True)
    ]
    return '\n'.join(lines)


def record(card: ModelCard, name: str, report: dict[str, Any]) -> None:
    """
    Put a report's figures into a bundle's card.

    :param card: of the bundle; its file is written anew.
    :param name: under `metrics`, 'fer2013_private' for example.
    :param report: of `evaluate`.
    """
    path = card.folder / CARD_NAME
    written = yaml.safe_load(path.read_text(encoding='utf-8'))
    figures = {key: _rounded(report[key]) for key in RECORDED if key in report}
    figures['protocol'] = report['protocol']
    written.setdefault('metrics', {})[name] = figures
    path.write_text(card_text(written), encoding='utf-8')


def card_text(written: dict[str, Any]) -> str:
    """Write a card as YAML, its keys in their order and short lists on one line."""
    return yaml.dump(
        written, sort_keys=False, allow_unicode=True, default_flow_style=None, width=96
    )


def _rounded(value: Any) -> Any:
    """Cut figures to four digits: more than the number of pictures tells."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return value


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell what `evaluate` takes."""
    parser.add_argument('--model', required=True, help='a bundle: its folder, or its name')
    parser.add_argument('--data', help='a data set: its folder or file (default: FER2013)')
    parser.add_argument('--split', choices=SPLITS, default='private')
    parser.add_argument('--strict', action='store_true', help='stop at the first broken picture')
    parser.add_argument('--backend', default='litert', help='as the parameter of the node')
    parser.add_argument(
        '--mirrored', action='store_true', help='mean of each picture and its mirror image'
    )
    parser.add_argument('--json', action='store_true', help='print JSON, and nothing else')
    parser.add_argument('--record', metavar='NAME', help="put the figures into the bundle's card")


def run(arguments: argparse.Namespace) -> int:
    """Carry out `evaluate`."""
    card = load_card(find_bundle(arguments.model))
    classifier = Classifier(card, create_backend(arguments.backend, card))
    data = read_data(data_root(arguments.data), arguments.strict)
    training = None
    if data.has_split(TRAIN):
        if arguments.split != TRAIN:
            training = data.of_split(TRAIN)
        data = data.of_split(arguments.split)
    report = evaluate(classifier, data, training, arguments.mirrored)
    if arguments.record:
        record(card, arguments.record, report)
    print(json.dumps(report) if arguments.json else report_text(report))
    return 0
