"""Measure functions in turns, and identify the machine."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
import gc
import os
from pathlib import Path
import platform
from statistics import median
import time
from typing import Any


@dataclass(frozen=True)
class Timing:
    """
    Measured times of a function, one for each run.

    :param wall: wall-clock times in seconds.
    :param cpu: processor times in seconds, summed over all cores. Other processes on the machine
        affect the processor time less than the wall-clock time.
    """

    wall: tuple[float, ...]
    cpu: tuple[float, ...]

    def summary(self) -> dict[str, float]:
        """Return the median times in seconds."""
        return {'seconds': round(median(self.wall), 4), 'cpu_seconds': round(median(self.cpu), 4)}


def time_in_turns(ways: Mapping[str, Callable[[], Any]], runs: int) -> dict[str, Timing]:
    """
    Measure several functions in turns.

    Changes in the load of the machine then affect all functions equally.

    :param ways: functions by name; their return values are ignored.
    :param runs: number of runs of each function.
    :return: the times by name.
    """
    wall: dict[str, list[float]] = {name: [] for name in ways}
    cpu: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, way in ways.items():
            gc.collect()
            begin, begin_cpu = time.perf_counter(), time.process_time()
            way()
            wall[name].append(time.perf_counter() - begin)
            cpu[name].append(time.process_time() - begin_cpu)
    return {name: Timing(tuple(wall[name]), tuple(cpu[name])) for name in ways}


def timed(way: Callable[[int], Any], count: int) -> list[float]:
    """
    Measure a function repeatedly.

    :param way: function that takes the number of the run, from 0.
    :param count: number of runs.
    :return: seconds of each run.
    """
    seconds = []
    for number in range(count):
        begin = time.perf_counter()
        way(number)
        seconds.append(time.perf_counter() - begin)
    return seconds


def time_frames(
    ways: Mapping[str, Callable[[int], Any]],
    frames: int,
    block: int = 1,
    warm_up: int = 5,
    pause: float = 0.0,
) -> dict[str, tuple[float, ...]]:
    """
    Measure several functions on the same frames in turns.

    The order is reversed in every other turn.

    :param ways: functions by name. Each takes the number of the frame, and its return value is
        ignored.
    :param frames: number of measured frames for each function.
    :param block: number of frames in a turn. Use several if the functions differ much in duration,
        because a long function evicts the data of the next function from the processor's caches.
    :param warm_up: number of frames for each function before the measured frames.
    :param pause: pause before each frame in seconds, not measured.
    :return: seconds of each frame, by name.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    orders = (tuple(ways.items()), tuple(ways.items())[::-1])
    collecting = gc.isenabled()
    # Garbage collection is disabled, because it would distort single frames. In a node it is rare.
    gc.collect()
    gc.disable()
    try:
        for way in ways.values():
            for frame in range(warm_up):
                way(frame)
        for turn, start in enumerate(range(0, frames, block)):
            for name, way in orders[turn % 2]:
                for frame in range(start, min(start + block, frames)):
                    if pause:
                        time.sleep(pause)
                    begin = time.perf_counter()
                    way(frame)
                    seconds[name].append(time.perf_counter() - begin)
    finally:
        if collecting:
            gc.enable()
    return {name: tuple(values) for name, values in seconds.items()}


def how_much_faster(slow: Timing, fast: Timing) -> dict[str, Any]:
    """
    Compare two functions that were measured in turns.

    :param slow: times of the slower function.
    :param fast: times of the faster function.
    :return: the speed-up by the median times, by the median processor times, and in each turn.
    """
    return {
        'times_as_fast': round(median(slow.wall) / median(fast.wall), 2),
        'times_as_fast_by_cpu': round(median(slow.cpu) / median(fast.cpu), 2),
        'times_as_fast_by_turn': [
            round(one / other, 2) for one, other in zip(slow.wall, fast.wall, strict=True)
        ],
    }


def machine() -> str:
    """Return the number of available cores, the processor name and the Python version."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()
    # psutil does not report the processor name, and `platform` does not report it on Debian.
    information = Path('/proc/cpuinfo')
    names = []
    if information.is_file():
        lines = information.read_text(encoding='utf-8').splitlines()
        names = [line.partition(':')[2].strip() for line in lines if line.startswith('model name')]
    processor = names[0] if names else platform.processor() or platform.machine()
    return f'{cores} cores of {processor}, Python {platform.python_version()}'
