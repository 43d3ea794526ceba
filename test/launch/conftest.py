"""The launch files are tested where there is something to launch them with: launch_ros."""

import importlib.util
import os

import pytest

NEEDED = ('rclpy', 'launch_ros')

collect_ignore_glob = (
    [] if all(importlib.util.find_spec(name) for name in NEEDED) else ['test_*.py']
)


@pytest.fixture(scope='session')
def domain_id():
    return 1 + os.getpid() % 101


@pytest.fixture(autouse=True)
def no_profile(monkeypatch):
    """Leave no profile of Fast DDS set, neither the user's before a test nor one after it."""
    for variable in ('FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE'):
        monkeypatch.setenv(variable, '')
        monkeypatch.delenv(variable)


@pytest.fixture
def launched(domain_id, tmp_path):
    """Start launch files, and end them after the test."""
    from launched import Launched

    started = []

    def start(name, **arguments):
        started.append(Launched(name, domain_id, tmp_path, **arguments))
        return started[-1]

    yield start
    for one in started:
        one.close()
