"""A bar that shows on a terminal how far work has come."""

from __future__ import annotations

import sys
from typing import Any
from typing import TextIO

from tqdm import tqdm


def progress_bar(
    what: str,
    total: int,
    unit: str,
    stream: TextIO | None = None,
    bar_format: str | None = None,
) -> Any:
    """
    Show how far it is and how long it will take, where somebody watches; else nothing.

    :param what: is being done, in a word or two.
    :param total: of units.
    :param unit: 'B' for bytes, else a word.
    :param stream: where to, if not to the error output.
    :param bar_format: what the bar shows, as of tqdm; None: the rate and the time left too.
    :return: a context manager with `update(count)`.
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
