"""Figures of a classifier, from its probabilities and the truth."""

from __future__ import annotations

from typing import Any

import numpy as np

from fer_ros.perception.classification.classifier import LEAST_PROBABILITY

# Number of bins of the expected calibration error (Guo et al. 2017, arXiv:1706.04599).
CALIBRATION_BINS = 15


def confusion_matrix(truth: np.ndarray, predicted: np.ndarray, count: int) -> np.ndarray:
    """
    Compute the confusion matrix.

    :param truth: (N,) int numbers of the true labels.
    :param predicted: (N,) int numbers of the predicted labels.
    :param count: number of labels K.
    :return: (K, K) int64; a row for each true label, a column for each predicted label.
    """
    flat = np.bincount(truth * count + predicted, minlength=count * count)
    return flat.reshape(count, count)


def per_class(confusion: np.ndarray) -> dict[str, np.ndarray]:
    """
    Compute precision, recall and F1 of each label.

    :param confusion: (..., K, K), one or several confusion matrices, as in `confusion_matrix`.
    :return: 'precision', 'recall', 'f1' and 'support', each (..., K); a division by zero gives 0.
    """
    hits = np.diagonal(confusion, axis1=-2, axis2=-1).astype(np.float64)
    support = confusion.sum(axis=-1)
    predicted = confusion.sum(axis=-2)
    zero = np.zeros_like(hits)
    both = (support + predicted).astype(np.float64)
    return {
        'precision': np.divide(hits, predicted, out=zero.copy(), where=predicted > 0),
        'recall': np.divide(hits, support, out=zero.copy(), where=support > 0),
        'f1': np.divide(2 * hits, both, out=zero.copy(), where=both > 0),
        'support': support,
    }


def confidence_bins(probabilities: np.ndarray, bins: int = CALIBRATION_BINS) -> np.ndarray:
    """
    Assign pictures to bins of equal width by the probability of their most likely label.

    :param probabilities: (N, K) float probabilities of the labels.
    :param bins: number of bins.
    :return: (N,) int64, index of the bin, from 0.
    """
    # The last bin includes its upper edge, 1.
    return np.minimum((probabilities.max(axis=1) * bins).astype(np.int64), bins - 1)


def reliability(
    probabilities: np.ndarray, truth: np.ndarray, bins: int = CALIBRATION_BINS
) -> dict[str, list[Any]]:
    """
    Compute the mean confidence and the accuracy of each bin.

    :param probabilities: (N, K) float probabilities of the labels.
    :param truth: (N,) int numbers of the true labels.
    :param bins: number of bins of equal width from 0 to 1.
    :return: 'pictures', mean 'confidence' and 'accuracy' of each bin; the latter two are None for
        an
        empty bin.
    """
    index = confidence_bins(probabilities, bins)
    counts = np.bincount(index, minlength=bins)
    confidence = np.bincount(index, probabilities.max(axis=1), minlength=bins)
    right = np.bincount(index, probabilities.argmax(axis=1) == truth, minlength=bins)
    return {
        'pictures': counts.tolist(),
        'confidence': _ratios(confidence, counts),
        'accuracy': _ratios(right, counts),
    }


def _ratios(sums: np.ndarray, counts: np.ndarray) -> list[float | None]:
    """Divide element by element, with None for a division by zero."""
    return [float(s / n) if n else None for s, n in zip(sums, counts, strict=True)]


def expected_calibration_error(
    probabilities: np.ndarray, truth: np.ndarray, bins: int = CALIBRATION_BINS
) -> float:
    """
    Compute the mean difference between confidence and accuracy in bins, weighted by their size.

    :param probabilities: (N, K) float probabilities of the labels.
    :param truth: (N,) int numbers of the true labels.
    :param bins: number of bins of equal width.
    :return: error from 0 to 1.
    """
    right = probabilities.argmax(axis=1) == truth
    index = confidence_bins(probabilities, bins)
    gaps = np.bincount(index, probabilities.max(axis=1) - right, minlength=bins)
    return float(np.abs(gaps).sum() / len(truth))


def accuracy_at_coverage(probabilities: np.ndarray, truth: np.ndarray, coverage: float) -> float:
    """
    Compute the accuracy on the pictures with the highest confidence.

    :param probabilities: (N, K) float probabilities of the labels.
    :param truth: (N,) int numbers of the true labels.
    :param coverage: share of the pictures, above 0 and at most 1.
    :return: accuracy from 0 to 1.
    """
    count = max(1, round(coverage * len(truth)))
    surest = surest_first(probabilities)[:count]
    return float(np.mean(probabilities[surest].argmax(axis=1) == truth[surest]))


def surest_first(probabilities: np.ndarray) -> np.ndarray:
    """
    Order pictures by the probability of their most likely label.

    :param probabilities: (N, K) float probabilities of the labels.
    :return: (N,) indices, with the highest probability first.
    """
    return np.argsort(-probabilities.max(axis=1), kind='stable')


def log_loss(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """
    Compute the mean negative logarithm of the probability of the true label.

    :param probabilities: (N, K) float probabilities of the labels.
    :param truth: (N,) int numbers of the true labels.
    :return: log loss in nats.
    """
    return float(log_losses(probabilities, truth).mean())


def log_losses(probabilities: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """
    Compute the negative logarithm of the probability of the true label for each picture.

    :param probabilities: (N, K) float probabilities of the labels.
    :param truth: (N,) int numbers of the true labels.
    :return: (N,) float64, in nats.
    """
    given = probabilities[np.arange(len(truth)), truth]
    return -np.log(np.maximum(given, LEAST_PROBABILITY))


def macro_mean(values: np.ndarray, support: np.ndarray) -> np.ndarray:
    """
    Average a figure over the labels that occur in the truth.

    :param values: (..., K) float, a figure of each label.
    :param support: (..., K), number of pictures of each label.
    :return: (...) float64.
    """
    there = support > 0
    return np.where(there, values, 0).sum(axis=-1) / there.sum(axis=-1)


def answers(
    probabilities: np.ndarray, truth: np.ndarray, min_confidence: float
) -> dict[str, float]:
    """
    Compute the share of pictures with an answer at a minimum confidence, and the accuracy on them.

    :param probabilities: (N, K) float probabilities of the labels.
    :param truth: (N,) int numbers of the true labels.
    :param min_confidence: probability below which an answer is uncertain.
    :return: the share 'answered', and the accuracy on the answered pictures, 'right_of_these'; 0
        if
        there are none.
    """
    right = probabilities.argmax(axis=1) == truth
    answered = probabilities.max(axis=1) >= min_confidence
    return {
        'answered': float(answered.mean()),
        'right_of_these': float(right[answered].mean()) if answered.any() else 0.0,
    }


def in_first_two(probabilities: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """
    Check whether the true label is one of the two most likely labels of each picture.

    :param probabilities: (N, K) float probabilities of the labels.
    :param truth: (N,) int numbers of the true labels.
    :return: (N,) bool, True if the true label is one of the two.
    """
    best = np.argsort(-probabilities, axis=1, kind='stable')[:, :2]
    return (best == truth[:, None]).any(axis=1)
