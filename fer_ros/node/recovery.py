"""Choose a back end to load after the current one has failed."""

from __future__ import annotations

from fer_ros.perception.backends import Backend
from fer_ros.perception.backends import BackendError
from fer_ros.perception.backends import GpuMemoryError
from fer_ros.perception.registry import SMALL_BACKENDS

# The model is loaded again after this many consecutive failures. After as many more failures, the
# model is loaded into another back end.
MOST_FAILURES = 3


class Recovery:
    """Counts the failures of a back end, and selects the back ends to try next."""

    def __init__(self) -> None:
        self._failures = 0

    def reset(self) -> None:
        """Reset the count, after a success or after a change of the back end."""
        self._failures = 0

    def fail(self, backend: Backend, error: BackendError) -> list[tuple[str, str]]:
        """
        Count a failure.

        :param backend: back end that failed.
        :param error: error that the back end raised. If the memory of the GPU is full, the same
            back end is not tried again.
        :return: names and devices to try now, in order of preference, as in the parameters
            `backend` and `device`. An empty device stands for the parameter's value. The list is
            empty if the current back end stays in use.
        """
        self._failures += 1
        full = isinstance(error, GpuMemoryError)
        if not full and self._failures % MOST_FAILURES:
            return []
        if not full and self._failures == MOST_FAILURES:
            return [(backend.name, '')]
        others = [(name, 'cpu') for name in SMALL_BACKENDS if name != backend.name]
        if backend.device != 'CPU':
            others.append((backend.name, 'cpu'))
        return others
