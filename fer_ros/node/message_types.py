"""The message classes of rclpy, by their names."""

from __future__ import annotations

import importlib
from typing import Any


class _MessageTypes(dict[str, Any]):
    """Imports each class when it is asked for first; an installation may lack some packages."""

    def __missing__(self, name: str) -> Any:
        package, kind, message = name.split('/')
        self[name] = found = getattr(importlib.import_module(f'{package}.{kind}'), message)
        return found


# As 'std_msgs/msg/Header'; raises ImportError for a package that is not installed.
MESSAGE_TYPES = _MessageTypes()
