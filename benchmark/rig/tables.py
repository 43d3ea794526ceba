"""Tables of text, for terminals and for Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from tabulate import tabulate


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """
    Write a table in Markdown, with its columns aligned.

    :param head: the names of the columns.
    :param rows: the cells of each row.
    :return: the lines.
    """
    # Cells are text already: a number shall not be written anew.
    text = tabulate(rows, head, tablefmt='github', disable_numparse=True)
    return text.splitlines()


def plain_table(head: Sequence[str], rows: Sequence[Sequence[str]], left: int = 0) -> list[str]:
    """
    Write a table for a terminal, without lines.

    :param head: the names of the columns.
    :param rows: the cells of each row.
    :param left: how many columns, from the first on, are aligned to the left; the others are
        aligned to the right.
    :return: the lines.
    """
    sides = ['left' if column < left else 'right' for column in range(len(head))]
    text = tabulate(rows, head, tablefmt='plain', disable_numparse=True, colalign=sides)
    return text.splitlines()
