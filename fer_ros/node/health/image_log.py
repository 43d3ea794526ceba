"""Log the first image, and each change of size, encoding or source."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
import time

# The first line waits for this many images, to compute their rate, but not longer than this [s].
IMAGES_OF_A_RATE = 5
PATIENCE = 5.0

# This many changes are logged at once, and then one per period [s], because a camera that
# alternates between two encodings must not fill the log.
BURST = 5
PERIOD = 10.0


class ImageLog:
    """Logs one line for the first image, and one for each change of size, encoding or source."""

    def __init__(
        self, log: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """
        Begin before the first image.

        :param log: writes a line.
        :param clock: returns the time in seconds.
        """
        self._log = log
        self._clock = clock
        # Images and diagnostics are handled in different threads.
        self._lock = Lock()
        self._kind: tuple[int, int, str] | None = None
        self._changes = 0
        self._since = 0.0
        self._logged: tuple[str, ...] | None = None
        self._allowed = float(BURST)
        self._refilled = clock()

    def begin(self) -> None:
        """Expect a first image, as after an activation."""
        with self._lock:
            self._kind = self._logged = None
            self._changes = 0

    def lose(self) -> None:
        """Log the next image as a first one, because the camera was silent."""
        if self._logged is not None:
            self.begin()

    def see(self, height: int, width: int, encoding: str) -> None:
        """
        Note an image.

        :param height: in pixels.
        :param width: in pixels.
        :param encoding: of a raw image, or the format of a compressed one, ready for the log.
        """
        kind = (height, width, encoding)
        if kind == self._kind:
            return
        with self._lock:
            if self._kind is None:
                self._since = self._clock()
            else:
                self._changes += 1
            self._kind = kind

    def tell(self, source: str, publishers: str, images: int, period: float | None) -> None:
        """
        Log the first image or a change, if there is one; call this regularly.

        :param source: topic and reliability.
        :param publishers: names of the nodes that send the images.
        :param images: number of images since the activation.
        :param period: between two images in seconds; None if it is not known.
        """
        with self._lock:
            kind, changes, logged = self._kind, self._changes, self._logged
            if kind is None:
                return
            waited = self._clock() - self._since
            if logged is None and images < IMAGES_OF_A_RATE and waited < PATIENCE:
                return
            if logged is not None and not (publishers and logged[2]):
                # The graph does not know a publisher yet, or no longer.
                publishers = publishers or logged[2]
                logged = self._logged = (*logged[:2], publishers)
            height, width, encoding = kind
            state = (f'{width}x{height} {encoding}', source, publishers)
            if (state == logged and changes == 0) or not self._may_log():
                return
            self._logged, self._changes = state, 0
        rate = f' at {1 / period:.3g} Hz' if period else ''
        line = f'{state[0]}{rate} on {source}'
        if logged is not None and publishers != logged[2]:
            line += f', now from {publishers}'
        if changes > 1:
            line += f' (changed {changes} times)'
        self._log(line)

    def _may_log(self) -> bool:
        """Count a line, and return whether there is room for it."""
        now = self._clock()
        self._allowed = min(BURST, self._allowed + (now - self._refilled) / PERIOD)
        self._refilled = now
        if self._allowed < 1:
            return False
        self._allowed -= 1
        return True
