"""A progress bar on the terminal."""

from __future__ import annotations

import sys
from typing import Any
from typing import TextIO

from tqdm import tqdm


def progress_bar(
    what: str,
    total: int | None,
    unit: str,
    stream: TextIO | None = None,
    bar_format: str | None = None,
) -> Any:
    """
    Create a progress bar, which is shown only on a terminal.

    :param what: description in a word or two.
    :param total: total number of units; None if it is unknown.
    :param unit: 'B' for bytes, or another word.
    :param stream: stream to write to; None for the standard error output.
    :param bar_format: format of the bar, as in tqdm; None for tqdm's own, with rate and time left.
    :return: context manager with `update(count)`.
    """
    return tqdm(
        desc=what,
        total=total,
        unit=unit if unit == 'B' else f' {unit}',
        unit_scale=unit == 'B',
        file=stream or sys.stderr,
        disable=None,
        leave=False,
        bar_format=bar_format,
    )
