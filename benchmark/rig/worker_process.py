"""A child process that answers requests, one JSON object per line."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
import json
import subprocess
from typing import Any


class WorkerProcess:
    """Sends requests to a worker process."""

    def __init__(self, words: Sequence[str], **options: Any) -> None:
        """
        Start the process.

        :param words: command line of the process.
        :param options: options of `subprocess.Popen`.
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
        """Send a request, and wait for the answer. Return None if the process has ended."""
        assert self._process.stdin is not None
        # If the process has ended, the missing answer shows it.
        with suppress(OSError):
            self._process.stdin.write(json.dumps(order) + '\n')
            self._process.stdin.flush()
        return self.answer()

    def answer(self) -> dict[str, Any] | None:
        """Wait for the next line of the process. Return None if the process has ended."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        return json.loads(line) if line else None

    def wait(self) -> int:
        """Wait until the process ends, and return its exit status."""
        return self._process.wait()

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()
        self._process.wait()
