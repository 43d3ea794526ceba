"""The launch file is tested where there is something to launch it with: launch_ros."""

import importlib.util

NEEDED = ('rclpy', 'launch_ros')

collect_ignore_glob = (
    [] if all(importlib.util.find_spec(name) for name in NEEDED) else ['test_*.py']
)
