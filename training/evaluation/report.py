"""Compute all figures of a classifier, with their intervals."""

from __future__ import annotations

from typing import Any

import numpy as np

from training.data.datasets import also_in
from training.data.datasets import FaceData
from training.data.votes import emotion_votes
from training.evaluation.bootstrap import Bootstrap
from training.evaluation.bootstrap import DRAWS
from training.evaluation.bootstrap import interval
from training.evaluation.bootstrap import mirrored_interval
from training.evaluation.metrics import accuracy_at_coverage
from training.evaluation.metrics import CALIBRATION_BINS
from training.evaluation.metrics import confidence_bins
from training.evaluation.metrics import confusion_matrix
from training.evaluation.metrics import expected_calibration_error
from training.evaluation.metrics import in_first_two
from training.evaluation.metrics import log_loss
from training.evaluation.metrics import log_losses
from training.evaluation.metrics import macro_mean
from training.evaluation.metrics import per_class
from training.evaluation.metrics import reliability
from training.evaluation.metrics import surest_first
from training.evaluation.scores import Scores
from training.evaluation.truth import MAJORITY_PROTOCOL
from training.evaluation.truth import votes_for_label
from training.evaluation.truth import votes_for_others

# Shares of the pictures at which the accuracy of a classifier that may abstain is reported.
COVERAGES = (1.0, 0.9, 0.8, 0.7, 0.5)


def classification_report(
    probabilities: np.ndarray,
    truth: np.ndarray,
    labels: tuple[str, ...],
    draws: int = DRAWS,
) -> dict[str, Any]:
    """
    Compute all figures of a classifier, with their 95 % intervals.

    :param probabilities: (N, K) float, calibrated; N at least 1.
    :param truth: (N,) int numbers of the true labels.
    :param labels: names of the K labels.
    :param draws: number of samples of the bootstrap.
    :return: figures by name, with values that JSON can store.  `ci95` has the interval of each
        figure
        under its name.  `macro_f1` and `balanced_accuracy` are means over the labels that occur in
        the truth.  `confusion` has a row for each true label.
    """
    predicted = probabilities.argmax(axis=1)
    confusion = confusion_matrix(truth, predicted, len(labels))
    classes = per_class(confusion)
    shares = (confusion.sum(axis=0) - classes['support']) / len(truth)
    ece = expected_calibration_error(probabilities, truth)
    figures = {
        'accuracy': float((predicted == truth).mean()),
        'balanced_accuracy': float(macro_mean(classes['recall'], classes['support'])),
        'macro_f1': float(macro_mean(classes['f1'], classes['support'])),
        'top2': float(in_first_two(probabilities, truth).mean()),
        'log_loss': log_loss(probabilities, truth),
        'ece': ece,
        'accuracy_at_coverage': {
            str(coverage): accuracy_at_coverage(probabilities, truth, coverage)
            for coverage in COVERAGES
        },
        # A positive value means that the label is predicted too often.
        'share_differences': {
            label: float(value) for label, value in zip(labels, shares, strict=True)
        },
    }
    intervals, class_intervals = _intervals(probabilities, truth, ece, draws)
    return {
        'pictures': len(truth),
        **figures,
        'ci95': intervals,
        'reliability': reliability(probabilities, truth),
        'per_class': {
            label: {
                **{name: float(classes[name][i]) for name in ('precision', 'recall', 'f1')},
                'ci95': {name: rows[i] for name, rows in class_intervals.items()},
                'pictures': int(classes['support'][i]),
                'predicted': int(confusion[:, i].sum()),
            }
            for i, label in enumerate(labels)
        },
        'confusion': confusion.tolist(),
    }


def _intervals(
    probabilities: np.ndarray, truth: np.ndarray, ece: float, draws: int
) -> tuple[dict[str, Any], dict[str, list[list[float]]]]:
    """Compute the intervals of the figures of a report, and those of each label."""
    count = probabilities.shape[1]
    predicted = probabilities.argmax(axis=1)
    right = predicted == truth
    bootstrap = Bootstrap(len(truth), draws)
    cells = np.eye(count * count, dtype=np.float32)[truth * count + predicted]
    classes = per_class(bootstrap.sums(cells).reshape(-1, count, count))
    bins = np.eye(CALIBRATION_BINS, dtype=np.float32)[confidence_bins(probabilities)]
    gaps = bootstrap.means(bins * (probabilities.max(axis=1) - right)[:, None])
    order = surest_first(probabilities)
    intervals = {
        'accuracy': interval(bootstrap.means(right)),
        'balanced_accuracy': interval(macro_mean(classes['recall'], classes['support'])),
        'macro_f1': interval(macro_mean(classes['f1'], classes['support'])),
        'top2': interval(bootstrap.means(in_first_two(probabilities, truth))),
        'log_loss': interval(bootstrap.means(log_losses(probabilities, truth))),
        'ece': mirrored_interval(np.abs(gaps).sum(axis=1), ece),
        'accuracy_at_coverage': {
            str(coverage): interval(bootstrap.means_of_first(right, order, coverage))
            for coverage in COVERAGES
        },
    }
    by_class = {
        name: [interval(drawn) for drawn in classes[name].T]
        for name in ('precision', 'recall', 'f1')
    }
    return intervals, by_class


FOUR_CLASSES = ('happy', 'sad', 'surprise', 'neutral')


def figures(
    scores: Scores, training: FaceData | None = None, draws: int = DRAWS
) -> dict[str, Any]:
    """
    Compute all figures of the scores of a split.

    :param scores: scores of one split.
    :param training: training pictures of the model, for the accuracy on pictures that do not occur
        in training.
    :param draws: number of samples of the bootstrap.
    :return: figures of `classification_report`, and further figures that the data allows, with
        values
        that JSON can store.
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


def _add_votes(report: dict[str, Any], scores: Scores, all_votes: np.ndarray, draws: int) -> None:
    """Add the agreement with the single votes of annotators, including ties and minorities."""
    votes = emotion_votes(all_votes)
    seen = votes.sum(axis=1) > 0
    votes, predicted = votes[seen], scores.probabilities[seen].argmax(axis=1)
    _add(report, 'plurality', predicted == votes.argmax(axis=1), draws)
    counts = votes.sum(axis=1)
    agreeing = {
        'vote_agreement': votes_for_label(predicted, votes),
        'vote_agreement_of_annotators': votes_for_others(votes),
    }
    # The two agreements are measured on the same pictures, so their difference has its own
    # interval.
    agreeing['vote_agreement_difference'] = np.subtract(*agreeing.values())
    bootstrap = Bootstrap(len(votes), draws)
    report['votes'] = int(counts.sum())
    for name, values in agreeing.items():
        report[name] = float(values.sum() / counts.sum())
        report['ci95'][name] = interval(bootstrap.sums(values) / bootstrap.sums(counts))
