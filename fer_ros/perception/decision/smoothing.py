"""Smooth the scores of a face over time, and decide its emotion without flicker."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fer_ros.perception.emotions import UNCERTAIN

# A decided emotion becomes uncertain only if its probability is this far below `min_confidence`.
HYSTERESIS = 0.05

# Lower limit of each probability of a frame. The logarithms of the probabilities are smoothed, so
# a very small probability would delay the next change. The logarithm of 1e-12 takes four times as
# long to decay as the logarithm of 1e-3.
LEAST_SCORE = 1e-3

# A decision becomes uncertain if every frame contradicts it for this many times `hold` plus
# `smoothing`, even if no other emotion has lasted for `hold`.
MOST_HOLDS = 2

# Tolerance for the rounding of timestamps [s]: three frames at 10 Hz must count as 0.3 s.
ROUNDING = 1e-4


class EmotionSmoother:
    """Smooth the scores of one person over time, and decide the emotion."""

    def __init__(self, labels: Sequence[str]) -> None:
        """
        Create a smoother without observations.

        :param labels: the labels, in the order of the scores.
        """
        self._labels = tuple(labels)
        self._logs = np.zeros(len(self._labels))
        self._time: float | None = None
        self._decided = UNCERTAIN
        self._challenger = UNCERTAIN
        self._challenged_at = 0.0
        # Start of the period in which no frame has suggested the decided emotion [s]; None if the
        # last frame suggested it.
        self._disputed_at: float | None = None

    def update(
        self,
        scores: np.ndarray,
        time: float,
        smoothing: float,
        min_confidence: float,
        hold: float,
        turned: bool = False,
    ) -> tuple[np.ndarray, str]:
        """
        Smooth the scores of the next frame, and decide the emotion.

        The logarithms are smoothed exponentially. The weight of a frame is
        1 - exp(-elapsed / smoothing), so the result depends on the elapsed time and not on the
        number of frames.

        :param scores: (labels,) float, probabilities of one frame.
        :param time: time of the frame in seconds; later than the time of the last update.
        :param smoothing: time constant in seconds; 0 disables the smoothing.
        :param min_confidence: minimum probability of an emotion, 0 to 1. If no emotion reaches it,
            the face is uncertain.
        :param hold: how long a new emotion must last before it is decided, in seconds. The face
            becomes uncertain if no emotion lasts and the decided emotion does not return.
        :param turned: whether the face is turned too far to be classified, so that only
            'uncertain' may be decided.
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
        suggestion = UNCERTAIN if turned else self._suggestion(probabilities, min_confidence)
        self._decide(suggestion, time, 0 if first else hold, smoothing)
        return probabilities, self._decided

    def _suggestion(self, probabilities: np.ndarray, min_confidence: float) -> str:
        """Return the emotion that the smoothed probabilities suggest, without any hold time."""
        best = int(np.argmax(probabilities))
        needed = min_confidence
        if self._labels[best] == self._decided:
            needed -= HYSTERESIS
        return self._labels[best] if probabilities[best] >= needed else UNCERTAIN

    def _decide(self, suggestion: str, time: float, hold: float, smoothing: float) -> None:
        """
        Update the decision.

        An emotion is decided when it has been suggested for the hold time. If other emotions are
        suggested for too long instead, the face becomes uncertain.
        """
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
