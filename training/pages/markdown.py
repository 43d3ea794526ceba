"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """
    Write a table.

    :param head: of its columns.
    :param rows: of as many cells each.
    :return: lines.
    """
    return [f'| {" | ".join(row)} |' for row in (head, ['---'] * len(head), *rows)]
