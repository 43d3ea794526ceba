import sys

import pytest

from fer_ros.doctor.finding import FAIL
from fer_ros.doctor.finding import OK
from fer_ros.doctor.ros import check_messages
from fer_ros.doctor.ros import check_ros


def test_a_missing_ros_is_named_with_what_to_source(monkeypatch):
    monkeypatch.delitem(sys.modules, 'fer_ros.doctor.graph_check', raising=False)
    monkeypatch.setitem(sys.modules, 'rclpy', None)

    (finding,) = check_ros('image', 0.0)

    assert finding.level == FAIL
    assert 'rclpy' in finding.sentence
    assert 'source the setup.bash of ROS' in finding.sentence


def test_the_messages_are_there():
    pytest.importorskip('rclpy')

    assert {finding.level for finding in check_messages()} == {OK}
