"""Log the first image, and each change of size, encoding or source."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
import time

# The first line waits for this many images to compute their rate, but at most for PATIENCE [s].
IMAGES_OF_A_RATE = 5
PATIENCE = 5.0

# Up to BURST changes are logged immediately, and later changes at most once per PERIOD [s].
# Otherwise, a camera that alternates between two encodings would fill the log.
BURST = 5
PERIOD = 10.0


class ImageLog:
    """Logs one line for the first image, and one for each change of size, encoding or source."""

    def __init__(
        self, log: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """
        Create the log; no image has been logged yet.

        :param log: function that writes one line.
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
        """Treat the next image as the first one, for example after an activation."""
        with self._lock:
            self._kind = self._logged = None
            self._changes = 0

    def lose(self) -> None:
        """Log the next image as the first one, because no images arrived for some time."""
        if self._logged is not None:
            self.begin()

    def see(self, height: int, width: int, encoding: str) -> None:
        """
        Record the size and the encoding of an image.

        :param height: height in pixels.
        :param width: width in pixels.
        :param encoding: encoding of a raw image, or format of a compressed image, shortened for
            the log.
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
        Log the first image or a change, if there is one; call this method regularly.

        :param source: topic and reliability.
        :param publishers: names of the nodes that publish the images.
        :param images: number of images since the activation.
        :param period: time between two images in seconds; None if unknown.
        """
        with self._lock:
            kind, changes, logged = self._kind, self._changes, self._logged
            if kind is None:
                return
            waited = self._clock() - self._since
            if logged is None and images < IMAGES_OF_A_RATE and waited < PATIENCE:
                return
            if logged is not None and not (publishers and logged[2]):
                # The graph does not list the publisher yet, or no longer lists it.
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
            line += f'; the publisher is now {publishers}'
        if changes > 1:
            line += f' (the image type changed {changes} times)'
        self._log(line)

    def _may_log(self) -> bool:
        """Check whether a line may be logged now, and count it."""
        now = self._clock()
        self._allowed = min(BURST, self._allowed + (now - self._refilled) / PERIOD)
        self._refilled = now
        if self._allowed < 1:
            return False
        self._allowed -= 1
        return True
