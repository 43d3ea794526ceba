"""
Correct the probabilities for the neutral expression of each person.

Without this correction, a face that looks sad at rest would always be classified as sad.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fer_ros.perception.decision.smoothing import LEAST_SCORE
from fer_ros.perception.settings import SettingError

# The label of a face at rest.
NEUTRAL = 'neutral'

# The quantile of an emotion's odds against neutral that represents the face at rest. The odds are
# above this quantile for three quarters of the time. A person is only treated as smiling at rest
# after smiling for more than three quarters of the time. With the median instead of this
# quantile, half of the time would be enough.
REST_QUANTILE = 0.25

# The correction aims to make neutral at least this many times as likely as any other emotion in
# a face at rest. On neutral faces of FER2013, neutral is 7.1 times as likely as sad in the median
# (`fer2013_mobile`, PublicTest and PrivateTest). Sad is the emotion for which neutral faces are
# mistaken most often.
REST_ODDS = 3.0

# Maximum factor by which the odds of an emotion against neutral are reduced. An emotion more than
# ten times as likely as neutral therefore stays more likely than neutral, however long it lasts.
MOST_CORRECTION = 10.0

# Scores are first averaged over slots of this duration [s]. Whenever there are MOST_SLOTS
# averages, pairs of averages are merged, and the duration of a slot is doubled.
FIRST_SLOT = 0.25
MOST_SLOTS = 128

# Longest time between two frames that counts as time of observation [s].
LONGEST_GAP = 1.0


def check_baseline(baseline: float, labels: Sequence[str]) -> None:
    """
    Check that the model has a neutral label if a neutral expression shall be learned.

    :param baseline: duration of learning in seconds; 0 to learn no neutral expression.
    :param labels: labels of the model.
    :raises SettingError: if `baseline` is above 0 and the model has no neutral label.
    """
    if baseline > 0 and NEUTRAL not in labels:
        raise SettingError(
            f"baseline is {baseline}, but must be 0, because the model has no label '{NEUTRAL}'; "
            f'its labels are: {", ".join(labels)}'
        )


class NeutralBaseline:
    """
    Learn the neutral expression of one person, and correct the person's scores for it.

    Let m = log(p / p_neutral) for each label, and q the lower quartile of m over the time of
    learning. The correction subtracts c from m, where
    c = w * min(max(q + log(REST_ODDS), 0), log(MOST_CORRECTION)).
    The weight w grows from 0 to 1 during the time of learning, and then stays 1.

    Action units are usually normalised in the same way, with an order statistic over time as the
    person's neutral value. Baltrušaitis, Mahmoud and Robinson 2015
    (doi:10.1109/FG.2015.7284869) use the median. This class limits c, which is never negative, and
    is 0 for neutral. The odds of neutral can only grow, so a face classified as neutral stays
    neutral.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        """
        Create a baseline without observations.

        :param labels: labels of the model; 'neutral' must be included.
        """
        self._neutral = labels.index(NEUTRAL)
        self._time: float | None = None
        self._observed = 0.0
        # Mean logarithms of the odds in each complete slot of time, and the sums of the current
        # slot.
        self._slots: list[np.ndarray] = []
        self._slot_length = FIRST_SLOT
        self._sum = np.zeros(len(labels))
        self._count = 0
        self._slot_observed = 0.0
        self._excess = np.zeros(len(labels))

    def correct(self, scores: np.ndarray, time: float, duration: float) -> np.ndarray:
        """
        Correct the scores of the next frame, and learn from them.

        :param scores: (labels,) float, probabilities of one frame.
        :param time: time of the frame in seconds; later than the time of the last frame.
        :param duration: time of observation in which the neutral expression is learned, in
            seconds. With 0, nothing is learned or corrected.
        :return: (labels,) float64, the corrected probabilities, summing to 1.
        """
        elapsed = 0.0 if self._time is None else min(time - self._time, LONGEST_GAP)
        self._time = time
        if duration <= 0:
            return scores
        if self._observed < duration:
            self._observe(scores, elapsed, duration)
        factors: np.ndarray = np.exp(-min(1.0, self._observed / duration) * self._excess)
        corrected: np.ndarray = scores * factors
        normalised: np.ndarray = corrected / corrected.sum()
        return normalised

    def _observe(self, scores: np.ndarray, elapsed: float, duration: float) -> None:
        """
        Learn from the scores of a frame.

        :param scores: (labels,) float, probabilities of one frame.
        :param elapsed: time since the last frame in seconds.
        :param duration: time of learning in seconds; it may be shorter than the first slot.
        """
        logs = np.log(np.maximum(scores, LEAST_SCORE))
        self._sum += logs - logs[self._neutral]
        self._count += 1
        self._observed += elapsed
        self._slot_observed += elapsed
        unfinished = bool(self._slots) or self._observed < duration
        if self._slot_observed < self._slot_length and unfinished:
            return
        self._slots.append(self._sum / self._count)
        self._sum = np.zeros_like(self._sum)
        self._count, self._slot_observed = 0, 0.0
        if len(self._slots) >= MOST_SLOTS:
            pairs = zip(self._slots[::2], self._slots[1::2], strict=False)
            self._slots = [(one + other) / 2 for one, other in pairs]
            self._slot_length *= 2
        rest = np.quantile(self._slots, REST_QUANTILE, axis=0)
        self._excess = np.clip(rest + np.log(REST_ODDS), 0, np.log(MOST_CORRECTION))
        self._excess[self._neutral] = 0
