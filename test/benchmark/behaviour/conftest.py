import pytest

from photographs import data_path


@pytest.fixture
def weights(monkeypatch):
    """Let the detectors find their weights in the test data."""
    monkeypatch.setenv('FER_ROS_MODELS', str(data_path('facedet')))
