"""What the node counts and measures of its own work."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
import threading
import time

import numpy as np

from fer_ros.node.health.recent import Recent
from fer_ros.perception.brightness import Brightness
from fer_ros.perception.quoting import shortened

# Of how many frames the arrivals are kept. At 30 Hz they are those of RATE_WINDOW, about.
MOST_ARRIVALS = 100

# Plausible ages [s]. A result is at most some periods of the camera old, because nothing is
# queued. An age can be negative by the error of two machines' clocks (NTP: below 0.1 s), or by the
# period of /clock (rosbag2: 0.025 s, 0.25 s in a replay ten times as fast).
POSSIBLE_AGES = (-0.5, 10.0)

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
        self._brightness: Brightness | None = None
        # When a face was seen last, and when the first image was answered [s]; None for never.
        self._last_face: float | None = None
        self._first_answer: float | None = None
        self._arrivals: deque[float] = deque(maxlen=MOST_ARRIVALS)
        self._ages = Recent()
        self._stages = {stage: Recent() for stage in STAGES}

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
            self._brightness = self._last_face = self._first_answer = None
            self._arrivals.clear()
            for times in (self._ages, *self._stages.values()):
                times.clear()

    def refuse(self, reason: str) -> None:
        """Note that a frame was no image that shows a face, and why."""
        with self._lock:
            self.refused += 1
            self.unanswered += 1
            self.last_error = shortened(reason)

    def lose(self, reason: str) -> None:
        """Note that a frame was lost by a failure, and why."""
        with self._lock:
            self.lost += 1
            self.unanswered += 1
            self.last_error = shortened(reason)

    def arrive(self) -> None:
        """Note that a frame came in."""
        with self._lock:
            self.received += 1
            self._arrivals.append(time.monotonic())

    def see(self, brightness: Brightness) -> None:
        """Note how bright an image is."""
        self._brightness = brightness

    def finish(self, faces: int, age: float | None) -> None:
        """
        Note that a frame was answered.

        :param faces: how many there were in it.
        :param age: of the image when its answer was published, in seconds; None if the node's
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
        Measure what happens inside.

        :param name: one of STAGES.
        """
        began = time.perf_counter()
        yield
        ended = time.perf_counter()
        with self._lock:
            self._stages[name].add(ended, ended - began)

    @property
    def silence(self) -> float:
        """Give the time since the last frame came in, in seconds; infinite before the first."""
        with self._lock:
            last = self._arrivals[-1] if self._arrivals else float('-inf')
        return time.monotonic() - last

    @property
    def images(self) -> int:
        """Count the frames that came since the work began, up to MOST_ARRIVALS."""
        with self._lock:
            return len(self._arrivals)

    @property
    def period(self) -> float | None:
        """Compute the usual time between two frames in seconds; None if it is not known."""
        with self._lock:
            arrivals = list(self._arrivals)
        return float(np.median(np.diff(arrivals))) if len(arrivals) > 1 else None

    @property
    def age(self) -> float:
        """Compute the usual age of a frame at its answer in seconds; 0 if none is known."""
        with self._lock:
            ages = self._ages.values()
        return float(np.median(ages)) if ages else 0.0

    @property
    def faceless(self) -> float:
        """Compute how long no face has been seen in the answered frames, in seconds."""
        with self._lock:
            since = self._last_face if self._last_face is not None else self._first_answer
        return 0.0 if since is None else time.monotonic() - since

    @property
    def brightness(self) -> Brightness | None:
        """Return the brightness of the last image; None if there is none."""
        return self._brightness

    def values(self) -> dict[str, str]:
        """Format the counts and times for diagnostics, by the keys of doc/architecture.md."""
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
    """Give how many come in a second, up to now, so that it falls when nothing comes any more."""
    if len(arrivals) < 2:
        return 0.0
    now = time.monotonic()
    recent = [arrival for arrival in arrivals if now - arrival <= RATE_WINDOW]
    if len(recent) < 2:
        # A slow camera: what its last period was, or is by now.
        return 1 / max(arrivals[-1] - arrivals[-2], now - arrivals[-1])
    return (len(recent) - 1) / (now - recent[0])


def _age(ages: list[float], percentile: float) -> str:
    """Format a percentile of ages in milliseconds; empty if it is not plausible."""
    if not ages or not POSSIBLE_AGES[0] <= np.percentile(ages, percentile) <= POSSIBLE_AGES[1]:
        return ''
    return _milliseconds(ages, percentile)


def _milliseconds(seconds: list[float], percentile: float) -> str:
    """Give a percentile of some times; nothing where there are none."""
    return f'{1000 * np.percentile(seconds, percentile):.1f}' if seconds else ''
