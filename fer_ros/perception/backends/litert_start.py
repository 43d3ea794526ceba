"""LiteRT's start-up line, kept off the terminal."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import suppress
import os
from pathlib import Path
import re
import sys
import tempfile
from threading import Lock
from typing import Any

# The smallest network of the package; LiteRT loads and prepares it in 2 ms.
SMALL_NETWORK = Path(__file__).parents[1] / 'detection' / 'yunet_graph.tflite'

START_UP_LINES = re.compile(rb'^INFO: (?:Created|Initialized) TensorFlow Lite .*\n', re.MULTILINE)

# The file descriptor that native code writes to, whatever sys.stderr is.
STDERR = 2

_lock = Lock()
_started = False


def start_silently(make: Callable[..., Any]) -> None:
    """
    Let LiteRT write its start-up line, and drop that line.

    LiteRT writes 'INFO: Created TensorFlow Lite XNNPACK delegate for CPU.' to standard error for
    the first network of a process, and its Python package has no log level. So the first network
    is a small and trusted one, with standard error redirected. All later networks are loaded with
    standard error as it is: their errors, also those of a crash, are shown at once.

    :param make: LiteRT's interpreter. Only the first call has an effect.
    """
    global _started
    with _lock:
        if _started:
            return
        _started = True
        with without_start_up_lines(), suppress(RuntimeError, ValueError):
            make(model_path=str(SMALL_NETWORK), num_threads=1).allocate_tensors()


@contextmanager
def without_start_up_lines() -> Iterator[None]:
    """
    Remove LiteRT's start-up lines from standard error, for the duration of a block.

    Everything else that any thread writes during the block appears at its end.
    """
    try:
        terminal = os.dup(STDERR)
    except OSError:
        # The process has no standard error.
        yield
        return
    with open(terminal, 'wb', buffering=0) as real, tempfile.TemporaryFile() as kept:
        if sys.stderr is not None:
            sys.stderr.flush()
        os.dup2(kept.fileno(), STDERR)
        try:
            yield
        finally:
            os.dup2(terminal, STDERR)
            kept.seek(0)
            real.write(START_UP_LINES.sub(b'', kept.read()))
