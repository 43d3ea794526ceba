"""Load and run unknown networks and weights in a child process with limits."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
import json
import os
from pathlib import Path
import signal
import subprocess
import sys
from threading import Event
import time
from typing import Any

from fer_ros.perception.files import anonymous_file
from fer_ros.perception.quoting import shortened

# The module that the child process runs.
CHILD = 'fer_ros.perception.trial_child'

# Limit of the CPU time of one trial, as the sum over all threads of the child [s].
# Wall time is no good measure, because it depends on the load: fer2013_mobile on JAX takes 48 s of
# CPU time, which took 100 s on two busy cores.
CPU_LIMIT = 60.0
# Limit of the CPU time for engines that compile a network for each batch size [s]. The limit is
# about ten times the CPU time on JAX, to allow for slow boards.
COMPILING_CPU_LIMIT = 600.0
# A child that uses less CPU time than LEAST_CPU_TIME within this time is considered hung [s].
IDLE_LIMIT = 60.0
LEAST_CPU_TIME = 0.5
# Limit of the child's resident memory [bytes]. The peaks with fer2013_mobile are 910 MiB on
# TensorFlow, 686 MiB on JAX, 131 MiB on OpenCV and 105 MiB on LiteRT.
MEMORY_LIMIT = 2 << 30
# Period at which the memory and the CPU time of the child are measured [s].
POLL_PERIOD = 0.02
# In bytes. The answer of the child is one short JSON object.
LONGEST_ANSWER = 4096

# Environment variables that hide the GPUs of CUDA and ROCm from the engines.
CPU_ONLY = {
    'CUDA_VISIBLE_DEVICES': '',
    'HIP_VISIBLE_DEVICES': '',
    'ROCR_VISIBLE_DEVICES': '',
    'JAX_PLATFORMS': 'cpu',
}


# Set when this process is about to end.
_given_up = Event()


class TrialError(RuntimeError):
    """
    Raised if a trial failed.

    :param sentence: the reason, as one sentence.
    :param kind: class name of the child's exception if it is one of this package, else empty.
    """

    def __init__(self, sentence: str, kind: str = '') -> None:
        super().__init__(sentence)
        self.kind = kind


def run_trial(request: Mapping[str, Any], content: bytes, cpu_limit: float | None = None) -> None:
    """
    Load and run a network or a detector in a child process, on the CPU.

    If a file makes a native parser crash, hang or use all memory, only the child ends.
    The child runs the same code of this package as the caller afterwards.

    :param request: the request for `trial_child.try_out`, with JSON's types only.
    :param content: content of the network file.
    :param cpu_limit: limit of the child's CPU time in seconds; None for CPU_LIMIT.
    :raises TrialError: if the child crashes, hangs, uses too much time or memory, or cannot load
        or run the content.
    """
    try:
        descriptor = anonymous_file(content)
    except OSError as error:
        raise TrialError(f'cannot start a trial in a child process: {error.strerror}') from error
    try:
        process = _start(request, descriptor)
    except OSError as error:
        raise TrialError(f'cannot start a trial in a child process: {error.strerror}') from error
    finally:
        os.close(descriptor)
    try:
        status = _wait(process, CPU_LIMIT if cpu_limit is None else cpu_limit)
        answer = _answer(process)
    finally:
        _end(process)
    if status < 0:
        raise TrialError(f'a trial in a child process was ended by {_signal_name(-status)}')
    if answer is None:
        raise TrialError(
            f'a trial in a child process ended with exit status {status} and without a result'
        )
    if answer['refusal']:
        raise TrialError(shortened(answer['refusal']), str(answer['kind']))


def give_up_trials() -> None:
    """Abort all current and later trials of this process, because the process is about to end."""
    _given_up.set()


def _start(request: Mapping[str, Any], descriptor: int) -> subprocess.Popen[bytes]:
    """Start the child with the content as its standard input and a pipe for its answer."""
    # With the same search path, the child imports the same modules as this process.
    path = os.pathsep.join(os.path.abspath(folder) for folder in sys.path)
    return subprocess.Popen(
        [sys.executable, '-m', CHILD, json.dumps(request), str(os.getpid())],
        stdin=descriptor,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd='/',
        env={**os.environ, **CPU_ONLY, 'PYTHONPATH': path},
        # In its own session, the child gets no SIGINT from the terminal. This process gets the
        # signal, and then ends the child.
        start_new_session=True,
    )


def _wait(process: subprocess.Popen[bytes], cpu_limit: float) -> int:
    """
    Wait for the child to end, and check its limits.

    :param process: the child.
    :param cpu_limit: limit of its CPU time in seconds.
    :return: the exit status of the child; the negative signal number if a signal ended it.
    :raises TrialError: if the child exceeds a limit, or this process is about to end.
    """
    began = worked_at = time.monotonic()
    worked = 0.0
    while True:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(POLL_PERIOD)
        if _given_up.is_set():
            raise TrialError('a trial in a child process was cancelled, because this process ends')
        resident = _resident_memory(process.pid)
        if resident > MEMORY_LIMIT:
            raise TrialError(
                f'a trial in a child process used {resident >> 20} MiB of memory, more than the '
                f'limit of {MEMORY_LIMIT >> 20} MiB'
            )
        now = time.monotonic()
        cpu_time = _cpu_time(process.pid, now - began)
        if cpu_time > cpu_limit:
            raise TrialError(
                f'a trial in a child process did not end within {cpu_limit:g} s of CPU time'
            )
        if cpu_time - worked > LEAST_CPU_TIME:
            worked, worked_at = cpu_time, now
        elif now - worked_at > IDLE_LIMIT:
            raise TrialError(f'a trial in a child process used no CPU time for {IDLE_LIMIT:g} s')


def _cpu_time(process_id: int, otherwise: float) -> float:
    """
    Read the CPU time of a process.

    :param process_id: id of the process.
    :param otherwise: value to return if the system does not report the CPU time.
    :return: the CPU time in seconds.
    """
    try:
        # The process name is in parentheses and may contain spaces.
        text = Path(f'/proc/{process_id}/stat').read_text(encoding='ascii', errors='replace')
        user, system = text.rpartition(')')[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf('SC_CLK_TCK')
    except (OSError, ValueError):
        return otherwise


def _resident_memory(process_id: int) -> int:
    """Read the resident memory of a process in bytes; 0 if the system does not report it."""
    try:
        fields = Path(f'/proc/{process_id}/statm').read_text(encoding='ascii').split()
    except OSError:
        return 0
    return int(fields[1]) * os.sysconf('SC_PAGE_SIZE')


def _answer(process: subprocess.Popen[bytes]) -> dict[str, str] | None:
    """Read the answer of a child that has ended; return None if there is no valid answer."""
    assert process.stdout is not None
    os.set_blocking(process.stdout.fileno(), False)
    try:
        answer = json.loads(os.read(process.stdout.fileno(), LONGEST_ANSWER))
    except (OSError, ValueError):
        return None
    return answer if isinstance(answer, dict) and {'refusal', 'kind'} <= set(answer) else None


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the child and its own children if the child is still running."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert process.stdout is not None
    process.stdout.close()


def _signal_name(number: int) -> str:
    """Return the name of a signal, such as 'SIGSEGV'."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f'signal {number}'
