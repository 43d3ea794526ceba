"""From scores over time to steady scores, and to one decision that does not flicker."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fer_ros.perception.emotions import UNCERTAIN

# A decided emotion becomes uncertain only when it falls this far below `min_confidence`.
HYSTERESIS = 0.05

# A frame is never surer than this that a face does not show something.  Without a limit, a network
# that is certain would be followed by a sluggish result: the logarithm of 1e-12 takes four times
# as long to forget as that of 1e-3.
LEAST_SCORE = 1e-3

# What has not been suggested for this many times `hold`, and for `smoothing` besides, is no longer
# decided, though nothing else has lasted.
MOST_HOLDS = 2

# Stamps are rounded: three frames at 10 Hz are 0.3 s, give or take this [s].
ROUNDING = 1e-4


class EmotionSmoother:
    """Holds what one person's face has shown, and decides what it shows."""

    def __init__(self, labels: Sequence[str]) -> None:
        """
        Begin with nothing seen.

        :param labels: in the order of the scores.
        """
        self._labels = tuple(labels)
        self._logs = np.zeros(len(self._labels))
        self._time: float | None = None
        self._decided = UNCERTAIN
        self._challenger = UNCERTAIN
        self._challenged_at = 0.0
        # Since when every frame suggests something else than what is decided.
        self._disputed_at: float | None = None

    def update(
        self, scores: np.ndarray, time: float, smoothing: float, min_confidence: float, hold: float
    ) -> tuple[np.ndarray, str]:
        """
        Take the scores of the next frame.

        The logarithms are smoothed exponentially: a frame counts 1 - exp(-elapsed / smoothing), so
        the result depends on the time that passed and not on the number of frames.

        :param scores: (labels,) float, probabilities of one frame.
        :param time: of the frame, in seconds; later than that of the last update.
        :param smoothing: time constant in seconds; 0 takes each frame as it is.
        :param min_confidence: below it the face is uncertain, 0 to 1.
        :param hold: how long a new emotion must last before it is decided, in seconds.  When none
            lasts, and what was decided is suggested no more, the face becomes uncertain.
        :return: the smoothed probabilities, (labels,) float64 summing to 1, and the decided label,
            which may be 'uncertain'.
        """
        new_logs = np.log(np.maximum(scores, LEAST_SCORE))
        first = self._time is None
        weight = 1.0
        if self._time is not None and smoothing > 0:
            weight = 1 - np.exp(-(time - self._time) / smoothing)
        self._time = time
        self._logs = self._logs + weight * (new_logs - self._logs)
        powers = np.exp(self._logs - self._logs.max())
        probabilities = powers / powers.sum()
        suggestion = self._suggestion(probabilities, min_confidence)
        self._decide(suggestion, time, 0 if first else hold, smoothing)
        return probabilities, self._decided

    def _suggestion(self, probabilities: np.ndarray, min_confidence: float) -> str:
        """Say what the face shows now, whatever was decided a moment ago."""
        best = int(np.argmax(probabilities))
        needed = min_confidence
        if self._labels[best] == self._decided:
            needed -= HYSTERESIS
        return self._labels[best] if probabilities[best] >= needed else UNCERTAIN

    def _decide(self, suggestion: str, time: float, hold: float, smoothing: float) -> None:
        """Decide for a suggestion that has lasted, and against what was not suggested for long."""
        if suggestion != self._challenger:
            self._challenger = suggestion
            self._challenged_at = time
        if suggestion == self._decided:
            self._disputed_at = None
            return
        if self._disputed_at is None:
            self._disputed_at = time
        if time - self._challenged_at >= hold - ROUNDING:
            self._decided = suggestion
            self._disputed_at = None
        elif time - self._disputed_at >= MOST_HOLDS * hold + smoothing - ROUNDING:
            self._decided = UNCERTAIN
