"""Tests of the camera node have field checks on, and a graph of their own."""

import importlib.util

from graph_fixtures import domain_id as domain_id
from graph_fixtures import graph as graph

# `pytest test/perception` needs no ROS; these tests do.
collect_ignore_glob = [] if importlib.util.find_spec('rclpy') else ['*']
