"""How far a figure may be from what other pictures of the same kind would give."""

from __future__ import annotations

import numpy as np

# Resamplings: the limits of a 95 % interval then vary by less than a tenth of its width.
DRAWS = 1000

# The quantiles between which a figure lies 95 times of a hundred.
_PERCENTILES = (0.025, 0.975)


class Bootstrap:
    """
    Draws pictures again and again, with replacement (Efron 1979).

    All figures are computed on the same draws, so that two of them can be compared draw by draw.
    """

    def __init__(self, count: int, draws: int = DRAWS, seed: int = 0) -> None:
        """
        Draw.

        :param count: N, of pictures, at least 1.
        :param draws: resamplings.
        :param seed: of them.
        """
        generator = np.random.default_rng(seed)
        self._count = count
        # How often each picture occurs in each draw.  One row at a time: all of the numbers drawn
        # at once would take eight times the memory of the counts.
        self._weights = np.empty((draws, count), np.float32)
        for row in self._weights:
            row[:] = np.bincount(generator.integers(0, count, count), minlength=count)

    def sums(self, values: np.ndarray) -> np.ndarray:
        """
        Add up what each picture has.

        :param values: (N,) or (N, M) numbers.
        :return: (draws,) or (draws, M) float64.
        """
        return (self._weights @ np.asarray(values, np.float32)).astype(np.float64)

    def means(self, values: np.ndarray) -> np.ndarray:
        """
        Average what each picture has.

        :param values: (N,) or (N, M) numbers.
        :return: (draws,) or (draws, M) float64.
        """
        return self.sums(values) / self._count

    def means_of_first(self, values: np.ndarray, order: np.ndarray, share: float) -> np.ndarray:
        """
        Average over those pictures of each draw that come first in an order.

        :param values: (N,) numbers.
        :param order: (N,) indices, the first picture's first.
        :param share: of the pictures that count, above 0 and at most 1.
        :return: (draws,) float64.
        """
        most = max(1, round(share * self._count))
        weights = self._weights[:, order]
        before = np.cumsum(weights, axis=1) - weights
        counted = np.clip(most - before, 0, weights)
        return (counted @ np.asarray(values, np.float32)[order]).astype(np.float64) / most


def interval(drawn: np.ndarray) -> list[float]:
    """
    Give the 95 % interval of a figure: the percentiles of what the draws gave.

    :param drawn: (draws,) float.
    :return: [lower, upper].
    """
    lower, upper = np.quantile(drawn, _PERCENTILES)
    return [float(lower), float(upper)]


def mirrored_interval(drawn: np.ndarray, found: float, least: float = 0.0) -> list[float]:
    """
    Give the 95 % interval of a figure that chance only ever raises.

    Every draw adds its own noise to a sum of absolute gaps, so that the percentiles may all lie
    above the figure itself; the basic bootstrap (Davison and Hinkley 1997, 5.6) mirrors them.

    :param drawn: (draws,) float.
    :param found: the figure.
    :param least: that it can be.
    :return: [lower, upper].
    """
    lower, upper = interval(drawn)
    return [max(least, 2 * found - upper), max(least, 2 * found - lower)]
