"""Messages by their stamps, to be found by the stamp of another."""

from __future__ import annotations

from collections import deque
from threading import Lock
from typing import Generic
from typing import TypeVar

Item = TypeVar('Item')

# Of this many messages the nearest is taken; more would only hold memory.  What is waited for is
# kept besides, however much comes after it.
LENGTH = 4


class StampBuffer(Generic[Item]):
    """
    Keeps the newest messages, and the one that is nearest to an awaited stamp.

    Not message_filters: its synchronizers call back with whole sets only, so that an image would
    wait for its depth, and one without any would never be answered.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._newest: deque[tuple[int, Item]] = deque(maxlen=LENGTH)
        self._awaited: int | None = None
        self._kept: tuple[int, Item] | None = None

    def put(self, stamp: int, item: Item) -> None:
        """
        Keep a message.

        :param stamp: its own, in nanoseconds.
        :param item: the message.
        """
        with self._lock:
            self._newest.append((stamp, item))
            if self._awaited is not None:
                self._kept = self._nearest(self._awaited)

    def expect(self, stamp: int) -> None:
        """
        Keep from now on what is nearest to a stamp, however much comes until it is asked for.

        :param stamp: in nanoseconds.
        """
        with self._lock:
            self._awaited = stamp
            self._kept = self._nearest(stamp)

    def nearest(self, stamp: int) -> tuple[int, Item] | None:
        """
        Find the message nearest to a stamp.

        :param stamp: in nanoseconds.
        :return: its stamp and itself; of equally near ones the newest; None if there is none.
        """
        with self._lock:
            return self._nearest(stamp)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._newest.clear()
            self._awaited = self._kept = None

    def _nearest(self, stamp: int) -> tuple[int, Item] | None:
        """Do what `nearest` does."""
        known = [*reversed(self._newest), *([self._kept] if self._kept else [])]
        return min(known, key=lambda one: abs(one[0] - stamp), default=None)
