"""Keep the measurements of the last seconds."""

from __future__ import annotations

from collections import deque

# Age at which a measurement is discarded [s]. The median follows a change within half of this
# time, at any frame rate.
WINDOW = 4.0

# Maximum number of measurements, enough for 250 Hz.
MOST = 1000


class Recent:
    """Keeps the measurements of the last seconds before the newest one, which always remains."""

    def __init__(self) -> None:
        self._measured: deque[tuple[float, float]] = deque(maxlen=MOST)

    def add(self, moment: float, value: float) -> None:
        """
        Add a measurement, and discard the measurements that are too old.

        :param moment: time of the measurement in seconds, not earlier than that of the previous
            one.
        :param value: measured value.
        """
        self._measured.append((moment, value))
        while self._measured[0][0] < moment - WINDOW:
            self._measured.popleft()

    def values(self) -> list[float]:
        """Return the measurements, the oldest first."""
        return [value for _, value in self._measured]

    def clear(self) -> None:
        """Discard all measured values."""
        self._measured.clear()
