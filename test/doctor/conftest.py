"""Only the check of the ROS graph needs ROS."""

import importlib.util

collect_ignore = [] if importlib.util.find_spec('rclpy') else ['test_graph_check.py']
