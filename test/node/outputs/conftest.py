import pytest


@pytest.fixture
def depth_camera(graph, node):
    from depth_camera import DepthCamera

    return DepthCamera(graph, node)
