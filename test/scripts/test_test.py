"""
Test which commands scripts/test runs, and how it evaluates their results.

Its tools are stand-ins.
"""

import os
from pathlib import Path
import shlex
import shutil
import subprocess

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / 'scripts'

# The stand-in records its arguments, and writes a report like pytest.
COLCON = """
printf '%s\\n' "$@" > colcon_arguments
env > colcon_environment
mkdir -p build/fer_ros
echo "<testsuite tests='$TESTS' skipped='1'/>" > build/fer_ros/pytest.xml
echo '===== 2 passed, 1 skipped in 3.45s ====='
"""


@pytest.fixture
def run(tmp_path):
    """Return a function that runs scripts/test in a separate checkout."""
    root, tools = tmp_path / 'checkout', tmp_path / 'bin'
    (root / 'scripts').mkdir(parents=True)
    tools.mkdir()
    for name in ('test', 'free_domain.py'):
        shutil.copy(SCRIPTS / name, root / 'scripts')
    (root / 'scripts' / 'check_installed.py').write_text('')
    (root / 'scripts' / 'env').write_text(f'export PATH={shlex.quote(str(tools))}:"$PATH"\n')
    programs = {'ruff': '', 'mypy': 'echo "of mypy"\nexit "$MYPY"', 'colcon': COLCON}
    for path in [root / 'scripts' / 'setup', *(tools / name for name in programs)]:
        path.write_text(f'#!/bin/sh\n{programs.get(path.name, "")}\n')
        path.chmod(0o755)

    def run_test(*arguments, **environment):
        done = subprocess.run(
            [str(root / 'scripts' / 'test'), *arguments],
            env={**os.environ, 'MYPY': '0', 'TESTS': '3', **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        asked = root / 'colcon_arguments'
        return done, asked.read_text().splitlines() if asked.exists() else []

    return run_test


def test_each_part_has_a_line_and_the_tests_run_side_by_side(run, tmp_path):
    done, asked = run('-k', 'boxes', FER_ROS_TEST_JOBS='3', PYTHONDONTWRITEBYTECODE='1')

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-5:] == [
        '===== 2 passed, 1 skipped in 3.45s =====',
        'test: ruff      passed',
        'test: pytest    passed',
        'test: mypy      passed',
        'test: installed passed',
    ]
    # colcon accepts an argument that starts with a dash only after a leading space.
    first = asked.index('--pytest-args') + 1
    given = asked[first:]
    assert {' --timeout=180', ' --numprocesses=3', ' --dist=loadfile'} < set(given)
    assert given[-2:] == [' -k', ' boxes']
    assert 'not slow and not long' not in given
    environment = (tmp_path / 'checkout' / 'colcon_environment').read_text()
    assert 'ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST' in environment
    # colcon disables the bytecode cache if this variable does not exist.
    assert 'PYTHONDONTWRITEBYTECODE=' in environment.splitlines()


def test_quick_leaves_long_tests_out(run):
    done, asked = run('--quick', '-k', 'boxes')

    assert done.returncode == 0
    assert asked[-4:] == [' -m', 'not slow and not long', ' -k', ' boxes']


def test_a_part_that_fails_fails_the_whole_and_the_others_run_all_the_same(run):
    done, _ = run(MYPY='1')

    assert done.returncode == 1
    assert 'of mypy' in done.stdout
    assert 'test: mypy      FAILED' in done.stdout
    assert done.stdout.endswith('test: installed passed\n')


def test_a_run_without_a_test_fails(run):
    done, _ = run(TESTS='1')

    assert done.returncode == 1
    assert 'test: pytest    FAILED: no test ran' in done.stdout


def test_the_help_says_what_quick_leaves_out(run):
    done, asked = run('--help')

    assert done.returncode == 0
    assert 'leaves out what trains or compiles networks' in done.stdout
    assert asked == []
