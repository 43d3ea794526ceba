"""Unknown networks and weights: first loaded and run in a child process with limits."""

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

# The child's module.
CHILD = 'fer_ros.perception.trial_child'

# Limit of the CPU time of one trial, of all threads of the child together [s]. Wall time says
# little: fer2013_mobile on JAX takes 48 s of CPU time, and that took 100 s on two busy cores.
CPU_LIMIT = 60.0
# The same for engines that compile a network for each size of the batch: the time on JAX, and ten
# times as much on a slow board.
COMPILING_CPU_LIMIT = 600.0
# A child that takes less CPU time than LEAST_CPU_TIME in this time waits for nothing [s].
IDLE_LIMIT = 60.0
LEAST_CPU_TIME = 0.5
# Limit of the child's resident memory [bytes].  The peaks on fer2013_mobile are 910 MiB on
# TensorFlow, 686 MiB on JAX, 131 MiB on OpenCV and 105 MiB on LiteRT.
MEMORY_LIMIT = 2 << 30
# How often the child's memory is measured [s].
POLL_PERIOD = 0.02
# The child's answer is one short JSON object.
LONGEST_ANSWER = 4096  # bytes

# These variables hide the GPUs of CUDA and of ROCm from the engines.
CPU_ONLY = {
    'CUDA_VISIBLE_DEVICES': '',
    'HIP_VISIBLE_DEVICES': '',
    'ROCR_VISIBLE_DEVICES': '',
    'JAX_PLATFORMS': 'cpu',
}


# Set once the process ends.
_given_up = Event()


class TrialError(RuntimeError):
    """
    A trial that failed.

    :param sentence: what happened.
    :param kind: the class of the child's exception if it is one of this package, else empty.
    """

    def __init__(self, sentence: str, kind: str = '') -> None:
        super().__init__(sentence)
        self.kind = kind


def run_trial(
    request: Mapping[str, Any], content: bytes, cpu_limit: float | None = None
) -> None:
    """
    Load and run a network or a detector in a child process, on the CPU.

    If a file makes a native parser crash, hang or take all memory, only the child ends.
    The child runs the same code of this package as the caller does afterwards.

    :param request: what to run, for `trial_child`; anything that JSON can hold.
    :param content: of the file.
    :param cpu_limit: most CPU time of the child in seconds; None for CPU_LIMIT.
    :raises TrialError: if the child crashes, hangs, takes too much time or memory, or refuses it.
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
    """End all trials of this process, now and later, because the process ends."""
    _given_up.set()


def _start(request: Mapping[str, Any], descriptor: int) -> subprocess.Popen[bytes]:
    """Start the child with the content as its standard input; its answer comes by a pipe."""
    # The child imports the same modules as this process, wherever they are.
    path = os.pathsep.join(os.path.abspath(folder) for folder in sys.path)
    return subprocess.Popen(
        [sys.executable, '-m', CHILD, json.dumps(request), str(os.getpid())],
        stdin=descriptor,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd='/',
        env={**os.environ, **CPU_ONLY, 'PYTHONPATH': path},
        # INT from the terminal is for this process, which then ends the child.
        start_new_session=True,
    )


def _wait(process: subprocess.Popen[bytes], cpu_limit: float) -> int:
    """
    Wait for the child, and watch its time and memory.

    :param cpu_limit: most CPU time in seconds.
    :return: its exit status, negative for a signal.
    :raises TrialError: if it exceeds a limit, or this process ends.
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
    Measure the CPU time of a process in seconds.

    :param otherwise: returned if the system does not report it.
    """
    try:
        # The name of the process, in parentheses, may hold spaces.
        text = Path(f'/proc/{process_id}/stat').read_text(encoding='ascii', errors='replace')
        user, system = text.rpartition(')')[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf('SC_CLK_TCK')
    except (OSError, ValueError):
        return otherwise


def _resident_memory(process_id: int) -> int:
    """Measure the resident memory of a process in bytes; 0 if the system does not report it."""
    try:
        fields = Path(f'/proc/{process_id}/statm').read_text(encoding='ascii').split()
    except OSError:
        return 0
    return int(fields[1]) * os.sysconf('SC_PAGE_SIZE')


def _answer(process: subprocess.Popen[bytes]) -> dict[str, str] | None:
    """Read the answer of a child that has ended; None if there is no answer."""
    assert process.stdout is not None
    os.set_blocking(process.stdout.fileno(), False)
    try:
        answer = json.loads(os.read(process.stdout.fileno(), LONGEST_ANSWER))
    except (OSError, ValueError):
        return None
    return answer if isinstance(answer, dict) and {'refusal', 'kind'} <= set(answer) else None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the child and its own children, if it is still there."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert process.stdout is not None
    process.stdout.close()


def _signal_name(number: int) -> str:
    """Name a signal: 'SIGSEGV'."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f'signal {number}'
