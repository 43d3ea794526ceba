"""The thread that looks at the newest frame, again and again."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
import time
from typing import Generic
from typing import TypeVar

from fer_ros.node.inputs.newest import Newest

Frame = TypeVar('Frame')


class Worker(Generic[Frame]):
    """Works on frames as they come, one at a time; what comes during the work waits, one deep."""

    def __init__(
        self,
        work: Callable[[Frame], None],
        shortest_period: Callable[[], float] = lambda: 0.0,
        name: str = 'perception',
    ) -> None:
        """
        Begin to wait for frames.

        :param work: is called with each frame in a thread of its own; it raises nothing.
        :param shortest_period: gives the time from the beginning of one frame's work to that of
            the next, at least, in seconds.
        :param name: of the thread.
        """
        self._work = work
        self._shortest_period = shortest_period
        self._newest: Newest[Frame] = Newest()
        self._began: float | None = None
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def busy(self) -> float:
        """Give how long the frame in work has been there, in seconds; 0 if there is none."""
        began = self._began
        return 0.0 if began is None else time.monotonic() - began

    def put(self, frame: Frame) -> bool:
        """
        Leave a frame to be worked on.

        :return: True if it took the place of one that nobody will look at any more.
        """
        return self._newest.put(frame)

    def stop(self) -> None:
        """End the work; the frame in it is finished."""
        self._newest.close()
        self._thread.join()

    def _run(self) -> None:
        """Work until stopped."""
        while (frame := self._newest.take()) is not None:
            began = self._began = time.monotonic()
            self._work(frame)
            self._began = None
            # A raw image of 40 megapixels has 120 MB, and the next image may never come.
            del frame
            rest = self._shortest_period() - (time.monotonic() - began)
            if rest > 0 and self._newest.wait_closed(rest):
                return
