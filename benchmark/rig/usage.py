"""Processor time and memory of processes, and the growth of memory."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import psutil

MIB = 2**20

# Path prefixes of mapped shared memory: POSIX, memfd_create, System V, and anonymous.
SHARED_MEMORY = ('/dev/shm/', '/memfd:', '/SYSV', '/dev/zero')

# Ignored start of a run in `growth`, because libraries allocate memory on first use [fraction of
# the run, and maximum in s].
WARM_UP = 0.2
LONGEST_WARM_UP = 120.0


@dataclass(frozen=True)
class Growth:
    """
    The growth of memory over time.

    :param slope: slope of the fitted straight line, in bytes per second.
    :param grown: growth along this line during the measured time, in bytes.
    :param share: growth as a fraction of the median memory.
    """

    slope: float
    grown: float
    share: float


def growth(times: Sequence[float], sizes: Sequence[int]) -> Growth:
    """
    Fit a straight line to the memory after the warm-up, by least squares.

    :param times: sampling times in seconds, in ascending order.
    :param sizes: resident memory at these times, in bytes.
    :raises ValueError: if there are fewer than three samples after the warm-up.
    """
    moments, memory = np.array(times, np.float64), np.array(sizes, np.float64)
    start = moments[0] + min(LONGEST_WARM_UP, WARM_UP * (moments[-1] - moments[0]))
    moments, memory = moments[moments >= start], memory[moments >= start]
    if len(moments) < 3:
        raise ValueError(f'{len(moments)} samples after the warm-up are too few; run longer')
    slope = float(np.polyfit(moments - moments[0], memory, 1)[0])
    grown = slope * float(moments[-1] - moments[0])
    return Growth(slope, grown, grown / float(np.median(memory)))


def resident_memory(number: int) -> int:
    """
    Return the resident memory of a process, in bytes.

    :param number: id of the process.
    :raises psutil.NoSuchProcess: if the process does not exist. All functions below raise it as
        well.
    """
    return int(psutil.Process(number).memory_info().rss)


def thread_count(number: int) -> int:
    """Return the number of threads of a process."""
    return int(psutil.Process(number).num_threads())


def file_count(number: int) -> int:
    """Return the number of open files and sockets of a process."""
    return int(psutil.Process(number).num_fds())


def cpu_seconds(number: int) -> float:
    """Return the processor time of a process, in seconds."""
    times = psutil.Process(number).cpu_times()
    return float(times.user + times.system)


def thread_seconds(number: int) -> dict[tuple[int, str], float]:
    """Return the processor time of each thread in seconds, by thread id and name."""
    found = {}
    for thread in psutil.Process(number).threads():
        # A thread may end while its name is read.
        with suppress(psutil.NoSuchProcess):
            # On Linux, the id of a thread is accepted as a process id and gives the name of the
            # thread.
            name = psutil.Process(thread.id).name()
            found[thread.id, name] = float(thread.user_time + thread.system_time)
    return found


def memory_parts(number: int) -> dict[str, float]:
    """
    Return the resident memory of a process and its parts, in MiB.

    :param number: id of the process.
    :return: 'rss', which is the sum of 'own' (anonymous memory), 'files' (pages of files) and
        'shared' (shared memory).
    """
    process = psutil.Process(number)
    memory = process.memory_info()
    # psutil's `shared` contains pages of files as well as shared memory.
    shared = sum(
        part.rss
        for part in process.memory_maps(grouped=False)
        if part.path.startswith(SHARED_MEMORY)
    )
    sizes = {
        'rss': memory.rss,
        'own': memory.rss - memory.shared,
        'files': memory.shared - shared,
        'shared': shared,
    }
    return {name: size / MIB for name, size in sizes.items()}


def proportional_memory(number: int) -> float:
    """
    Return the proportional set size of a process in MiB.

    Shared pages are divided among their processes.
    """
    return float(psutil.Process(number).memory_full_info().pss / MIB)
