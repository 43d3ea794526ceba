"""End a process after a signal, even if one of its threads cannot stop."""

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

# Period at which the context is checked for a signal [s].
LOOK_PERIOD = 0.05

# Time that a thread may continue after a signal [s]. A library that loads a network or opens a
# camera may run no Python code for much longer. Nothing can interrupt such a library.
PATIENCE = 1.0

# Additional time for destroying the node [s].
PARTING = 0.5


class StartWatch:
    """
    Context manager that ends the process if its block does not end soon after a signal.

    The exit status is then 0.
    The signal shuts down the context of rclpy, and a thread checks the state of the context.
    """

    def __init__(self) -> None:
        # Set this attribute as soon as the node exists, so that its shared memory is released.
        self.node: Node | None = None
        self._done = Event()

    def __enter__(self) -> StartWatch:
        """Start the thread that checks the context."""
        Thread(target=self._watch, name='start', daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop the thread."""
        self._done.set()

    def _watch(self) -> None:
        """Wait until the block ends, or until the context is shut down."""
        while not self._done.wait(LOOK_PERIOD):
            if not rclpy.ok():
                give_up_trials()
                if not self._done.wait(PATIENCE):
                    end_process(0, self.node)
                return


def end_process(status: int, node: Node | None = None) -> None:
    """
    End the process immediately, whatever its threads are doing.

    :param status: exit status of the process.
    :param node: node to destroy first, because its segments would remain in shared memory; None
        for no node.
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
    Stop the trials, and wait for the threads that Python waits for at its exit.

    If the wait takes too long, end the process immediately.

    :param status: exit status of the process.
    :return: the same status.
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
