"""Collect the entries of a data set that could not be read."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field

from training.data.datasets import DataError


@dataclass
class Faults:
    """
    Skipped rows and files, with the reasons.

    :param strict: whether to fail at the first one.
    :param names: names of the skipped rows or files, keyed by the reason.
    """

    strict: bool = False
    names: dict[str, list[str]] = field(default_factory=dict)

    def skip(self, name: str, reason: str) -> None:
        """
        Record that a row or a file is skipped.

        :param name: name of the row or file.
        :param reason: reason in words.
        :raises DataError: if `strict` is set.
        """
        if self.strict:
            raise DataError(f'{name}: {reason}')
        self.names.setdefault(reason, []).append(name)

    @property
    def count(self) -> int:
        """Return the number of skipped rows and files."""
        return sum(map(len, self.names.values()))

    def text(self, most: int = 5) -> str:
        """
        Format the skipped rows and files, one line per reason.

        :param most: number of names to list in a line.
        :return: lines, or an empty string.
        """
        return '\n'.join(
            f'skipped {len(names)}: {reason}: {", ".join(names[:most])}'
            + (f', … ({len(names) - most} more)' if len(names) > most else '')
            for reason, names in self.names.items()
        )
