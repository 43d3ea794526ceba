"""Analyse recordings in several processes of one machine."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import suppress
import ctypes
from dataclasses import dataclass
from dataclasses import replace
import multiprocessing
from multiprocessing.connection import Connection
from multiprocessing.connection import wait
import os
import signal
import sys
from typing import Any

from fer_ros.offline.job import Job
from fer_ros.offline.models import load_models
from fer_ros.offline.work import Outcome
from fer_ros.offline.work import process
from fer_ros.offline.work import Task
from fer_ros.perception.backends import BackendError
from fer_ros.perception.detection.choice import DetectorError
from fer_ros.perception.models.bundle import BundleError
from fer_ros.perception.quoting import shortened
from fer_ros.perception.settings import SettingError

# Number of attempts at a recording whose process dies.
ATTEMPTS = 2

# The kinds of messages from a process.
READY, REFUSED, PROGRESS, OUTCOME = 'ready', 'refused', 'progress', 'outcome'

# Errors that loading the networks may raise.
REFUSALS = (SettingError, BundleError, BackendError, DetectorError)

# The signal that Linux sends to a process whose parent has ended (linux/prctl.h).
PR_SET_PDEATHSIG = 1


class PoolError(RuntimeError):
    """Raised if the processes cannot load the networks; the message gives the reason."""


@dataclass
class _Worker:
    """A process, the connection to it, and its current task."""

    process: Any
    connection: Connection
    task: Task | None = None
    attempt: int = 1


class Pool:
    """
    Processes that each hold the networks and analyse one recording at a time.

    :param job: what to do with each recording.
    :param size: number of processes.
    """

    def __init__(self, job: Job, size: int) -> None:
        self._job, self._size = job, size
        self._about: dict[str, Any] = {}
        # A forked process would share the threads and the locks of this one.
        self._context = multiprocessing.get_context('spawn')
        self._workers: list[_Worker] = []
        # The part of each current recording that is done, by its key.
        self.progress: dict[str, float] = {}

    def start(self) -> dict[str, str]:
        """
        Start the first process.

        :return: identity of its networks; see `Models.identity`.
        :raises PoolError: if it cannot load them; the message gives the reason.
        """
        worker = self._start()
        try:
            kind, value = worker.connection.recv()
        except (EOFError, OSError):
            worker.process.join()
            how = _end_of(worker.process.exitcode)
            raise PoolError(f'the process that loads the models ended ({how})') from None
        if kind == REFUSED:
            raise PoolError(value)
        return dict(value)

    def run(
        self,
        tasks: Sequence[Task],
        about: Mapping[str, Any],
        patience: float | None = None,
    ) -> Iterator[Outcome | None]:
        """
        Analyse recordings.

        If a process dies, its recording is tried once more by another one.
        The processes keep their networks for the next call.

        :param tasks: the recordings.
        :param about: facts about the call for the metadata of the tables.
        :param patience: yield None when nothing has happened for this time [s].
        :return: outcomes in the order of their completion.
        """
        self._about = dict(about)
        waiting = deque((task, 1) for task in tasks)
        try:
            while waiting or any(one.task for one in self._workers):
                self._occupy(waiting)
                ready = wait([one.connection for one in self._workers], patience)
                if not ready:
                    yield None
                for one in [one for one in self._workers if one.connection in ready]:
                    try:
                        kind, value = one.connection.recv()
                    except (EOFError, OSError):
                        yield from self._bury(one, waiting)
                        continue
                    if kind == REFUSED:
                        raise PoolError(value)
                    if kind == PROGRESS:
                        self.progress[value[0]] = value[1]
                    if kind == OUTCOME:
                        one.task = None
                        self.progress.pop(value.key, None)
                        yield value
        except BaseException:
            # The call was interrupted, or the caller wants no more outcomes.
            self.stop()
            raise

    def stop(self) -> None:
        """End the processes; a recording in progress is lost."""
        for one in self._workers:
            one.connection.close()
            one.process.kill()
        for one in self._workers:
            one.process.join()
        self._workers.clear()

    @property
    def pids(self) -> list[int]:
        """Return the ids of the running processes."""
        return [one.process.pid for one in self._workers]

    def _occupy(self, waiting: deque[tuple[Task, int]]) -> None:
        """Start processes, and give each free one a recording."""
        while waiting:
            free = next((one for one in self._workers if one.task is None), None)
            if free is None and len(self._workers) < self._size:
                free = self._start()
            if free is None:
                return
            task, attempt = waiting[0]
            # A second attempt must not meet the files of the first.
            task = replace(task, staged=f'{task.staged}-{attempt}')
            try:
                free.connection.send((task, self._about))
            except OSError:
                # The process has died; its end is noticed by the next `wait`.
                free.task, free.attempt = waiting.popleft()
                return
            free.task, free.attempt = waiting.popleft()

    def _start(self) -> _Worker:
        """Start a process."""
        ours, theirs = self._context.Pipe()
        started = self._context.Process(
            target=_work, args=(theirs, self._job, os.getpid()), daemon=True
        )
        started.start()
        theirs.close()
        worker = _Worker(started, ours)
        self._workers.append(worker)
        return worker

    def _bury(self, worker: _Worker, waiting: deque[tuple[Task, int]]) -> Iterator[Outcome]:
        """Remove a dead process, and repeat its recording or report it as failed."""
        worker.connection.close()
        worker.process.join()
        self._workers.remove(worker)
        task = worker.task
        if task is None:
            return
        self.progress.pop(task.key, None)
        if worker.attempt < ATTEMPTS:
            waiting.appendleft((task, worker.attempt + 1))
            return
        how = _end_of(worker.process.exitcode)
        yield Outcome(task.key, reason=f'the process that analysed it ended twice ({how})')


def _end_of(code: int | None) -> str:
    """Describe the exit status of a process."""
    if code is not None and code < 0:
        with suppress(ValueError):
            return f'by the signal {signal.Signals(-code).name}'
    return f'with the status {code}'


def end_with_parent(parent: int) -> None:
    """
    Let the kernel end this process when its parent ends, also if that is killed.

    :param parent: process id of the parent.
    """
    if sys.platform == 'linux':
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)


def _work(connection: Connection, job: Job, parent: int) -> None:
    """Load the networks, and analyse one recording after the other."""
    end_with_parent(parent)
    # Ctrl-C reaches all processes of a terminal; the parent ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        models = load_models(job.settings)
    except REFUSALS as error:
        connection.send((REFUSED, shortened(error)))
        return
    connection.send((READY, models.identity))
    while True:
        try:
            task, about = connection.recv()
        except (EOFError, OSError):
            return

        def tell(done: float, key: str = task.key) -> None:
            connection.send((PROGRESS, (key, done)))

        connection.send((OUTCOME, process(task, job, models, about, tell)))
