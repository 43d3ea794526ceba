"""Text tables for terminals and for Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from tabulate import tabulate


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """
    Format a Markdown table with aligned columns.

    :param head: names of the columns.
    :param rows: cells of each row.
    :return: the lines of the table.
    """
    # The cells are already formatted, so tabulate must not reformat numbers.
    text = tabulate(rows, head, tablefmt='github', disable_numparse=True)
    return text.splitlines()


def plain_table(head: Sequence[str], rows: Sequence[Sequence[str]], left: int = 0) -> list[str]:
    """
    Format a table for a terminal, without rules.

    :param head: names of the columns.
    :param rows: cells of each row.
    :param left: number of leading columns that are aligned to the left. The other columns are
        aligned to the right.
    :return: the lines of the table.
    """
    sides = ['left' if column < left else 'right' for column in range(len(head))]
    text = tabulate(rows, head, tablefmt='plain', disable_numparse=True, colalign=sides)
    return text.splitlines()
