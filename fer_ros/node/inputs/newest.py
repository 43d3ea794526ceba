"""A buffer for one item, which a newer item replaces."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from statistics import median
from threading import Condition
import time
from typing import Generic
from typing import TypeVar

Item = TypeVar('Item')

# An item that has waited for longer than this fraction of the period is skipped, in favour of the
# next item. The period is the time between two items. If a camera is slightly too fast for the
# processing, results are delayed by at most a third of a period. One wait occurs each time that
# the processing falls behind by that much.
MOST_WAITED = 1 / 3

# The next item may arrive late, in particular if the receiver shares one core with the worker. The
# worker therefore waits longer by this fraction of the period.
DELAY = 1 / 4

# The period is the median of this many intervals, so a single outlier has no effect.
PERIODS = 5

# The worker does not wait for an item that is expected later than this [s].
FARTHEST = 0.1


class Newest(Generic[Item]):
    """Passes items from one thread to another; a newer item replaces an item not yet taken."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """
        Create an empty buffer.

        :param clock: returns the time in seconds.
        """
        self._clock = clock
        self._changed = Condition()
        self._item: Item | None = None
        self._closed = False
        # Arrival time of the newest item, and the intervals between the last few items [s].
        self._came = float('-inf')
        self._periods: deque[float] = deque(maxlen=PERIODS)

    def put(self, item: Item) -> bool:
        """
        Store an item.

        :param item: the item, which replaces the stored item, if any.
        :return: True if the item replaced another item that was not taken.
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
        Wait for an item and remove it.

        :return: the newest item; None if the buffer was closed.
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
        """
        Wait for the item after a delayed item, if the next item is expected soon.

        :param item: the stored item.
        """
        period = median(self._periods)
        waited = self._clock() - self._came
        missing = period - waited
        patience = missing + DELAY * period
        if waited > MOST_WAITED * period and patience > 0 and missing <= FARTHEST:
            self._changed.wait_for(lambda: self._item is not item or self._closed, patience)

    def wait_closed(self, seconds: float) -> bool:
        """
        Wait until the buffer is closed, but not longer than a given time.

        :param seconds: maximum waiting time.
        :return: True if the buffer was closed.
        """
        with self._changed:
            return self._changed.wait_for(lambda: self._closed, seconds)

    def close(self) -> None:
        """Close the buffer, and wake all threads that wait for it."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
