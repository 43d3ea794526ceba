"""
Smooth values over time without much delay, with the One-Euro filter.

Casiez, Roussel and Vogel, 1€ Filter: A Simple Speed-based Low-pass Filter for Noisy Input in
Interactive Systems, 2012, doi:10.1145/2207676.2208639.
"""

from __future__ import annotations

import math

import numpy as np


class OneEuroFilter:
    """
    Smooth an array of values; the faster all of them move, the less.

    The original filter measures the speed of each value. This one uses the root mean square of all
    speeds, because the landmarks of a head move together: their mean has less noise.
    """

    def __init__(self, least_cutoff: float, slope: float, speed_cutoff: float) -> None:
        """
        Create a filter without observations.

        :param least_cutoff: cutoff frequency for values at rest, in Hz.
        :param slope: increase of the cutoff frequency with the speed, in Hz per unit and second.
        :param speed_cutoff: cutoff frequency for the speed, in Hz.
        """
        self._least, self._slope, self._speed_cutoff = least_cutoff, slope, speed_cutoff
        self._value: np.ndarray | None = None
        self._speed: np.ndarray | None = None
        self._time = 0.0

    def update(self, values: np.ndarray, time: float, unit: float = 1.0) -> np.ndarray:
        """
        Smooth the next values.

        :param values: array of a constant shape.
        :param time: time of the values in seconds; later than that of the last values.
        :param unit: the speed is measured in this unit.
        :return: the smoothed values, float64.
        """
        values = np.asarray(values, np.float64)
        elapsed = time - self._time
        self._time = time
        if self._value is None or self._speed is None or elapsed <= 0:
            self._value, self._speed = values, np.zeros_like(values)
            return values
        speed = (values - self._value) / (elapsed * unit)
        self._speed = self._speed + _weight(self._speed_cutoff, elapsed) * (speed - self._speed)
        moving = math.sqrt(float(np.mean(self._speed**2)))
        weight = _weight(self._least + self._slope * moving, elapsed)
        self._value = self._value + weight * (values - self._value)
        return self._value


def _weight(cutoff: float, elapsed: float) -> float:
    """
    Return the weight of a new value in exponential smoothing.

    :param cutoff: cutoff frequency in Hz.
    :param elapsed: time since the last value in seconds.
    """
    return 1 - math.exp(-2 * math.pi * cutoff * elapsed)
