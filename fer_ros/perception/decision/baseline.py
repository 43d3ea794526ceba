"""From what a person's face mostly shows to that person's own neutral, against 'always sad'."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fer_ros.perception.decision.smoothing import LEAST_SCORE
from fer_ros.perception.settings import SettingError

# The label that a face at rest should get.
NEUTRAL = 'neutral'

# Of what a face shows, the part that is always there: each emotion's odds against neutral are
# above this quantile of their values for three quarters of the time.  Who smiles for less than
# that is not taken for somebody whose rest looks like a smile; a median would do so for half.
REST_QUANTILE = 0.25

# At rest, neutral is at least this many times as likely as any other emotion; that of a neutral
# picture of FER2013 is 7.1 times as likely as sad, the emotion it is mistaken for most, in the
# median (`fer2013_mobile`, PublicTest and PrivateTest).
REST_ODDS = 3.0

# Odds against neutral are never divided by more than this, so that an emotion ten times as likely
# as neutral is never explained away, however long it lasts.
MOST_CORRECTION = 10.0

# What is seen is averaged over this time at first, and over twice that whenever there are more
# than MOST_SLOTS averages [s].
FIRST_SLOT = 0.25
MOST_SLOTS = 128

# Longer than this between two frames, nobody knows what the face showed [s].
LONGEST_GAP = 1.0


def check_baseline(baseline: float, labels: Sequence[str]) -> None:
    """
    Make sure that there is a neutral to learn.

    :param baseline: for how long, in seconds; 0 to learn none.
    :param labels: of the model.
    :raises SettingError: if a neutral should be learned, and the model has none.
    """
    if baseline > 0 and NEUTRAL not in labels:
        raise SettingError(
            f"baseline is {baseline}, but must be 0, because the model has no label '{NEUTRAL}'; "
            f'its labels are: {", ".join(labels)}'
        )


class NeutralBaseline:
    """
    Learns what one person's face shows at rest, and takes that away.

    With m = log(p / p_neutral) of each label, and its lower quartile q over the time of learning,
    m is lowered by c = w * min(max(q + log(REST_ODDS), 0), log(MOST_CORRECTION)), where w grows
    from 0 to 1 while the person is observed, and stays 1 from then on.  This is the normalisation
    to a person's own neutral by an order statistic over time that is usual for action units
    (Baltrušaitis, Mahmoud and Robinson 2015, doi:10.1109/FG.2015.7284869, take the median), with
    limits: c is never negative and that of neutral is 0, so that the odds of neutral only grow; no
    face that is neutral becomes anything else.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        """
        Begin with nothing seen.

        :param labels: of the model, 'neutral' among them.
        """
        self._neutral = labels.index(NEUTRAL)
        self._time: float | None = None
        self._observed = 0.0
        # Means of the odds' logarithms in equal parts of the time, and the part under way.
        self._slots: list[np.ndarray] = []
        self._slot_length = FIRST_SLOT
        self._sum = np.zeros(len(labels))
        self._count = 0
        self._slot_observed = 0.0
        self._excess = np.zeros(len(labels))

    def correct(self, scores: np.ndarray, time: float, duration: float) -> np.ndarray:
        """
        Take the scores of the next frame.

        :param scores: (labels,) float, probabilities of one frame.
        :param time: of the frame, in seconds; later than that of the last one.
        :param duration: for how long the neutral is learned, in seconds of observation; 0 changes
            nothing, and learns nothing.
        :return: (labels,) float64, the corrected probabilities, summing to 1.
        """
        elapsed = 0.0 if self._time is None else min(time - self._time, LONGEST_GAP)
        self._time = time
        if duration <= 0:
            return scores
        if self._observed < duration:
            self._observe(scores, elapsed)
        corrected = scores * np.exp(-min(1.0, self._observed / duration) * self._excess)
        return corrected / corrected.sum()

    def _observe(self, scores: np.ndarray, elapsed: float) -> None:
        """Learn from a frame."""
        logs = np.log(np.maximum(scores, LEAST_SCORE))
        self._sum += logs - logs[self._neutral]
        self._count += 1
        self._observed += elapsed
        self._slot_observed += elapsed
        if self._slot_observed < self._slot_length:
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
