"""How a process ends at a signal while one of its threads cannot stop."""

from __future__ import annotations

from contextlib import suppress
import os
import sys
from threading import enumerate as all_threads
from threading import Event
from threading import main_thread
from threading import Thread
import time
from types import TracebackType

import rclpy
from rclpy.node import Node

from fer_ros.perception.models.trial import give_up_trials

# How often to look whether a signal has come [s].
LOOK_PERIOD = 0.05

# How long a thread may work on after a signal [s]. A library that loads a network, or opens a
# camera, may run no Python for much longer, and nothing can interrupt it.
PATIENCE = 1.0

# How long taking the node apart may last after that [s].
PARTING = 0.5


class StartWatch:
    """
    Ends the process with status 0 if a signal comes inside and what is inside does not end soon.

    The signal has ended the context of rclpy by then, which is what is watched.
    """

    def __init__(self) -> None:
        # Set it as soon as there is one, so that its shared memory is released at the end.
        self.node: Node | None = None
        self._done = Event()

    def __enter__(self) -> StartWatch:
        """Begin to watch."""
        Thread(target=self._watch, name='start', daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Watch no more."""
        self._done.set()

    def _watch(self) -> None:
        """Wait for the end of what is inside, or of the context."""
        while not self._done.wait(LOOK_PERIOD):
            if not rclpy.ok():
                give_up_trials()
                if not self._done.wait(PATIENCE):
                    end_process(0, self.node)
                return


def end_process(status: int, node: Node | None = None) -> None:
    """
    End the process at once, whatever its threads are doing.

    :param status: of the process.
    :param node: taken apart before, as otherwise its segments stay in shared memory.
    """
    if node is not None:
        parting = Thread(target=_take_apart, args=(node,), daemon=True)
        parting.start()
        parting.join(PARTING)
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    os._exit(status)


def end_threads(status: int) -> int:
    """
    Give up trials, and wait for the threads that Python waits for at its end.

    If that takes too long, end the process at once.

    :param status: of the process.
    :return: the same.
    """
    give_up_trials()
    end = time.monotonic() + PATIENCE
    for thread in all_threads():
        if thread is not main_thread() and not thread.daemon:
            thread.join(max(0.0, end - time.monotonic()))
            if thread.is_alive():
                end_process(status)
    return status


def _take_apart(node: Node) -> None:
    """Destroy a node and its context."""
    with suppress(Exception):
        node.destroy_node()
        rclpy.try_shutdown()
