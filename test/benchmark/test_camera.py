import pytest

pytest.importorskip('rclpy')

from benchmark.camera import rate_from


def test_an_empty_line_changes_nothing_and_the_end_ends():
    assert rate_from('30.0\n', 0.0) == 30.0
    assert rate_from('\n', 30.0) == 30.0
    assert rate_from('', 30.0) is None
