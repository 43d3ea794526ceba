"""
Check that the node's memory stays flat while camera and node run for at least 7 minutes.

Memory is flat if the median of the last minute is at most 2 MiB above that of the sixth minute.
The command needs the installed package (`. scripts/env`, or a sourced workspace) and Linux.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
import os
import subprocess
import tempfile
import time
from typing import Any

import numpy as np

from benchmark.rig.executables import process
from benchmark.rig.listening import Listening
from benchmark.rig.usage import file_count
from benchmark.rig.usage import MIB
from benchmark.rig.usage import resident_memory
from benchmark.rig.usage import thread_count

# The verdict ignores the first five minutes, and compares the sixth minute with the last one.
SETTLING_TIME = 300.0
WINDOW = 60.0
SHORTEST_RUN = SETTLING_TIME + 2 * WINDOW
MOST_GROWTH = 2 * MIB  # bytes

# Sampling period of the memory, and maximum time to wait for the first result [s].
PERIOD = 1.0
PATIENCE = 60.0


@dataclass(frozen=True)
class Verdict:
    """
    Memory at the beginning and at the end of the evaluated time.

    :param settled: median of the sixth minute, in bytes.
    :param last: median of the last minute, in bytes.
    """

    settled: float
    last: float

    @property
    def flat(self) -> bool:
        """Return whether the memory grew by at most `MOST_GROWTH`."""
        return self.last - self.settled <= MOST_GROWTH

    def __str__(self) -> str:
        return (
            f'memory {self.settled / MIB:.1f} MiB in the minute after minute '
            f'{SETTLING_TIME / 60:g}, {self.last / MIB:.1f} MiB in the last minute: '
            f'{(self.last - self.settled) / MIB:+.1f} MiB (at most {MOST_GROWTH / MIB:+.1f}): '
            f'{"stable" if self.flat else "GROWS"}'
        )


def judge(times: Sequence[float], sizes: Sequence[int]) -> Verdict:
    """
    Compare the memory of the last minute with that of the sixth minute.

    Medians are compared, because the allocator constantly acquires and releases pages.

    :param times: sampling times in seconds, in ascending order.
    :param sizes: resident memory at these times, in bytes.
    :raises ValueError: if the run is shorter than `SHORTEST_RUN`, or one of the minutes has no
        sample.
    """
    moments, memory = np.array(times, np.float64), np.array(sizes, np.float64)
    passed = moments - moments[0]
    first = (passed >= SETTLING_TIME) & (passed < SETTLING_TIME + WINDOW)
    final = passed > passed[-1] - WINDOW
    # The last sample can be up to one period before the end of the run.
    if passed[-1] < SHORTEST_RUN - 2 * PERIOD or not first.any():
        raise ValueError(
            f'{passed[-1]:.0f} s of samples are too few for a result; run for at least '
            f'{SHORTEST_RUN / 60:g} minutes'
        )
    return Verdict(float(np.median(memory[first])), float(np.median(memory[final])))


def minutes_of(text: str) -> float:
    """Parse a duration in minutes, and check that it is long enough for a verdict."""
    minutes = float(text)
    if not SHORTEST_RUN / 60 <= minutes < float('inf'):
        raise argparse.ArgumentTypeError(
            f'{text!r} minutes are too short for a result; run for at least {SHORTEST_RUN / 60:g} '
            'minutes'
        )
    return minutes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        '--minutes',
        type=minutes_of,
        default=30.0,
        help='duration in minutes, at least 7 (default: 30)',
    )
    parser.add_argument(
        '--source', default='astronaut', help='source of the camera node (default: astronaut)'
    )
    parser.add_argument('--rate', type=float, default=30.0, help='images per second (default: 30)')
    parser.add_argument(
        '--set',
        action='append',
        default=[],
        metavar='NAME:=VALUE',
        help='parameter of the emotion node; the option may be repeated',
    )


def run(arguments: argparse.Namespace) -> int:
    """
    Run camera and node, print their state, and evaluate the memory.

    :return: exit status: 1 if the memory is not flat, else 0.
    """
    domain = os.environ.setdefault('ROS_DOMAIN_ID', str(1 + os.getpid() % 101))
    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    print(
        f'{arguments.minutes:g} minutes of {arguments.source} at {arguments.rate:g} Hz, '
        f'in DDS domain {domain}',
        flush=True,
    )
    source = {'source': arguments.source, 'rate': str(float(arguments.rate)), 'loop': 'true'}
    chosen = dict(word.split(':=', 1) for word in arguments.set)
    with (
        tempfile.TemporaryFile() as log,
        Listener() as listener,
        process('camera_node', source, log),
        process('emotion_node', chosen, log) as node,
    ):
        try:
            times, sizes = watch(node, listener, arguments.minutes * 60)
        except RuntimeError as error:
            log.seek(0)
            print(log.read().decode(errors='replace')[-2000:])
            raise ValueError(str(error)) from error
    verdict = judge(times, sizes)
    print(verdict)
    return 0 if verdict.flat else 1


def watch(
    node: subprocess.Popen[bytes], listener: Listener, seconds: float
) -> tuple[list[float], list[int]]:
    """
    Sample the memory of a node, and print one line per minute.

    :param node: process of the node.
    :param listener: subscriber to the topics of the node.
    :param seconds: duration from the first result on.
    :return: sampling times in seconds, and resident memory at these times in bytes.
    :raises RuntimeError: if the node ends, or publishes no result.
    """
    began = time.monotonic()
    while not listener.answers:
        if node.poll() is not None or time.monotonic() - began > PATIENCE:
            raise RuntimeError('the node publishes no result')
        time.sleep(PERIOD)
    began = time.monotonic()
    times: list[float] = []
    sizes: list[int] = []
    told = -1
    while (now := time.monotonic() - began) < seconds:
        if node.poll() is not None:
            raise RuntimeError(f'the node ended unexpectedly with exit status {node.returncode}')
        memory = resident_memory(node.pid)
        times.append(now)
        sizes.append(memory)
        if int(now // 60) > told:
            told = int(now // 60)
            print(
                f'{told:4d} min  {memory / MIB:7.1f} MiB  {thread_count(node.pid)} threads  '
                f'{file_count(node.pid)} files  {listener.answers} results, {listener.faces} with '
                f'a face  {listener.health}',
                flush=True,
            )
        time.sleep(PERIOD)
    print(f'{listener.answers} results, {listener.answers / seconds:.1f} per second')
    return times, sizes


class Listener(Listening):
    """Receives the messages of the node in a separate thread."""

    def __init__(self) -> None:
        from diagnostic_msgs.msg import DiagnosticArray
        from vision_msgs.msg import Detection2DArray

        self.answers = 0
        self.faces = 0
        self.health = ''
        topics = [
            (Detection2DArray, 'emotion', self._on_faces),
            (DiagnosticArray, '/diagnostics', self._on_health),
        ]
        super().__init__('soak', topics)

    def _on_faces(self, message: Any) -> None:
        """Count a result."""
        self.answers += 1
        self.faces += bool(message.detections)

    def _on_health(self, message: Any) -> None:
        """Store the last diagnostics."""
        (status,) = message.status
        values = {one.key: one.value for one in status.values}
        self.health = (
            f'{status.message}; {values["frames_dropped"]} frames dropped, age p50 '
            f'{values["age_p50_ms"]} ms, p95 {values["age_p95_ms"]} ms'
        )
