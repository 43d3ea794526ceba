"""The result of one check."""

from __future__ import annotations

from dataclasses import dataclass

OK, WARN, FAIL = 'ok', 'warn', 'FAIL'


@dataclass(frozen=True)
class Finding:
    """
    The result of one check.

    :param level: OK; WARN if the node works with a limitation; FAIL if the node does not work.
    :param subject: the item that was checked.
    :param sentence: the result and the remedy.
    """

    level: str
    subject: str
    sentence: str
