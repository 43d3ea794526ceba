"""Which message classes are filled."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

# By the full name of a type, as 'std_msgs/msg/Header', what makes an empty message: a class of
# rclpy, or any function whose messages have all fields of the definition, nested ones included.
MessageTypes = Mapping[str, Callable[[], Any]]
