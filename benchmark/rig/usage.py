"""The processor time and the memory of processes, and whether memory grows."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import psutil

MIB = 2**20

# Paths of mapped shared memory: of POSIX, of memfd_create, of System V, and without a name.
SHARED_MEMORY = ('/dev/shm/', '/memfd:', '/SYSV', '/dev/zero')

# Start of a run that `growth` leaves out, because libraries allocate memory at their first use
# [share of the run, and s].
WARM_UP = 0.2
LONGEST_WARM_UP = 120.0


@dataclass(frozen=True)
class Growth:
    """
    How memory went over time.

    :param slope: of the straight line through it, in bytes a second.
    :param grown: along that line in the time that was measured, in bytes.
    :param share: that, as a share of the memory in the middle.
    """

    slope: float
    grown: float
    share: float


def growth(times: Sequence[float], sizes: Sequence[int]) -> Growth:
    """
    Fit a straight line to memory, by least squares, after the warm-up.

    :param times: in seconds, growing.
    :param sizes: the resident memory at these times, in bytes.
    :raises ValueError: if there are fewer than three samples after the warm-up.
    """
    moments, memory = np.array(times, np.float64), np.array(sizes, np.float64)
    start = moments[0] + min(LONGEST_WARM_UP, WARM_UP * (moments[-1] - moments[0]))
    moments, memory = moments[moments >= start], memory[moments >= start]
    if len(moments) < 3:
        raise ValueError(f'{len(moments)} samples after the warm-up tell nothing; run longer')
    slope = float(np.polyfit(moments - moments[0], memory, 1)[0])
    grown = slope * float(moments[-1] - moments[0])
    return Growth(slope, grown, grown / float(np.median(memory)))


def resident_memory(number: int) -> int:
    """
    Return the resident memory of a process, in bytes.

    :param number: the id of the process.
    :raises psutil.NoSuchProcess: if there is none, as all functions here.
    """
    return int(psutil.Process(number).memory_info().rss)


def thread_count(number: int) -> int:
    """Return the number of threads of a process."""
    return int(psutil.Process(number).num_threads())


def file_count(number: int) -> int:
    """Return the number of files and sockets that a process has open."""
    return int(psutil.Process(number).num_fds())


def cpu_seconds(number: int) -> float:
    """Return the processor time that a process has used, in seconds."""
    times = psutil.Process(number).cpu_times()
    return float(times.user + times.system)


def thread_seconds(number: int) -> dict[tuple[int, str], float]:
    """Return the processor time of each thread in seconds, by its id and its name."""
    found = {}
    for thread in psutil.Process(number).threads():
        # A thread may end while it is looked at.
        with suppress(psutil.NoSuchProcess):
            # On Linux a thread has the files of a process, and a name of its own.
            name = psutil.Process(thread.id).name()
            found[thread.id, name] = float(thread.user_time + thread.system_time)
    return found


def memory_parts(number: int) -> dict[str, float]:
    """
    Return the resident memory of a process in MiB, and its parts.

    :param number: the id of the process.
    :return: 'rss', which is the sum of 'own' (no file's), 'files' (pages of files) and 'shared'
        (shared memory).
    """
    process = psutil.Process(number)
    memory = process.memory_info()
    # What psutil calls shared are the pages of files and of shared memory.
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
    """Return the memory of a process in MiB; what several processes share counts in parts."""
    return float(psutil.Process(number).memory_full_info().pss / MIB)
