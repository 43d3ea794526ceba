"""What to try when a back end fails."""

from __future__ import annotations

from fer_ros.perception.backends import Backend
from fer_ros.perception.backends import BackendError
from fer_ros.perception.backends import GpuMemoryError
from fer_ros.perception.registry import CPU_BACKENDS

# After this many failures in a row the model is loaded anew; after as many again, into another
# back end.
MOST_FAILURES = 3


class Recovery:
    """Counts the failures of a back end, and says what to load instead."""

    def __init__(self) -> None:
        self._failures = 0

    def reset(self) -> None:
        """Note that the back end works, or is another one now."""
        self._failures = 0

    def fail(self, backend: Backend, error: BackendError) -> list[tuple[str, str]]:
        """
        Note a failure.

        :param backend: that failed.
        :param error: that it raised; where the GPU's memory is full, trying again is no help.
        :return: the names and devices to try now, as in the parameters `backend` and `device`, the
            best first; none to go on as it is.  An empty device is the one of the parameter.
        """
        self._failures += 1
        full = isinstance(error, GpuMemoryError)
        if not full and self._failures % MOST_FAILURES:
            return []
        if not full and self._failures == MOST_FAILURES:
            return [(backend.name, '')]
        others = [(name, 'auto') for name in CPU_BACKENDS if name != backend.name]
        if backend.name not in CPU_BACKENDS and backend.device != 'CPU':
            others.append((backend.name, 'cpu'))
        return others
