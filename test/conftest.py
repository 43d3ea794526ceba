"""Settings of all tests: limits of the nodes, message field checks, and a separate ROS graph."""

import os

import pytest

# This import sets limits for OpenCV. It must come before OpenCV is loaded.
import fer_ros.node  # noqa: F401

# FFmpeg reads its log level at its first use in a process. A test may write a video before.
os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')

# Files and folders with tests that train or compile networks, run nodes or measure. Each of these
# tests takes seconds, and `scripts/test --quick` skips them.
LONG = (
    'test/benchmark/',
    'test/camera/',
    'test/doctor/test_graph_check.py',
    'test/launch/',
    'test/node/test_',
    'test/node/health/test_report.py',
    'test/node/inputs/test_camera_listener.py',
    'test/node/inputs/test_transport.py',
    'test/node/life/test_ending.py',
    'test/node/life/test_process.py',
    'test/node/outputs/',
    'test/offline/test_command.py',
    'test/offline/test_equal_to_live.py',
    'test/offline/test_pool.py',
    'test/perception/backends/test_backends.py',
    'test/perception/detection/test_detection_photographs.py',
    'test/perception/test_real_pictures.py',
    'test/scripts/test_demo.py',
    'test/test_running.py',
    'test/training/bundles/',
    'test/training/commands/',
    'test/training/evaluation/test_bootstrap.py',
    'test/training/evaluation/test_classifiers.py',
    'test/training/learning/',
    'test/training/networks/',
    'test/training/pages/test_evaluation.py',
    'test/training/recipes/test_building.py',
    'test/training/recipes/test_recipes.py',
    'test/training/runs/',
)

# Folders whose tests train networks. Coverage is not measured in them: it takes a quarter of their
# time, and the tests of `fer_ros/perception` and `fer_ros/node` are elsewhere.
NOT_COUNTED = (
    'test/training/learning/',
    'test/training/networks/',
    'test/training/recipes/',
    'test/training/runs/',
)

# Maximum length of a parameter value in the name of a test [characters].
LONGEST_ID = 80

# Number of DDS domains whose ports are free on Linux.
DOMAINS = 101


def own_domain():
    """
    Choose the DDS domain of this process and its child processes.

    Each process of pytest-xdist uses another domain, because a test that counts nodes or topics
    must not see those of another test.
    """
    first = int(os.environ.get('ROS_DOMAIN_ID') or os.getpid())
    number = int(os.environ.get('PYTEST_XDIST_WORKER', 'gw0').removeprefix('gw'))
    return 1 + (first - 1 + number) % DOMAINS


# These variables must be set before rclpy and the message packages are imported.
# TensorFlow 2.21 with oneDNN corrupts the heap on some AMD processors, in the gradient of a
# convolution of four pictures.
os.environ.setdefault('TF_ENABLE_ONEDNN_OPTS', '0')
os.environ['ROS_PYTHON_CHECK_FIELDS'] = '1'
os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
os.environ['ROS_DOMAIN_ID'] = str(own_domain())


# The terminal reporter is created by the same hook, so this function must run last.
@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    from progress import Progress
    from progress import ShortLines
    from watchdog import MARGIN
    from watchdog import Watchdog

    limit = config.getoption('timeout', None)
    if limit:
        config.pluginmanager.register(Watchdog(limit + MARGIN, errors=2))
    reporter = config.pluginmanager.get_plugin('terminalreporter')
    if reporter is not None:
        writer = reporter._tw
        writer._file = ShortLines(writer._file)
        if config.getoption('dist', 'no') != 'no':
            config.pluginmanager.register(Progress(reporter))


def pytest_ignore_collect(collection_path, config):
    """
    Skip deselected files before they are imported.

    The imports of the long tests take most of a minute.
    """
    name = os.path.relpath(collection_path, config.rootpath)
    unwanted = 'not long' in config.getoption('markexpr')
    return True if unwanted and f'{name}/'.startswith(LONG) else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if item.nodeid.startswith(LONG):
            item.add_marker('long')
        if item.nodeid.startswith(NOT_COUNTED):
            item.add_marker('no_cover')
    # Processes that run tests side by side end at about the same time if the short files are last.
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


def pytest_make_parametrize_id(val, argname):
    """Shorten large parameter values, because every log line about a test contains its name."""
    if isinstance(val, (str, bytes)) and len(val) > LONGEST_ID:
        return f'{argname}_of_{len(val)}'
    return None


@pytest.fixture(scope='session')
def domain_id():
    """Return the DDS domain of this process."""
    return int(os.environ['ROS_DOMAIN_ID'])


@pytest.fixture
def graph(domain_id):
    """Return a graph of nodes that is closed at the end of the test."""
    from graph import Graph

    made = Graph(domain_id)
    yield made
    made.close()
