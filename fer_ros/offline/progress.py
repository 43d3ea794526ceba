"""The progress of a call on the standard error."""

from __future__ import annotations

from collections.abc import Mapping
import sys
import time
from typing import TextIO

# Time between two updates of the line in a terminal, and between two lines elsewhere [s].
TERMINAL_PERIOD = 0.5
LOG_PERIOD = 30.0


class Progress:
    """
    Prints how much is done and how long the rest will take.

    :param sizes: size of each recording in bytes, by its key; a measure of its duration.
    :param quiet: whether only failures are printed.
    :param stream: where to print; None for the standard error.
    """

    def __init__(
        self, sizes: Mapping[str, int], quiet: bool, stream: TextIO | None = None
    ) -> None:
        self._sizes = sizes
        stream = stream or sys.stderr
        self._stream = None if quiet else stream
        self._terminal = stream.isatty()
        self._start = time.monotonic()
        self._told = self._start if not self._terminal else 0.0
        self._finished = self._failed = 0
        self._done = 0.0
        self._whole = max(1, sum(sizes.values()))
        self._line = ''

    def finish(self, key: str, sentence: str, failed: bool) -> None:
        """Count a recording, and print a line about it."""
        self._finished += 1
        self._failed += failed
        self._done += self._sizes[key]
        if failed and self._stream is None:
            print(sentence, file=sys.stderr, flush=True)
        self._print(sentence)

    def update(self, parts: Mapping[str, float]) -> None:
        """
        Update the line.

        :param parts: part of each current recording that is done, by its key.
        """
        now = time.monotonic()
        if now - self._told < (TERMINAL_PERIOD if self._terminal else LOG_PERIOD):
            return
        self._told = now
        current = sum(self._sizes[key] * part for key, part in parts.items())
        line = describe(
            self._finished,
            len(self._sizes),
            self._failed,
            (self._done + current) / self._whole,
            now - self._start,
        )
        if self._terminal and self._stream is not None:
            self._stream.write(f'\r{line:<{len(self._line)}}')
            self._stream.flush()
            self._line = line
        else:
            self._print(line)

    def end(self) -> None:
        """Remove the progress line from the terminal."""
        if self._line and self._stream is not None:
            self._stream.write(f'\r{"":<{len(self._line)}}\r')
            self._stream.flush()
            self._line = ''

    def _print(self, sentence: str) -> None:
        """Print a line of its own."""
        self.end()
        if self._stream is not None:
            print(sentence, file=self._stream, flush=True)


def describe(finished: int, count: int, failed: int, part: float, elapsed: float) -> str:
    """
    Describe the progress in a line.

    :param finished: number of recordings that are finished.
    :param count: number of all recordings.
    :param failed: number of those that failed.
    :param part: part of all bytes that is done, 0 to 1.
    :param elapsed: time since the start [s].
    """
    part = min(part, 1.0)
    line = f'analyse: {finished} of {count} recordings, {100 * part:.0f} %'
    if failed:
        line += f', {failed} failed'
    if part > 0.01:
        line += f', {span(elapsed * (1 - part) / part)} left'
    return line


def span(seconds: float) -> str:
    """Describe a time span."""
    whole = round(seconds)
    if whole < 60:
        return f'{whole} s'
    if whole < 3600:
        return f'{whole // 60} min {whole % 60} s'
    return f'{whole // 3600} h {whole % 3600 // 60} min'


def counted(value: int, noun: str) -> str:
    """
    Write a number with a noun in the singular or the plural.

    :param value: the number.
    :param noun: the noun in the singular.
    """
    return f'{value} {noun}' if value == 1 else f'{value} {noun}s'
