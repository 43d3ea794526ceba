"""Messages are filled alike with ROS and without."""

import pytest

from plain_messages import plain_header
from plain_messages import PLAIN_TYPES


@pytest.fixture(params=['plain', 'rclpy'])
def messages(request):
    """Give message classes, and what makes a header of these."""
    if request.param == 'plain':
        return PLAIN_TYPES, plain_header
    header = pytest.importorskip('std_msgs.msg').Header
    from fer_ros.node.message_types import MESSAGE_TYPES

    return MESSAGE_TYPES, header


@pytest.fixture
def types(messages):
    return messages[0]


@pytest.fixture
def header(messages):
    def make(seconds=12, nanoseconds=345, frame='camera'):
        made = messages[1](frame_id=frame)
        made.stamp.sec, made.stamp.nanosec = seconds, nanoseconds
        return made

    return make
