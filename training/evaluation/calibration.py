"""Turn logits into probabilities, and fit the temperature that calibrates them."""

from __future__ import annotations

import numpy as np

from fer_ros.perception.classification.classifier import calibrated
from training.evaluation.metrics import log_loss


def softmax(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """
    Turn logits into probabilities, as the node does.

    :param logits: (N, K) float.
    :param temperature: divides the logits; above 0.
    :return: (N, K) float64, each row sums to 1.
    """
    return calibrated(logits, 'logits', temperature)


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
