"""Confidence intervals of figures by the bootstrap over pictures."""

from __future__ import annotations

import numpy as np

# Number of samples; the limits of a 95 % interval then vary by less than a tenth of its width.
DRAWS = 1000

# Quantiles of a 95 % interval.
_PERCENTILES = (0.025, 0.975)


class Bootstrap:
    """
    Draws random samples of pictures with replacement (Efron 1979).

    All figures are computed on the same samples, so two figures can be compared sample by sample.
    """

    def __init__(self, count: int, draws: int = DRAWS, seed: int = 0) -> None:
        """
        Draw the samples.

        :param count: number of pictures N, at least 1.
        :param draws: number of samples.
        :param seed: seed of the random numbers.
        """
        generator = np.random.default_rng(seed)
        self._count = count
        # Number of occurrences of each picture in each sample.  The indices are drawn row by row,
        # because all indices together would take eight times the memory of the counts.
        self._weights = np.empty((draws, count), np.float32)
        for row in self._weights:
            row[:] = np.bincount(generator.integers(0, count, count), minlength=count)

    def sums(self, values: np.ndarray) -> np.ndarray:
        """
        Compute the sum over the pictures of each sample.

        :param values: (N,) or (N, M), values of each picture.
        :return: (draws,) or (draws, M) float64.
        """
        return (self._weights @ np.asarray(values, np.float32)).astype(np.float64)

    def means(self, values: np.ndarray) -> np.ndarray:
        """
        Compute the mean over the pictures of each sample.

        :param values: (N,) or (N, M), values of each picture.
        :return: (draws,) or (draws, M) float64.
        """
        return self.sums(values) / self._count

    def means_of_first(self, values: np.ndarray, order: np.ndarray, share: float) -> np.ndarray:
        """
        Compute the mean over the first pictures of each sample in an order.

        :param values: (N,), values of each picture.
        :param order: (N,) int, indices of the pictures in order.
        :param share: share of the sample to average over, above 0 and at most 1.
        :return: (draws,) float64 means.
        """
        most = max(1, round(share * self._count))
        weights = self._weights[:, order]
        before = np.cumsum(weights, axis=1) - weights
        counted = np.clip(most - before, 0, weights)
        return (counted @ np.asarray(values, np.float32)[order]).astype(np.float64) / most


def interval(drawn: np.ndarray) -> list[float]:
    """
    Compute the 95 % percentile interval of a figure.

    :param drawn: (draws,) float, the figure of each sample.
    :return: [lower, upper].
    """
    lower, upper = np.quantile(drawn, _PERCENTILES)
    return [float(lower), float(upper)]


def mirrored_interval(drawn: np.ndarray, found: float, least: float = 0.0) -> list[float]:
    """
    Compute the 95 % interval of a figure that noise always raises.

    Each sample adds noise to a sum of absolute differences, so all percentiles may be above the
    figure
    itself.  The basic bootstrap (Davison and Hinkley 1997, 5.6) mirrors them at the figure.

    :param drawn: (draws,) float, the figure of each sample.
    :param found: the figure of all pictures.
    :param least: smallest possible value of the figure.
    :return: [lower, upper].
    """
    lower, upper = interval(drawn)
    return [max(least, 2 * found - upper), max(least, 2 * found - lower)]
