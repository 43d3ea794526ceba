"""Every test has the limits of the nodes, checks the fields of messages, and has its own graph."""

import os

import pytest

# It limits OpenCV, which must not be loaded before.
import fer_ros.node  # noqa: F401

# Both must be set before rclpy and the messages are imported anywhere.
os.environ['ROS_PYTHON_CHECK_FIELDS'] = '1'
os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')


@pytest.fixture(scope='session')
def domain_id():
    """Give a DDS domain for this process: 1 to 101, so that its ports are free on Linux."""
    return 1 + os.getpid() % 101


@pytest.fixture
def graph(domain_id):
    """Give a graph of nodes that ends with the test."""
    from graph import Graph

    made = Graph(domain_id)
    yield made
    made.close()
