"""A process that answers, line by line, what it is asked in JSON."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
import json
import subprocess
from typing import Any


class WorkerProcess:
    """Asks such a process."""

    def __init__(self, words: Sequence[str], **options: Any) -> None:
        """
        Start it.

        :param words: of its command line.
        :param options: of `subprocess.Popen`.
        """
        self._process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            **options,
        )

    def ask(self, order: dict[str, Any]) -> dict[str, Any] | None:
        """Ask it, and wait for the answer; None if it ended."""
        assert self._process.stdin is not None
        # That it ended is seen when no answer comes.
        with suppress(OSError):
            self._process.stdin.write(json.dumps(order) + '\n')
            self._process.stdin.flush()
        return self.answer()

    def answer(self) -> dict[str, Any] | None:
        """Wait for what it says by itself; None if it ended."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        return json.loads(line) if line else None

    def wait(self) -> int:
        """Wait for its end, and give its exit status."""
        return self._process.wait()

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()
        self._process.wait()
