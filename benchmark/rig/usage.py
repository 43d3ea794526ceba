"""The processor time and the memory of processes, and whether memory grows."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
import os
from pathlib import Path

import numpy as np

MIB = 2**20

# Of /proc/PID/stat.
TICKS = os.sysconf('SC_CLK_TCK')

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


def resident_memory(number: int | str) -> tuple[int, int]:
    """Return the resident memory of a process in bytes, and the number of its threads."""
    lines = Path(f'/proc/{number}/status').read_text().splitlines()
    values = dict(line.split(':', 1) for line in lines)
    return int(values['VmRSS'].split()[0]) * 1024, int(values['Threads'])


def cpu_seconds(number: int) -> float:
    """Give the processor time that a process has used, in seconds."""
    return _name_and_seconds(Path(f'/proc/{number}/stat'))[1]


def thread_seconds(number: int) -> dict[tuple[int, str], float]:
    """Give the processor time of each thread of a process, in seconds, by its number and name."""
    found = {}
    for task in Path(f'/proc/{number}/task').iterdir():
        # A thread may end while it is looked at.
        with suppress(OSError):
            name, seconds = _name_and_seconds(task / 'stat')
            found[int(task.name), name] = seconds
    return found


def _name_and_seconds(path: Path) -> tuple[str, float]:
    """Read the name and the processor time of a process or thread."""
    # The name, in parentheses, may have anything in it.
    head, _, tail = path.read_text().rpartition(')')
    words = tail.split()
    return head.partition('(')[2], (int(words[11]) + int(words[12])) / TICKS


def memory_parts(number: int) -> dict[str, float]:
    """Give the resident memory of a process in MiB: 'rss', and what it is made of."""
    lines = Path(f'/proc/{number}/status').read_text().splitlines()
    values = dict(line.split(':', 1) for line in lines)
    names = {'rss': 'VmRSS', 'own': 'RssAnon', 'files': 'RssFile', 'shared': 'RssShmem'}
    return {name: int(values[key].split()[0]) / 1024 for name, key in names.items()}


def proportional_memory(number: int) -> float:
    """Give the memory of a process in MiB; what several processes share counts in parts."""
    lines = Path(f'/proc/{number}/smaps_rollup').read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith('Pss:')) / 1024
