"""What the node counts and measures of its own work."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
import threading
import time

import numpy as np

# Of how many frames the ages and the times of the stages are kept: some seconds of a camera.
WINDOW = 100

# Over how long the rate of the frames is counted [s].
RATE_WINDOW = 5.0

STAGES = ('detect', 'classify', 'publish')


class Statistics:
    """Counters and times, written by the node's threads and read by its diagnostics."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.received = 0
        self.processed = 0
        # Dropped for a newer one; refused as no image that shows a face; lost by a failure.
        self.replaced = 0
        self.refused = 0
        self.lost = 0
        # Refused or lost, since one was answered.
        self.unanswered = 0
        self.faces = 0
        self.last_error = ''
        self._arrivals: deque[float] = deque(maxlen=WINDOW)
        self._ages: deque[float] = deque(maxlen=WINDOW)
        self._stages = {stage: deque[float](maxlen=WINDOW) for stage in STAGES}

    @property
    def dropped(self) -> int:
        """Count the frames that got no answer, for whatever reason."""
        return self.replaced + self.refused + self.lost

    @property
    def errors(self) -> int:
        """Count the frames that something was wrong with."""
        return self.refused + self.lost

    def begin(self) -> None:
        """Note that the work begins; what came before it tells nothing of how it is now."""
        with self._lock:
            self.unanswered = 0
            for times in (self._arrivals, self._ages, *self._stages.values()):
                times.clear()

    def refuse(self, reason: str) -> None:
        """Note that a frame was no image that shows a face, and why."""
        with self._lock:
            self.refused += 1
            self.unanswered += 1
            self.last_error = reason

    def lose(self, reason: str) -> None:
        """Note that a frame was lost by a failure, and why."""
        with self._lock:
            self.lost += 1
            self.unanswered += 1
            self.last_error = reason

    def arrive(self) -> None:
        """Note that a frame came in."""
        with self._lock:
            self.received += 1
            self._arrivals.append(time.monotonic())

    def finish(self, faces: int, age: float) -> None:
        """
        Note that a frame was answered.

        :param faces: how many there were in it.
        :param age: of the image when its answer was published, in seconds.
        """
        with self._lock:
            self.processed += 1
            self.unanswered = 0
            self.faces = faces
            self._ages.append(age)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """
        Measure what happens inside.

        :param name: one of STAGES.
        """
        began = time.perf_counter()
        yield
        with self._lock:
            self._stages[name].append(time.perf_counter() - began)

    @property
    def silence(self) -> float:
        """Give the time since the last frame came in, in seconds; infinite before the first."""
        with self._lock:
            last = self._arrivals[-1] if self._arrivals else float('-inf')
        return time.monotonic() - last

    def values(self) -> dict[str, str]:
        """Give what diagnostics tell of it, by the keys of the README."""
        with self._lock:
            arrivals = list(self._arrivals)
            ages = list(self._ages)
            stages = {name: list(times) for name, times in self._stages.items()}
        return {
            'frames_received': str(self.received),
            'frames_processed': str(self.processed),
            'frames_dropped': str(self.dropped),
            'input_rate_hz': f'{_rate(arrivals):.1f}',
            'age_p50_ms': _milliseconds(ages, 50),
            'age_p95_ms': _milliseconds(ages, 95),
            **{f'{name}_ms': _milliseconds(times, 50) for name, times in stages.items()},
            'faces': str(self.faces),
        }


def _rate(arrivals: list[float]) -> float:
    """Give how many come in a second, up to now, so that it falls when nothing comes any more."""
    if len(arrivals) < 2:
        return 0.0
    now = time.monotonic()
    recent = [arrival for arrival in arrivals if now - arrival <= RATE_WINDOW]
    if len(recent) < 2:
        # A slow camera: what its last period was, or is by now.
        return 1 / max(arrivals[-1] - arrivals[-2], now - arrivals[-1])
    return (len(recent) - 1) / (now - recent[0])


def _milliseconds(seconds: list[float], percentile: float) -> str:
    """Give a percentile of some times; nothing where there are none."""
    return f'{1000 * np.percentile(seconds, percentile):.1f}' if seconds else ''
