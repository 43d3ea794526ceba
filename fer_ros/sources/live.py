"""A source whose images arrive in real time, such as a webcam. It is reopened after a failure."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from collections.abc import Iterator
import math
import time
from typing import Any

from fer_ros.sources.base import ImageSource
from fer_ros.sources.base import TimedImage
from fer_ros.sources.scaling import fit_image

# Time to wait before reopening a source that delivers no images [s].
RETRY_PERIOD = 1.0
# The period of a camera varies. An image may be early by this fraction of the requested period.
EARLY = 0.25


class LiveSource(ImageSource):
    """
    A source whose images arrive in real time.

    A subclass opens the source in its constructor, by `_capture = _open()`.

    :param name: name of the source in messages.
    :param rate: maximum rate of the images [Hz], 0 for the source's own rate.
    :param width: the images are scaled to fit into this width in pixels, 0 for no limit.
    :param height: the images are scaled to fit into this height in pixels, 0 for no limit.
    :param tell: called with a message when the source is lost or reopened.
    """

    def __init__(
        self, name: str, rate: float, width: int, height: int, tell: Callable[[str], None]
    ) -> None:
        super().__init__(name, endless=True)
        self._least_period = 1 / rate if rate else 0.0
        self._size = width, height
        self._tell = tell
        self._capture: Any = None

    @abstractmethod
    def _open(self) -> Any:
        """Open the source and read one image. Return None if the source delivers no image."""

    def __iter__(self) -> Iterator[TimedImage]:
        due = -math.inf
        try:
            while True:
                if self._capture is None:
                    yield None, RETRY_PERIOD
                    self._capture = self._open()
                    if self._capture is not None:
                        self._tell(f'{self.name} delivers images again')
                    continue
                found, now = self._capture.grab(), time.monotonic()
                if found and now < due - EARLY * self._least_period:
                    continue
                image = self._capture.retrieve()[1] if found else None
                if image is None:
                    self._lose()
                    continue
                # The next due time is one period after the last due time. After a gap, it is one
                # period after the arrival of this image.
                due = (due if now - due < self._least_period else now) + self._least_period
                yield fit_image(image, *self._size), 0.0
        finally:
            if self._capture is not None:
                self._capture.release()

    def _lose(self) -> None:
        """Close a source that delivers no images."""
        self._capture.release()
        self._capture = None
        self._tell(f'{self.name} delivers no more images; trying again every second')
