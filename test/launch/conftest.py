"""The tests of the launch files need launch_ros, and are ignored without it."""

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
    """Unset the Fast DDS profile before and after each test."""
    for variable in ('FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE'):
        monkeypatch.setenv(variable, '')
        monkeypatch.delenv(variable)


@pytest.fixture
def launched(domain_id, tmp_path):
    """Return a function that starts launch files, which are stopped after the test."""
    from launched import Launched

    started = []

    def start(name, **arguments):
        started.append(Launched(name, domain_id, tmp_path, **arguments))
        return started[-1]

    yield start
    for one in started:
        one.close()
