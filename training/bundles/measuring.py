"""
Measure a bundle, and write its page: `python -m training card models/NAME --measure`.

The page, `README.md`, is generated from `card.yaml` alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fer_ros.perception.decision.baseline import NEUTRAL
from fer_ros.perception.emotions import FERPLUS_LABELS
from fer_ros.perception.models.bundle import BundleError
from fer_ros.perception.models.bundle import load_card
from training.bundles.card_figures import change_metrics
from training.bundles.card_figures import lean
from training.bundles.card_figures import rounded
from training.bundles.card_figures import whole
from training.data.datasets import FaceData
from training.data.datasets import PRIVATE
from training.data.datasets import PUBLIC
from training.data.datasets import TRAIN
from training.data.votes import emotion_votes
from training.evaluation.bootstrap import Bootstrap
from training.evaluation.bootstrap import interval
from training.evaluation.classifiers import classify
from training.evaluation.classifiers import load_classifier
from training.evaluation.classifiers import ModelOptions
from training.evaluation.degradations import DEGRADATIONS
from training.evaluation.real_path import measure_real_path
from training.evaluation.report import figures
from training.evaluation.scores import score
from training.evaluation.scores import Scores
from training.evaluation.truth import MAJORITY_PROTOCOL


def measure(bundle: Path, data: FaceData, others: FaceData | None, detector: Any) -> None:
    """
    Measure all figures of the page of a bundle, and write them into its card.

    :param bundle: folder of the bundle.
    :param data: FER2013 with all its splits.
    :param others: pictures of CK+, or None; they are measured without any change.
    :param detector: face detector for the measurement of faces in scenes.
    """
    classifier = load_classifier(str(bundle))
    training = data.of_split(TRAIN)
    private = score(classifier, data.of_split(PRIVATE))
    prefix = 'ferplus' if private.protocol.startswith(MAJORITY_PROTOCOL) else 'fer2013'
    public = figures(score(classifier, data.of_split(PUBLIC)), training)
    report = figures(private, training)
    mirrored = figures(score(classifier, private.data, mirrored=True))
    report['accuracy_mirrored'] = mirrored['accuracy']
    report['ci95']['accuracy_mirrored'] = mirrored['ci95']['accuracy']
    report['real_path'] = measure_real_path(private, classifier, detector)
    report['degraded'] = _degraded(private, classifier)
    report['recall_of_data_labels'] = rounded(recall_of_data_labels(private))
    taken = taken_for_neutral(private)
    if taken is not None:
        report['taken_for_neutral'] = taken
    found = {f'{prefix}_public': lean(public), f'{prefix}_private': whole(report)}
    if others is not None:
        found['ckplus'] = lean(figures(score(classifier, others)))
    for name, values in found.items():
        change_metrics(classifier.card, name, values)


def measure_seeds(bundle: Path, data: FaceData, runs: Sequence[Path]) -> None:
    """
    Measure runs of one recipe with different seeds, and write their spread into a card.

    :param bundle: folder of the bundle, which was measured before.
    :param data: FER2013 with all its splits.
    :param runs: folders of at least two runs; the folder of a bundle stands for its run.
    :raises BundleError: if there are fewer runs, their labels differ from those of the bundle, or
        the card has no figures.
    """
    card = load_card(bundle)
    prefixes = [name.removesuffix('_private') for name in card.metrics if 'private' in name]
    if len(runs) < 2 or not prefixes:
        raise BundleError(
            f'the seeds of {card.name} need two runs or more and figures on its card (--measure), '
            f'but there are {len(runs)} runs and figures of {", ".join(prefixes) or "no data"}'
        )
    (prefix,) = prefixes
    classifiers = [load_classifier(str(folder), ModelOptions(head=prefix)) for folder in runs]
    for folder, classifier in zip(runs, classifiers, strict=True):
        if classifier.card.labels != card.labels:
            raise BundleError(
                f'the labels of {folder} are {", ".join(classifier.card.labels)}, but those of '
                f'{card.name} are {", ".join(card.labels)}; runs of different seeds must have the '
                'same labels'
            )
    private = data.of_split(PRIVATE)
    accuracies = []
    for classifier in classifiers:
        scores = score(classifier, private)
        kept = scores.take(scores.truth >= 0)
        accuracies.append(float((kept.probabilities.argmax(axis=1) == kept.truth).mean()))
    figures = {
        'accuracy': accuracies,
        'mean': float(np.mean(accuracies)),
        'deviation': float(np.std(accuracies, ddof=1)),
    }
    change_metrics(card, f'{prefix}_seeds', rounded(figures))


def recall_of_data_labels(scores: Scores) -> dict[str, float]:
    """
    Measure the recall of each label of the data, also for a model with the labels of FER+.

    :param scores: scores of one split.
    :return: share of the pictures of a label that are classified as this label, keyed by the
        labels that both the model and the data have.
    """
    said = np.array(scores.labels)[scores.probabilities.argmax(axis=1)]
    truth = np.array(scores.data.label_names)[scores.data.labels]
    return {
        name: float((said[truth == name] == name).mean())
        for name in scores.labels
        if (truth == name).any()
    }


def taken_for_neutral(scores: Scores) -> dict[str, int] | None:
    """
    Count the pictures wrongly classified as neutral, and those that most annotators call neutral.

    :param scores: scores of one split.
    :return: 'pictures', and 'to_most_annotators', the number with more FER+ votes for neutral than
        for any other emotion.  None if there are no votes, or if the truth comes from the votes.
    """
    votes = scores.data.votes
    if votes is None or NEUTRAL not in scores.labels or scores.labels == FERPLUS_LABELS:
        return None
    neutral = scores.labels.index(NEUTRAL)
    wrong = (scores.probabilities.argmax(axis=1) == neutral) & (scores.truth != neutral)
    seen = emotion_votes(votes)[wrong].argmax(axis=1)
    return {
        'pictures': int(wrong.sum()),
        'to_most_annotators': int((seen == FERPLUS_LABELS.index(NEUTRAL)).sum()),
    }


def _degraded(scores: Scores, classifier: Any) -> dict[str, Any]:
    """Measure the accuracy on degraded pictures."""
    kept = scores.take(scores.truth >= 0)
    bootstrap = Bootstrap(len(kept.truth))
    measured = {}
    for name, degrade in DEGRADATIONS.items():
        said = classify(classifier, degrade(kept.data.images)).argmax(axis=1)
        right = said == kept.truth
        measured[name] = {
            'accuracy': float(right.mean()),
            'ci95': interval(bootstrap.means(right)),
            'said_most': kept.labels[int(np.bincount(said).argmax())],
            'said_most_share': float(np.bincount(said).max() / len(said)),
        }
    return rounded(measured)
