"""Message classes of rclpy, by the full names of their types."""

from __future__ import annotations

import importlib
from typing import Any


class _MessageTypes(dict[str, Any]):
    """Imports each class at its first use, because an installation may lack some packages."""

    def __missing__(self, name: str) -> Any:
        package, kind, message = name.split('/')
        self[name] = found = getattr(importlib.import_module(f'{package}.{kind}'), message)
        return found


# Keys are full names such as 'std_msgs/msg/Header'. A lookup raises ImportError if the package of
# the message is not installed.
MESSAGE_TYPES = _MessageTypes()
