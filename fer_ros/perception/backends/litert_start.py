"""Suppress the start-up line that LiteRT writes to the terminal."""

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

# The smallest network of this package. LiteRT loads and prepares this network in 2 ms.
SMALL_NETWORK = Path(__file__).parents[1] / 'detection' / 'yunet_graph.tflite'

START_UP_LINES = re.compile(rb'^INFO: (?:Created|Initialized) TensorFlow Lite .*\n', re.MULTILINE)

# The file descriptor to which native code writes, independent of sys.stderr.
STDERR = 2

_lock = Lock()
_started = False


def start_silently(make: Callable[..., Any]) -> None:
    """
    Load a small network while standard error is redirected, to suppress LiteRT's start-up line.

    For the first network of a process, LiteRT writes 'INFO: Created TensorFlow Lite XNNPACK
    delegate for CPU.' to standard error. The Python package of LiteRT has no log level. Therefore
    the first network is a small and trusted one, loaded with standard error redirected.

    Later networks are loaded without redirection, so that their errors are shown at once, even
    after a crash. Only the first call of this function has an effect.

    :param make: class of LiteRT's interpreter.
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
    Remove LiteRT's start-up lines from standard error within a `with` block.

    All other output of any thread to standard error appears at the end of the block.
    """
    try:
        terminal = os.dup(STDERR)
    except OSError:
        # The process has no standard error, so there is nothing to redirect.
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
