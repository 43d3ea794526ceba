"""
Turn logits into probabilities, and fit the temperature that calibrates them.

A temperature that fits pictures as they are leaves a network too sure of degraded pictures, such
as a robot sees (Ovadia et al. 2019, arXiv:1906.02530).  So one may choose what it is fitted on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar

from fer_ros.perception.classification.classifier import calibrated
from training.evaluation.degradations import degraded_in_turn
from training.evaluation.metrics import answers
from training.evaluation.metrics import expected_calibration_error
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

    def loss(inverse: float) -> float:
        return log_loss(softmax(logits, 1 / inverse), truth)

    # The log loss is convex in 1 / temperature.
    found = minimize_scalar(loss, bounds=(1 / 20, 20), method='bounded', options={'xatol': 1e-7})
    return float(1 / found.x)


# What a temperature may be fitted on: pictures as they are, each degraded in one way, or both.
PLAIN, DEGRADED, MIXED = 'plain', 'degraded', 'mixed'
CALIBRATED_ON = (PLAIN, MIXED, DEGRADED)

# Chosen on PublicTest by cross-validation: `python -m training calibrate`.
DEFAULT_CALIBRATED_ON = MIXED

# Folds of the cross-validation.
FOLDS = 5


class Logits(NamedTuple):
    """
    What a network says of pictures, and of the same pictures degraded.

    :param plain: (N, K) float.
    :param degraded: (N, K) float.
    :param truth: (N,) int.
    """

    plain: np.ndarray
    degraded: np.ndarray
    truth: np.ndarray

    def of(self, calibrated_on: str) -> tuple[np.ndarray, np.ndarray]:
        """
        Choose what a temperature is fitted on.

        :param calibrated_on: one of `CALIBRATED_ON`.
        :return: (M, K) float logits and (M,) int truth.
        """
        if calibrated_on == MIXED:
            both = np.concatenate([self.plain, self.degraded])
            return both, np.concatenate([self.truth, self.truth])
        return (self.plain if calibrated_on == PLAIN else self.degraded), self.truth


def calibration_images(images: np.ndarray, calibrated_on: str) -> np.ndarray:
    """
    Give the pictures that a temperature is fitted on.

    :param images: (N, H, W) uint8.
    :param calibrated_on: one of `CALIBRATED_ON`.
    :return: (N, H, W) uint8, or (2 N, H, W) for `MIXED`: the pictures as they are come first.
    """
    if calibrated_on == PLAIN:
        return images
    degraded = degraded_in_turn(images)
    return np.concatenate([images, degraded]) if calibrated_on == MIXED else degraded


def cross_validated(logits: Logits, calibrated_on: str, seed: int = 0) -> Logits:
    """
    Divide logits by temperatures that were fitted on other pictures.

    :param logits: of the pictures.
    :param calibrated_on: one of `CALIBRATED_ON`.
    :param seed: of the parts.
    :return: of the same pictures, each part divided by the temperature of the other parts.
    """
    fold = np.random.default_rng(seed).permutation(len(logits.truth)) % FOLDS
    plain, degraded = (np.array(part, np.float64) for part in logits[:2])
    for number in range(FOLDS):
        others = Logits(*(part[fold != number] for part in logits))
        temperature = fit_temperature(*others.of(calibrated_on))
        plain[fold == number] /= temperature
        degraded[fold == number] /= temperature
    return Logits(plain, degraded, logits.truth)


def calibration_figures(
    logits: Logits, min_confidence: float
) -> Mapping[str, Mapping[str, float]]:
    """
    Measure the calibration of logits that were divided by their temperature.

    :param logits: divided.
    :param min_confidence: less sure answers are uncertain.
    :return: for 'plain' and 'degraded' the calibration error 'ece', the 'log_loss', the share
        that is 'answered', and the accuracy on these, 'right_of_these'.
    """
    found = {}
    for name, part in ((PLAIN, logits.plain), (DEGRADED, logits.degraded)):
        probabilities = softmax(part)
        found[name] = {
            'ece': expected_calibration_error(probabilities, logits.truth),
            'log_loss': log_loss(probabilities, logits.truth),
            **answers(probabilities, logits.truth, min_confidence),
        }
    return found
