"""Check whether the simulated clock of a node advances."""

from __future__ import annotations

from collections.abc import Callable
import time

from rclpy.node import Node


class ClockWatch:
    """Measures how long a simulated clock has stopped."""

    def __init__(self, node: Node, clock: Callable[[], float] = time.monotonic) -> None:
        """
        Start the measurement.

        :param node: node whose clock is measured.
        :param clock: returns the time of the machine in seconds.
        """
        self._node = node
        self._clock = clock
        self._last = 0
        self._changed = clock()

    @property
    def simulated(self) -> bool:
        """Return whether the node uses the time of /clock."""
        return bool(getattr(self._node.get_clock(), 'ros_time_is_active', False))

    def silence(self) -> float:
        """Return for how many seconds the clock has stopped; call this method regularly."""
        now = self._clock()
        time_of_node = self._node.get_clock().now().nanoseconds if self.simulated else -1
        if time_of_node != self._last or not self.simulated:
            self._last, self._changed = time_of_node, now
        return now - self._changed
