"""Load YAML from untrusted files, with limits on size, depth and cost."""

from __future__ import annotations

from typing import Any

import yaml

# The largest shipped card has 10 KB, about 600 nodes and 8 levels.
MOST_NODES = 10_000
MOST_LEVELS = 32
LONGEST_SCALAR = 4000  # characters


class BoundedLoader(yaml.SafeLoader):
    """
    A SafeLoader that rejects anchors, aliases, and documents that are too large or too deep.

    With anchors and aliases, a short text can describe a huge value.
    """

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._nodes = 0
        self._level = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Compose a node as SafeLoader does, and check the limits."""
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if getattr(event, 'anchor', None) is not None:
            self._refuse(
                'an anchor (&) or an alias (*) is not allowed; write the value in full', event
            )
        self._nodes += 1
        if self._nodes > MOST_NODES:
            self._refuse(f'the file has more than {MOST_NODES} values', event)
        if self._level >= MOST_LEVELS:
            self._refuse(f'the file is nested more than {MOST_LEVELS} levels deep', event)
        if len(getattr(event, 'value', None) or '') > LONGEST_SCALAR:
            self._refuse(f'a value has more than {LONGEST_SCALAR} characters', event)
        self._level += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._level -= 1

    def _refuse(self, reason: str, event: yaml.Event) -> None:
        """Raise ValueError with the line number of an event."""
        line = event.start_mark.line + 1 if event.start_mark else 0
        raise ValueError(f'line {line}: {reason}')


def load_yaml(text: str) -> Any:
    """
    Load a YAML document.

    :param text: the document.
    :return: its value, with YAML's basic types only.
    :raises ValueError: if the text is not YAML or exceeds a limit; the message is one short
        sentence.
    """
    try:
        return yaml.load(text, BoundedLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f'line {mark.line + 1}: ' if mark else ''
        raise ValueError(f'{where}{error.problem or error.context}') from error
    except (yaml.YAMLError, TypeError, ArithmeticError, LookupError, AttributeError) as error:
        # PyYAML does not catch the exceptions of Python's types for dates and numbers.
        raise ValueError(f'{type(error).__name__}: {error}') from error
