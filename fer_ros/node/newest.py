"""A place for one thing: the newest."""

from __future__ import annotations

from threading import Condition
from typing import Generic
from typing import TypeVar

Item = TypeVar('Item')


class Newest(Generic[Item]):
    """Hands things from one thread to another; what is not taken in time is replaced."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._item: Item | None = None
        self._closed = False

    def put(self, item: Item) -> bool:
        """
        Leave a thing.

        :return: True if it took the place of one that nobody had taken.
        """
        with self._changed:
            replaced = self._item is not None
            self._item = item
            self._changed.notify()
        return replaced

    def take(self) -> Item | None:
        """
        Wait for a thing and take it away.

        :return: the newest, or None when there will be no more.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._item is not None or self._closed)
            if self._closed:
                return None
            item, self._item = self._item, None
        return item

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
