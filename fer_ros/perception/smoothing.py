"""From scores over time to steady scores, and to one decision that does not flicker."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fer_ros.perception.classification import LEAST_PROBABILITY
from fer_ros.perception.emotions import UNCERTAIN

# A decided emotion becomes uncertain only when it falls this far below `min_confidence`.
HYSTERESIS = 0.05


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
        :param hold: how long a new emotion must last before it is decided, in seconds.
        :return: the smoothed probabilities, (labels,) float64 summing to 1, and the decided label,
            which may be 'uncertain'.
        """
        new_logs = np.log(np.maximum(scores, LEAST_PROBABILITY))
        first = self._time is None
        weight = 1.0
        if self._time is not None and smoothing > 0:
            weight = 1 - np.exp(-(time - self._time) / smoothing)
        self._time = time
        self._logs = self._logs + weight * (new_logs - self._logs)
        powers = np.exp(self._logs - self._logs.max())
        probabilities = powers / powers.sum()
        self._decide(self._suggestion(probabilities, min_confidence), time, 0 if first else hold)
        return probabilities, self._decided

    def _suggestion(self, probabilities: np.ndarray, min_confidence: float) -> str:
        """Say what the face shows now, whatever was decided a moment ago."""
        best = int(np.argmax(probabilities))
        needed = min_confidence
        if self._labels[best] == self._decided:
            needed -= HYSTERESIS
        return self._labels[best] if probabilities[best] >= needed else UNCERTAIN

    def _decide(self, suggestion: str, time: float, hold: float) -> None:
        """Decide for a suggestion that has lasted."""
        if suggestion == self._decided:
            self._challenger = suggestion
            return
        if suggestion != self._challenger:
            self._challenger = suggestion
            self._challenged_at = time
        if time - self._challenged_at >= hold:
            self._decided = suggestion
