"""Counts and time measurements of the node's own processing."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
import threading
import time

import numpy as np

from fer_ros.node.health.recent import Recent
from fer_ros.perception.images.brightness import Brightness
from fer_ros.perception.quoting import shortened

# Number of frames whose arrival times are kept: enough for RATE_WINDOW at up to 20 Hz.
MOST_ARRIVALS = 100

# Range of plausible ages of a result [s]. Nothing is queued, so a result is at most a few camera
# periods old. An age can be negative because the clocks of two machines differ (with NTP, by less
# than 0.1 s). An age can also be negative by the period of /clock. In rosbag2 this period is 0.025
# s, or 0.25 s in a replay at ten times the speed.
POSSIBLE_AGES = (-0.5, 10.0)

# Time window over which the frame rate is measured [s].
RATE_WINDOW = 5.0

STAGES = ('detect', 'classify', 'publish')


class Statistics:
    """Counters and times, written by the node's threads and read by its diagnostics."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.received = 0
        self.processed = 0
        # Replaced by a newer frame, refused as an invalid image, or lost because of an error.
        self.replaced = 0
        self.refused = 0
        self.lost = 0
        # Frames refused or lost since the last frame with a result.
        self.unanswered = 0
        self.faces = 0
        self.last_error = ''
        # The reason of the last refused or lost frame; `last_error` can also be about depth.
        self.last_failure = ''
        self._brightness: Brightness | None = None
        # Times of the last frame with a face and of the first result [s]; None if there is none.
        self._last_face: float | None = None
        self._first_answer: float | None = None
        self._arrivals: deque[float] = deque(maxlen=MOST_ARRIVALS)
        self._ages = Recent()
        self._stages = {stage: Recent() for stage in STAGES}

    @property
    def dropped(self) -> int:
        """Return the number of frames without a result, for any reason."""
        return self.replaced + self.refused + self.lost

    @property
    def errors(self) -> int:
        """Return the number of frames that were refused or lost because of an error."""
        return self.refused + self.lost

    def begin(self) -> None:
        """Reset the measurements after an activation, because they are outdated."""
        with self._lock:
            self.unanswered = 0
            self._brightness = self._last_face = self._first_answer = None
            self._arrivals.clear()
            for times in (self._ages, *self._stages.values()):
                times.clear()

    def refuse(self, reason: str) -> None:
        """
        Count a frame that is not a valid image.

        :param reason: sentence about the error, for the diagnostics.
        """
        with self._lock:
            self.refused += 1
            self.unanswered += 1
            self.last_error = self.last_failure = shortened(reason)

    def lose(self, reason: str) -> None:
        """
        Count a frame that was lost because of an error.

        :param reason: sentence about the error, for the diagnostics.
        """
        with self._lock:
            self.lost += 1
            self.unanswered += 1
            self.last_error = self.last_failure = shortened(reason)

    def arrive(self) -> None:
        """Count a frame that arrived from the camera."""
        with self._lock:
            self.received += 1
            self._arrivals.append(time.monotonic())

    def see(self, brightness: Brightness) -> None:
        """Record the brightness of an image."""
        self._brightness = brightness

    def finish(self, faces: int, age: float | None) -> None:
        """
        Count a frame whose result was published.

        :param faces: number of faces in the frame.
        :param age: age of the image when its result was published, in seconds; None if the node's
            clock has no time yet.
        """
        now = time.monotonic()
        with self._lock:
            self.processed += 1
            self.unanswered = 0
            self.faces = faces
            if self._first_answer is None:
                self._first_answer = now
            if faces:
                self._last_face = now
            if age is not None:
                self._ages.add(now, age)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """
        Measure the duration of a stage, as a context manager.

        :param name: one of STAGES.
        """
        began = time.perf_counter()
        yield
        ended = time.perf_counter()
        with self._lock:
            self._stages[name].add(ended, ended - began)

    @property
    def silence(self) -> float:
        """Return the time since the last frame in seconds; infinite before the first frame."""
        with self._lock:
            last = self._arrivals[-1] if self._arrivals else float('-inf')
        return time.monotonic() - last

    @property
    def images(self) -> int:
        """Return the number of frames since the activation, at most MOST_ARRIVALS."""
        with self._lock:
            return len(self._arrivals)

    @property
    def period(self) -> float | None:
        """Return the median time between two frames in seconds; None if it is unknown."""
        with self._lock:
            arrivals = list(self._arrivals)
        return float(np.median(np.diff(arrivals))) if len(arrivals) > 1 else None

    @property
    def age(self) -> float:
        """Return the median age of a result in seconds; 0 if it is unknown."""
        with self._lock:
            ages = self._ages.values()
        return float(np.median(ages)) if ages else 0.0

    @property
    def faceless(self) -> float:
        """Return for how many seconds no processed frame contained a face."""
        with self._lock:
            since = self._last_face if self._last_face is not None else self._first_answer
        return 0.0 if since is None else time.monotonic() - since

    @property
    def brightness(self) -> Brightness | None:
        """Return the brightness of the last image; None if there is none."""
        return self._brightness

    def values(self) -> dict[str, str]:
        """
        Format the counts and times for the diagnostics.

        :return: text by the keys that doc/architecture.md lists.
        """
        with self._lock:
            arrivals = list(self._arrivals)
            ages = self._ages.values()
            stages = {name: times.values() for name, times in self._stages.items()}
            last_face, brightness = self._last_face, self._brightness
        return {
            'frames_received': str(self.received),
            'frames_processed': str(self.processed),
            'frames_dropped': str(self.dropped),
            'input_rate_hz': f'{_rate(arrivals):.1f}',
            'age_p50_ms': _age(ages, 50),
            'age_p95_ms': _age(ages, 95),
            **{f'{name}_ms': _milliseconds(times, 50) for name, times in stages.items()},
            'faces': str(self.faces),
            'image_mean': '' if brightness is None else f'{brightness.mean:.0f}',
            'last_face_s': '' if last_face is None else f'{time.monotonic() - last_face:.1f}',
        }


def _rate(arrivals: list[float]) -> float:
    """Compute the frame rate up to now in Hz; it decreases while no frames arrive."""
    if len(arrivals) < 2:
        return 0.0
    now = time.monotonic()
    recent = [arrival for arrival in arrivals if now - arrival <= RATE_WINDOW]
    if len(recent) < 2:
        # For a slow camera, use the last period, or the time since the last frame if it is longer.
        return 1 / max(arrivals[-1] - arrivals[-2], now - arrivals[-1])
    return (len(recent) - 1) / (now - recent[0])


def _age(ages: list[float], percentile: float) -> str:
    """Format a percentile of ages in milliseconds; empty if it is not plausible."""
    if not ages or not POSSIBLE_AGES[0] <= np.percentile(ages, percentile) <= POSSIBLE_AGES[1]:
        return ''
    return _milliseconds(ages, percentile)


def _milliseconds(seconds: list[float], percentile: float) -> str:
    """Format a percentile of times in milliseconds; empty if there are no times."""
    return f'{1000 * np.percentile(seconds, percentile):.1f}' if seconds else ''
