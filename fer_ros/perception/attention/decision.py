"""Decide whether a person attends to the camera, without flicker."""

from __future__ import annotations

from dataclasses import dataclass
import math

import numpy as np

from fer_ros.perception.decision.smoothing import ROUNDING
from fer_ros.perception.faces import ATTENDING
from fer_ros.perception.faces import AWAY
from fer_ros.perception.faces import UNKNOWN

# An attending person is away only if the angle to the camera exceeds the limit by this [rad].
HYSTERESIS = math.radians(4)


@dataclass(frozen=True)
class Evidence:
    """
    A kind of measurement of the angle to the camera.

    :param spread: standard deviation of the angle in radians.
    :param share: probability that the measurement tells whether a person attends; the rest is the
        score of 'unknown'.
    """

    spread: float
    share: float


GAZE = Evidence(math.radians(6), 0.95)
HEAD = Evidence(math.radians(10), 0.8)
ROUGH_HEAD = Evidence(math.radians(12), 0.6)


def attention_scores(angle: float | None, evidence: Evidence, limit: float) -> np.ndarray:
    """
    Compute the probabilities of the states of attention.

    :param angle: angle to the camera in radians; None if it was not measured. Infinite if the eyes
        are closed.
    :param evidence: what the angle was measured from.
    :param limit: largest angle that counts as attending, in radians.
    :return: (3,) float64, in the order of ATTENTION_STATES, summing to 1.
    """
    if angle is None:
        return np.array([0.0, 0.0, 1.0])
    # The logistic function of 1.7 x is close to the normal distribution function of x.
    exponent = min(1.7 * (angle - limit) / evidence.spread, 60.0)
    attending = evidence.share / (1 + math.exp(exponent))
    return np.array([attending, evidence.share - attending, 1 - evidence.share])


class AttentionDecider:
    """Decide the state of one person over time."""

    def __init__(self) -> None:
        self._decided = UNKNOWN
        self._challenger = UNKNOWN
        self._challenged_at = 0.0
        self._first = True

    def update(self, angle: float | None, limit: float, time: float, hold: float) -> str:
        """
        Decide the state in the next frame.

        :param angle: angle to the camera in radians, as in `attention_scores`.
        :param limit: largest angle that counts as attending, in radians.
        :param time: time of the frame in seconds.
        :param hold: how long a new state must last before it is decided, in seconds.
        :return: the decided state, one of ATTENTION_STATES.
        """
        suggestion = self._suggestion(angle, limit)
        if suggestion != self._challenger:
            self._challenger, self._challenged_at = suggestion, time
        if self._first or time - self._challenged_at >= hold - ROUNDING:
            self._decided, self._first = suggestion, False
        return self._decided

    def _suggestion(self, angle: float | None, limit: float) -> str:
        """Return the state that an angle suggests, without any hold time."""
        if angle is None:
            return UNKNOWN
        margin = HYSTERESIS if self._decided == ATTENDING else 0.0
        return ATTENDING if angle <= limit + margin else AWAY
