"""A buffer of messages, searched by timestamp."""

from __future__ import annotations

from collections import deque
from threading import Lock
from typing import Generic
from typing import TypeVar

Item = TypeVar('Item')

# Maximum difference between the timestamps of an image and its depth image [ns]. The value is half
# the period of a 10 Hz camera, during which a walking person moves by 7 cm.
SLACK = 50_000_000

# Number of messages to search for the nearest timestamp; more messages would only use memory. The
# message nearest to an expected timestamp is kept in addition.
LENGTH = 4


class StampBuffer(Generic[Item]):
    """
    Holds the newest messages, and the message nearest to an expected timestamp.

    The synchronizers of message_filters are not suitable, because they only return complete sets.
    An image would wait for its depth image, and an image without depth would never be processed.
    """

    def __init__(self, length: int = LENGTH) -> None:
        """
        Create an empty buffer.

        :param length: number of newest messages to hold.
        """
        self._lock = Lock()
        self._newest: deque[tuple[int, Item]] = deque(maxlen=length)
        self._awaited: int | None = None
        self._kept: tuple[int, Item] | None = None

    def put(self, stamp: int, item: Item) -> None:
        """
        Add a message.

        :param stamp: timestamp of the message in nanoseconds.
        :param item: the message.
        """
        with self._lock:
            self._newest.append((stamp, item))
            if self._awaited is not None:
                self._kept = self._nearest(self._awaited)

    def expect(self, stamp: int) -> None:
        """
        Keep the message nearest to a timestamp, however many messages arrive later.

        The effect lasts until the next call, or until `clear`.

        :param stamp: timestamp in nanoseconds.
        """
        with self._lock:
            self._awaited = stamp
            self._kept = self._nearest(stamp)

    def nearest(self, stamp: int) -> tuple[int, Item] | None:
        """
        Find the message nearest to a timestamp.

        :param stamp: timestamp in nanoseconds.
        :return: the message's timestamp and the message; None if there is no message. Of several
            equally near messages, the newest is returned.
        """
        with self._lock:
            return self._nearest(stamp)

    def clear(self) -> None:
        """Discard all messages and the expected timestamp."""
        with self._lock:
            self._newest.clear()
            self._awaited = self._kept = None

    def _nearest(self, stamp: int) -> tuple[int, Item] | None:
        """Find the nearest message while the lock is held; see `nearest`."""
        known = [*reversed(self._newest), *([self._kept] if self._kept else [])]
        return min(known, key=lambda one: abs(one[0] - stamp), default=None)
