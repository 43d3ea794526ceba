"""The tests of the camera node need ROS."""

import importlib.util

# `pytest test/perception` needs no ROS; these tests do.
collect_ignore_glob = [] if importlib.util.find_spec('rclpy') else ['*']
