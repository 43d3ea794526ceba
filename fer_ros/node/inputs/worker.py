"""A thread that processes the newest frame."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
import time
from typing import Generic
from typing import TypeVar

from fer_ros.node.inputs.newest import Newest

Frame = TypeVar('Frame')

# The minimum period is read again after this time at most, because the user can change it [s]. The
# minimum period can also be longer than any time that a lock accepts.
LONGEST_WAIT = 0.25


class Worker(Generic[Frame]):
    """Processes frames one at a time; a newer frame replaces a frame that still waits."""

    def __init__(
        self,
        work: Callable[[Frame], None],
        shortest_period: Callable[[], float] = lambda: 0.0,
        name: str = 'perception',
    ) -> None:
        """
        Start the thread, which waits for frames.

        :param work: function that processes a frame in the worker's thread; it must not raise
            errors.
        :param shortest_period: returns the minimum time between the starts of two calls, in
            seconds.
        :param name: name of the thread.
        """
        self._work = work
        self._shortest_period = shortest_period
        self._newest: Newest[Frame] = Newest()
        self._began: float | None = None
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def busy(self) -> float:
        """Return for how many seconds the current frame has been processed; 0 if there is none."""
        began = self._began
        return 0.0 if began is None else time.monotonic() - began

    def put(self, frame: Frame) -> bool:
        """
        Pass a frame to the thread.

        :param frame: the newest frame.
        :return: True if the frame replaced another frame, which is never processed.
        """
        return self._newest.put(frame)

    def stop(self) -> None:
        """Stop the thread after the current frame."""
        self._newest.close()
        self._thread.join()

    def _run(self) -> None:
        """Process frames until the worker is stopped."""
        while (frame := self._newest.take()) is not None:
            began = self._began = time.monotonic()
            self._work(frame)
            self._began = None
            # Release the memory now: a raw 40-megapixel image has 120 MB, and the next image may
            # never come.
            del frame
            while (rest := self._shortest_period() - (time.monotonic() - began)) > 0:
                if self._newest.wait_closed(min(rest, LONGEST_WAIT)):
                    return
