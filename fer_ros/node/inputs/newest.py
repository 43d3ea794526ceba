"""A place for one thing: the newest."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from statistics import median
from threading import Condition
import time
from typing import Generic
from typing import TypeVar

Item = TypeVar('Item')

# What has waited for longer than this share of the time between two things is given up for the
# next one.  Of a camera that is a little too fast, results are then a third of a period older than
# the work on them takes, at most; and as often an image is waited for as the work falls back by as
# much.
MOST_WAITED = 1 / 3

# The next thing may come a little late, the more so where its receiver had to wait for the work to
# end on one core: so much more of that time is waited for it.
DELAY = 1 / 4

# The median of so many is the time between two things, whatever one of them does.
PERIODS = 5

# What is further off than this is not waited for [s].
FARTHEST = 0.1


class Newest(Generic[Item]):
    """Hands things from one thread to another; what is not taken in time is replaced."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """
        Begin with nothing.

        :param clock: gives the time in seconds.
        """
        self._clock = clock
        self._changed = Condition()
        self._item: Item | None = None
        self._closed = False
        # When the newest thing came, and how long after the one before, of it and some others.
        self._came = float('-inf')
        self._periods: deque[float] = deque(maxlen=PERIODS)

    def put(self, item: Item) -> bool:
        """
        Leave a thing.

        :return: True if it took the place of one that nobody had taken.
        """
        with self._changed:
            replaced = self._item is not None
            self._item = item
            now = self._clock()
            self._periods.append(now - self._came)
            self._came = now
            self._changed.notify()
        return replaced

    def take(self) -> Item | None:
        """
        Wait for a thing and take it away.

        :return: the newest, or None when there will be no more.
        """
        with self._changed:
            if self._item is not None:
                self._wait_for_next(self._item)
            self._changed.wait_for(lambda: self._item is not None or self._closed)
            if self._closed:
                return None
            item, self._item = self._item, None
        return item

    def _wait_for_next(self, item: Item) -> None:
        """Wait for what comes after a thing that has waited itself, where that is worth it."""
        period = median(self._periods)
        waited = self._clock() - self._came
        missing = period - waited
        patience = missing + DELAY * period
        if waited > MOST_WAITED * period and patience > 0 and missing <= FARTHEST:
            self._changed.wait_for(lambda: self._item is not item or self._closed, patience)

    def wait_closed(self, seconds: float) -> bool:
        """
        Wait, but not longer than until it is closed.

        :param seconds: to wait at most.
        :return: True if it was closed.
        """
        with self._changed:
            return self._changed.wait_for(lambda: self._closed, seconds)

    def close(self) -> None:
        """Let everybody who waits go."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
