"""Measurements of the last seconds."""

from __future__ import annotations

from collections import deque

# How long a measurement counts [s]. In half of this time the median follows a change, at any rate
# of images.
WINDOW = 4.0

# At most this many are kept, of images at 250 Hz.
MOST = 1000


class Recent:
    """Keeps the measurements of the last seconds before the newest, and always the newest."""

    def __init__(self) -> None:
        self._measured: deque[tuple[float, float]] = deque(maxlen=MOST)

    def add(self, moment: float, value: float) -> None:
        """
        Add a measurement, and forget those that are too old.

        :param moment: of the measurement in seconds, not before that of the one added last.
        :param value: what was measured.
        """
        self._measured.append((moment, value))
        while self._measured[0][0] < moment - WINDOW:
            self._measured.popleft()

    def values(self) -> list[float]:
        """List the measurements, the oldest first."""
        return [value for _, value in self._measured]

    def clear(self) -> None:
        """Forget all."""
        self._measured.clear()
