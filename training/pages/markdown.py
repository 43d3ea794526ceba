"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """
    Write a table.

    :param head: of its columns.
    :param rows: of as many cells each; a cell may be empty.
    :return: lines.
    """
    lines = (head, ['---'] * len(head), *rows)
    return ['|' + ''.join(f' {cell} |' if cell else ' |' for cell in line) for line in lines]
