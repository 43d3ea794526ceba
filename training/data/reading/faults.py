"""What could not be read, and why."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field

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
