"""Figures of a classifier, from its probabilities and the truth; NumPy only."""

from __future__ import annotations

from typing import Any

import numpy as np

# Of the expected calibration error (Guo et al. 2017, arXiv:1706.04599).
CALIBRATION_BINS = 15

# Shares of the pictures on which a classifier that may abstain does not.
COVERAGES = (1.0, 0.9, 0.8, 0.7, 0.5)

# A probability below this costs no more than it.
LEAST_PROBABILITY = 1e-12


def softmax(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """
    Turn logits into probabilities.

    :param logits: (N, K) float.
    :param temperature: above 0, they are divided by it.
    :return: (N, K) float64, each row sums to 1.
    """
    scaled = np.asarray(logits, np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def confusion_matrix(truth: np.ndarray, predicted: np.ndarray, count: int) -> np.ndarray:
    """
    Count how often each label was taken for each.

    :param truth: (N,) int.
    :param predicted: (N,) int.
    :param count: K, the number of labels.
    :return: (K, K) int64; a row for each true label, a column for each predicted one.
    """
    flat = np.bincount(truth * count + predicted, minlength=count * count)
    return flat.reshape(count, count)


def per_class(confusion: np.ndarray) -> dict[str, np.ndarray]:
    """
    Give precision, recall and F1 of each label.

    :param confusion: (K, K) int, of `confusion_matrix`.
    :return: 'precision', 'recall', 'f1' and 'support', each (K,); what would divide by zero is 0.
    """
    hits = np.diag(confusion).astype(np.float64)
    support = confusion.sum(axis=1)
    predicted = confusion.sum(axis=0)
    zero = np.zeros_like(hits)
    both = (support + predicted).astype(np.float64)
    return {
        'precision': np.divide(hits, predicted, out=zero.copy(), where=predicted > 0),
        'recall': np.divide(hits, support, out=zero.copy(), where=support > 0),
        'f1': np.divide(2 * hits, both, out=zero.copy(), where=both > 0),
        'support': support,
    }


def expected_calibration_error(
    probabilities: np.ndarray, truth: np.ndarray, bins: int = CALIBRATION_BINS
) -> float:
    """
    Measure how far confidence is from accuracy, in bins of equal width, weighted by their size.

    :param probabilities: (N, K) float.
    :param truth: (N,) int.
    :param bins: how many.
    :return: from 0 to 1.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    # The last bin has its upper edge, 1, in it.
    index = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = np.bincount(index, confidence - right, minlength=bins)
    return float(np.abs(gaps).sum() / len(truth))


def accuracy_at_coverage(probabilities: np.ndarray, truth: np.ndarray, coverage: float) -> float:
    """
    Measure the accuracy on the pictures that a classifier is surest of.

    :param probabilities: (N, K) float.
    :param truth: (N,) int.
    :param coverage: the share of the pictures, above 0 and at most 1.
    :return: from 0 to 1.
    """
    count = max(1, round(coverage * len(truth)))
    surest = np.argsort(-probabilities.max(axis=1), kind='stable')[:count]
    return float(np.mean(probabilities[surest].argmax(axis=1) == truth[surest]))


def log_loss(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """
    Give the mean negative logarithm of the probability of the truth.

    :param probabilities: (N, K) float.
    :param truth: (N,) int.
    :return: in nats.
    """
    given = probabilities[np.arange(len(truth)), truth]
    return float(-np.log(np.maximum(given, LEAST_PROBABILITY)).mean())


def confidence_interval(
    right: np.ndarray, draws: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """
    Give the 95 % interval of an accuracy by the bootstrap (Efron 1979).

    :param right: (N,) bool.
    :param draws: resamplings.
    :param seed: of them.
    :return: (lower, upper).
    """
    # A resampling of N hits and misses with replacement is one draw of a binomial.
    generator = np.random.default_rng(seed)
    means = generator.binomial(len(right), np.mean(right), draws) / len(right)
    lower, upper = np.quantile(means, [0.025, 0.975])
    return float(lower), float(upper)


def fit_temperature(logits: np.ndarray, truth: np.ndarray) -> float:
    """
    Find the temperature at which the probabilities fit the truth best, by the log loss.

    :param logits: (N, K) float.
    :param truth: (N,) int, of pictures that the network did not learn from.
    :return: from 0.05 to 20.
    """
    # The log loss is convex in 1 / temperature: halving finds its least.
    low, high = 1 / 20.0, 20.0
    golden = (5**0.5 - 1) / 2
    for _ in range(60):
        left, right = high - golden * (high - low), low + golden * (high - low)
        left_loss = log_loss(softmax(logits, 1 / left), truth)
        if left_loss < log_loss(softmax(logits, 1 / right), truth):
            high = right
        else:
            low = left
    return 2 / (low + high)


def classification_report(
    probabilities: np.ndarray, truth: np.ndarray, labels: tuple[str, ...]
) -> dict[str, Any]:
    """
    Give all figures of a classifier.

    :param probabilities: (N, K) float, calibrated; N at least 1.
    :param truth: (N,) int.
    :param labels: K names.
    :return: by name, what JSON can hold.  `macro_f1` and `balanced_accuracy` are means over the
        labels that occur in the truth; `confusion` has a row for each true label.
    """
    predicted = probabilities.argmax(axis=1)
    right = predicted == truth
    confusion = confusion_matrix(truth, predicted, len(labels))
    classes = per_class(confusion)
    there = classes['support'] > 0
    lower, upper = confidence_interval(right)
    second = np.argsort(-probabilities, axis=1, kind='stable')[:, :2]
    return {
        'pictures': len(truth),
        'accuracy': float(right.mean()),
        'accuracy_ci95': [lower, upper],
        'balanced_accuracy': float(classes['recall'][there].mean()),
        'macro_f1': float(classes['f1'][there].mean()),
        'top2': float((second == truth[:, None]).any(axis=1).mean()),
        'log_loss': log_loss(probabilities, truth),
        'ece': expected_calibration_error(probabilities, truth),
        'accuracy_at_coverage': {
            str(coverage): accuracy_at_coverage(probabilities, truth, coverage)
            for coverage in COVERAGES
        },
        'per_class': {
            label: {
                'precision': float(classes['precision'][i]),
                'recall': float(classes['recall'][i]),
                'f1': float(classes['f1'][i]),
                'pictures': int(classes['support'][i]),
                'predicted': int(confusion[:, i].sum()),
            }
            for i, label in enumerate(labels)
        },
        'confusion': confusion.tolist(),
    }
