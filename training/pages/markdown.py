"""Format tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """
    Format a table.

    :param head: headings of the columns.
    :param rows: rows with as many cells; a cell may be empty.
    :return: lines of Markdown.
    """
    lines = (head, ['---'] * len(head), *rows)
    return ['|' + ''.join(f' {cell} |' if cell else ' |' for cell in line) for line in lines]
