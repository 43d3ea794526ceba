"""
Convert logits to probabilities, and fit the temperature that calibrates them.

A temperature fitted on the original pictures leaves a network overconfident on degraded pictures,
as a robot sees them (Ovadia et al. 2019, arXiv:1906.02530).  The pictures for the fit are
therefore an option.
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
    Convert logits to probabilities, as the node does.

    :param logits: (N, K) float logits of the labels.
    :param temperature: divisor of the logits, above 0.
    :return: (N, K) float64; each row sums to 1.
    """
    return calibrated(logits, 'logits', temperature)


def fit_temperature(logits: np.ndarray, truth: np.ndarray) -> float:
    """
    Fit the temperature with the lowest log loss.

    :param logits: (N, K) float logits of the labels.
    :param truth: (N,) int, labels of pictures that the network was not trained on.
    :return: temperature from 0.05 to 20.
    """

    def loss(inverse: float) -> float:
        return log_loss(softmax(logits, 1 / inverse), truth)

    # The log loss is convex in 1 / temperature.
    found = minimize_scalar(loss, bounds=(1 / 20, 20), method='bounded', options={'xatol': 1e-7})
    return float(1 / found.x)


# Pictures for the fit of a temperature: the original pictures, degraded pictures, or both.
PLAIN, DEGRADED, MIXED = 'plain', 'degraded', 'mixed'
CALIBRATED_ON = (PLAIN, MIXED, DEGRADED)

# The default was chosen on PublicTest by cross-validation: `python -m training calibrate`.
DEFAULT_CALIBRATED_ON = MIXED

# Number of folds of the cross-validation.
FOLDS = 5


class Logits(NamedTuple):
    """
    The logits of a network for pictures and for the same pictures degraded.

    :param plain: (N, K) float, logits of the original pictures.
    :param degraded: (N, K) float, logits of the degraded pictures.
    :param truth: (N,) int numbers of the true labels.
    """

    plain: np.ndarray
    degraded: np.ndarray
    truth: np.ndarray

    def of(self, calibrated_on: str) -> tuple[np.ndarray, np.ndarray]:
        """
        Select the logits for the fit of a temperature.

        :param calibrated_on: one of `CALIBRATED_ON`.
        :return: (M, K) float logits and (M,) int truth.
        """
        if calibrated_on == MIXED:
            both = np.concatenate([self.plain, self.degraded])
            return both, np.concatenate([self.truth, self.truth])
        return (self.plain if calibrated_on == PLAIN else self.degraded), self.truth


def calibration_images(images: np.ndarray, calibrated_on: str) -> np.ndarray:
    """
    Return the pictures for the fit of a temperature.

    :param images: (N, H, W) uint8 gray pictures.
    :param calibrated_on: one of `CALIBRATED_ON`.
    :return: (N, H, W) uint8, or (2 N, H, W) for `MIXED`, with the original pictures first.
    """
    if calibrated_on == PLAIN:
        return images
    degraded = degraded_in_turn(images)
    return np.concatenate([images, degraded]) if calibrated_on == MIXED else degraded


def cross_validated(logits: Logits, calibrated_on: str, seed: int = 0) -> Logits:
    """
    Calibrate logits by cross-validation, with temperatures that were fitted on other pictures.

    :param logits: logits of the pictures.
    :param calibrated_on: one of `CALIBRATED_ON`.
    :param seed: seed of the random folds.
    :return: logits of the same pictures, each fold divided by the temperature of the other folds.
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
    Measure the calibration of logits that are already divided by their temperature.

    :param logits: logits divided by their temperature.
    :param min_confidence: probability below which an answer is uncertain.
    :return: for 'plain' and 'degraded' each: the calibration error 'ece', the 'log_loss', the
        share
        'answered', and the accuracy on the answered pictures, 'right_of_these'.
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
