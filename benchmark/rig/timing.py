"""Time what is compared in turns, on a machine that is named."""

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
    How long something took, each time.

    :param wall: in seconds.
    :param cpu: in seconds of all processors together, which others on the machine change less.
    """

    wall: tuple[float, ...]
    cpu: tuple[float, ...]

    def summary(self) -> dict[str, float]:
        """Give the medians, in seconds."""
        return {'seconds': round(median(self.wall), 4), 'cpu_seconds': round(median(self.cpu), 4)}


def time_in_turns(ways: Mapping[str, Callable[[], Any]], runs: int) -> dict[str, Timing]:
    """
    Time several ways, one after the other, again and again.

    So whatever else the machine does meets them alike.

    :param ways: by name; what they return is thrown away.
    :param runs: of each.
    :return: by name.
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
    Time something again and again.

    :param way: takes the number of the time, from 0 on.
    :param count: how often.
    :return: the seconds of each.
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
    Time several ways on the same frames in turns, the first way last every other time.

    :param ways: by name; each takes the number of the frame, and what it returns is thrown away.
    :param frames: that count, of each way.
    :param block: frames of a turn.  Ways that differ much in length want several: what comes after
        a long one finds the processor's caches full of other things.
    :param warm_up: frames of each way before those that count.
    :param pause: before each frame, in seconds; it does not count.
    :return: by name, the time of each frame in seconds.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    orders = (tuple(ways.items()), tuple(ways.items())[::-1])
    collecting = gc.isenabled()
    # A collection in the middle of a frame would be the frame's; in a node it is seldom.
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
    Compare two ways that were timed in turns.

    :param slow: the one.
    :param fast: the other.
    :return: how many times as fast the other is: by the medians of time and of processor time,
        and by the time of each turn.
    """
    return {
        'times_as_fast': round(median(slow.wall) / median(fast.wall), 2),
        'times_as_fast_by_cpu': round(median(slow.cpu) / median(fast.cpu), 2),
        'times_as_fast_by_turn': [
            round(one / other, 2) for one, other in zip(slow.wall, fast.wall, strict=True)
        ],
    }


def machine() -> str:
    """Name the machine: the cores that may be used, and the processor."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()
    # psutil does not name the processor, and platform does not on Debian.
    information = Path('/proc/cpuinfo')
    names = []
    if information.is_file():
        lines = information.read_text(encoding='utf-8').splitlines()
        names = [line.partition(':')[2].strip() for line in lines if line.startswith('model name')]
    processor = names[0] if names else platform.processor() or platform.machine()
    return f'{cores} cores of {processor}, Python {platform.python_version()}'
