"""Test the test suite itself: a test that hangs is ended, and the log names it."""

import io
import os
from pathlib import Path
import subprocess
import sys

import pytest

from progress import LONGEST_LINE
from progress import ShortLines

SUPPORT = Path(__file__).resolve().parent / 'support'

CONFTEST = """
import pytest

from progress import Progress
from watchdog import Watchdog


# The terminal reporter is made by the same hook.
@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    config.pluginmanager.register(Watchdog(1.0, errors=2))
    reporter = config.pluginmanager.get_plugin('terminalreporter')
    if reporter is not None:
        config.pluginmanager.register(Progress(reporter))
"""

# Both the call and the clean-up hold the GIL, so that no signal handler runs.
HANGING = """
import ctypes
import time

import pytest


@pytest.fixture
def hangs_at_its_end():
    yield
    ctypes.PyDLL(None).sleep(300)


def test_hangs():
    ctypes.PyDLL(None).sleep(300)


def test_cannot_be_cleaned_up(hangs_at_its_end):
    pass


def test_passes():
    pass
"""


@pytest.fixture
def run(tmp_path):
    """Return a function that runs pytest on the files of a folder."""

    def run_pytest(*arguments):
        return subprocess.run(
            [sys.executable, '-m', 'pytest', '-p', 'no:cacheprovider', *arguments],
            cwd=tmp_path,
            env={
                **os.environ,
                'PYTHONPATH': os.pathsep.join([str(SUPPORT), os.environ.get('PYTHONPATH', '')]),
                'PYTEST_ADDOPTS': '',
                'PYTEST_DISABLE_PLUGIN_AUTOLOAD': '1',
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    (tmp_path / 'conftest.py').write_text(CONFTEST)
    return run_pytest


def test_a_test_that_hangs_in_native_code_costs_only_itself(run, tmp_path):
    pytest.importorskip('xdist')
    (tmp_path / 'test_native.py').write_text(HANGING)

    ended = run('-p', 'xdist', '-n', '1', '-k', 'cleaned or passes')

    assert ended.returncode == 1
    # A test passes before its clean-up hangs. pytest counts a crash as a failure or as an error.
    assert '2 passed' in ended.stdout
    assert '1 failed' in ended.stdout or '1 error' in ended.stdout
    assert 'begun: test_native.py\n' in ended.stdout
    assert '\nFAILED: test_native.py::test_cannot_be_cleaned_up ' in ended.stdout
    assert "crashed while running 'test_native.py::test_cannot_be_cleaned_up'" in ended.stdout
    assert 'in hangs_at_its_end\n' in ended.stderr


def test_a_test_that_hangs_ends_a_run_of_one_process(run, tmp_path):
    (tmp_path / 'test_native.py').write_text(HANGING)

    ended = run('-k', 'hangs')

    assert ended.returncode == 1
    assert 'in test_hangs\n' in ended.stderr


def test_a_line_is_cut_before_colcon_stops_to_read():
    written = io.StringIO()

    ShortLines(written).write('short\n' + 'a' * 1_000_000 + 'b\n')

    lines = written.getvalue().split('\n')
    assert lines[0] == 'short'
    assert lines[1].startswith('aaa')
    assert lines[1].endswith('ab')
    assert LONGEST_LINE < len(lines[1]) < 2**15
    assert lines[2:] == ['']
