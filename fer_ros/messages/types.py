"""The type of the argument that selects the message classes."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

# Maps the full name of a message type, such as 'std_msgs/msg/Header', to a function that creates
# an empty message. The function is a class of rclpy, or any callable whose messages have all
# fields of the definition, including nested ones.
MessageTypes = Mapping[str, Callable[[], Any]]
