import pytest


@pytest.fixture
def rate_from():
    return pytest.importorskip('benchmark.rig.camera', reason='it needs ROS').rate_from


def test_an_empty_line_changes_nothing_and_the_end_ends(rate_from):
    assert rate_from('30.0\n', 0.0) == 30.0
    assert rate_from('\n', 30.0) == 30.0
    assert rate_from('', 30.0) is None
