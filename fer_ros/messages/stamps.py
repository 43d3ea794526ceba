"""Convert the timestamp of a header."""

from __future__ import annotations

from typing import Any


def stamp_of(header: Any) -> int:
    """Return the timestamp of a header in nanoseconds."""
    # rclpy's Time rejects timestamps before 1970, and its exception would end the node.
    return int(header.stamp.sec * 10**9 + header.stamp.nanosec)
