"""What could not be read and why, and how far reading has come."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
import sys
from typing import Any
from typing import TextIO

from tqdm import tqdm

from training.data.datasets import DataError


@dataclass
class Faults:
    """
    What was skipped, and why.

    :param strict: stop at the first one.
    :param names: of rows or files by the reason for which they were skipped.
    """

    strict: bool = False
    names: dict[str, list[str]] = field(default_factory=dict)

    def skip(self, name: str, reason: str) -> None:
        """
        Count a row or a file as skipped.

        :param name: of it.
        :param reason: in words.
        :raises DataError: if this is strict.
        """
        if self.strict:
            raise DataError(f'{name}: {reason}')
        self.names.setdefault(reason, []).append(name)

    @property
    def count(self) -> int:
        """How many were skipped."""
        return sum(map(len, self.names.values()))

    def text(self, most: int = 5) -> str:
        """
        Tell what was skipped, a line for each reason.

        :param most: names that a line lists.
        :return: lines, or nothing.
        """
        return '\n'.join(
            f'skipped {len(names)}: {reason}: {", ".join(names[:most])}'
            + (f', … ({len(names) - most} more)' if len(names) > most else '')
            for reason, names in self.names.items()
        )


def progress_bar(what: str, total: int, unit: str, stream: TextIO | None = None) -> Any:
    """
    Show how far it is and how long it will take, where somebody watches; else nothing.

    :param what: is being done, in a word or two.
    :param total: of units.
    :param unit: 'B' for bytes, else a word.
    :param stream: where to, if not to the error output.
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
    )
