"""Test the output and the order of the steps of scripts/setup with stand-ins for its programs."""

import os
from pathlib import Path
import re
import shutil
import subprocess
import sys

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / 'scripts'
PINNED = re.compile(r"^([a-z0-9.-]+)==([0-9][\w.]*)(; python_version (?:>=|<) '3\.11')?$")


def run_setup(*arguments, **environment):
    done = subprocess.run(
        [str(SCRIPTS / 'setup'), *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr


def stand_in(folder, name, script):
    """Create a program that takes precedence over the installed one."""
    path = folder / name
    path.write_text(f'#!/bin/sh\n{script}\n')
    path.chmod(0o755)
    return f'{folder}:{os.environ["PATH"]}'


@pytest.mark.parametrize(
    ('arguments', 'said'),
    [(['demos'], "there is no level 'demos'"), (['demo', 'test'], 'got 2 arguments')],
)
def test_a_wrong_level_is_told_with_the_right_ones(arguments, said):
    status, words = run_setup(*arguments)

    assert status == 1
    assert words.count('\n') == 1
    assert said in words
    assert 'training' in words


def test_another_processor_is_told_what_works_there(tmp_path):
    path = stand_in(tmp_path, 'uname', '[ "$1" = -m ] && echo aarch64 || echo Linux')

    status, words = run_setup(PATH=path)

    assert (status, words.count('\n')) == (1, 1)
    assert 'aarch64' in words
    assert 'distribution' in words


def test_a_missing_python_is_told_with_what_to_install():
    status, words = run_setup(FER_ROS_PYTHON='/nowhere/python3')

    assert (status, words.count('\n')) == (1, 1)
    assert "'/nowhere/python3'" in words
    assert 'apt install python3' in words


@pytest.mark.parametrize('version', ['3.9', '3.15', '2.7'])
def test_another_python_is_told_which_would_be_right(tmp_path, version):
    facts = r'/usr/bin/python\n/usr\n' + version + r'\nyes\nyes\n2.36\n'
    stand_in(tmp_path, 'python', f"printf '{facts}'")

    status, words = run_setup(FER_ROS_PYTHON=str(tmp_path / 'python'))

    assert (status, words.count('\n')) == (1, 1)
    assert f'Python {version}' in words
    assert '3.10 to 3.14' in words


@pytest.mark.parametrize('level', ['training', 'test'])
def test_training_rejects_a_python_without_tensorflow(tmp_path, level):
    stand_in(tmp_path, 'python', r"printf '/usr/bin/python\n/usr\n3.14\nyes\nyes\n2.36\n'")

    status, words = run_setup(level, FER_ROS_PYTHON=str(tmp_path / 'python'))

    assert (status, words.count('\n')) == (1, 1)
    assert f'the level {level} needs Python 3.10 to 3.13' in words


def test_the_demo_accepts_python_3_14(tmp_path):
    stand_in(tmp_path, 'python', r"printf '/usr/bin/python\n/usr\n3.14\nno\nyes\n2.36\n'")

    status, words = run_setup('demo', FER_ROS_PYTHON=str(tmp_path / 'python'))

    assert status == 1
    assert 'lacks the venv module of Python 3.14' in words


@pytest.mark.parametrize('libc', ['2.17', 'not glibc'])
def test_another_c_library_is_told(tmp_path, libc):
    stand_in(tmp_path, 'python', rf"printf '/usr/bin/python\n/usr\n3.11\nyes\nyes\n{libc}\n'")

    status, words = run_setup(FER_ROS_PYTHON=str(tmp_path / 'python'))

    assert (status, words.count('\n')) == (1, 1)
    assert libc in words
    assert '2.28' in words


def test_all_that_is_missing_is_named_as_one_command(tmp_path):
    stand_in(tmp_path, 'python', r"printf '/usr/bin/python\n/usr\n3.12\nno\nno\n2.36\n'")
    for tool in ('bash', 'dirname', 'uname', 'sort', 'head', 'cat', 'flock', 'setsid'):
        (tmp_path / tool).symlink_to(f'/usr/bin/{tool}')

    status, words = run_setup(PATH=str(tmp_path), FER_ROS_PYTHON='python', CC='cc', CXX='c++')

    assert (status, words.count('\n')) == (1, 1)
    assert 'apt install python3.12-venv python3.12-dev g++ gcc' in words


def test_another_distribution_is_rejected_with_the_possible_ones():
    status, words = run_setup(FER_ROS_DISTRIBUTION='humble')

    assert (status, words.count('\n')) == (1, 1)
    assert "'humble', but must be jazzy or kilted" in words


def sections(file='versions.txt'):
    """Return the lines under each heading of a file of versions."""
    found = {}
    for line in (SCRIPTS / file).read_text().splitlines():
        if line.startswith('# ['):
            level = line.removeprefix('# [').partition(']')[0]
            lines = found.setdefault(level, [])
        elif line and not line.startswith('#'):
            lines.append(line)
    return found


@pytest.mark.parametrize('file', ['versions.txt', 'versions_kilted.txt'])
def test_every_version_is_pinned_once(file):
    seen = set()
    for lines in sections(file).values():
        for line in lines:
            name, _, marker = PINNED.match(line).groups()
            assert (name, marker) not in seen
            assert (name, None) not in seen
            seen.add((name, marker))


def test_kilted_has_the_packages_of_jazzy():
    jazzy, kilted = (
        {
            level: {
                line.split('==')[0].replace(f'ros-{name}-', '')
                for line in found[level]
                if 'ros-' in line
            }
            for level in ('demo', 'test')
        }
        for name, found in (
            ('jazzy', sections()),
            ('kilted', sections('versions_kilted.txt')),
        )
    )

    assert kilted['test'] == jazzy['test']
    # In Kilted, ament_cmake_ros_core is a separate package, and python_cmake_module is not needed.
    assert kilted['demo'] - {'ament-cmake-ros-core'} == jazzy['demo'] - {'python-cmake-module'}


@pytest.mark.parametrize('level', ['demo', 'recordings', 'training', 'test'])
def test_every_level_asks_for_something(level):
    assert sections()[level]


def test_what_is_installed_has_the_pinned_versions():
    metadata = pytest.importorskip('importlib.metadata')
    if not (Path(sys.prefix) / '.level-test').exists():
        pytest.skip('this is not the environment that scripts/setup makes')
    pinned = sections()
    for line in pinned['demo'] + pinned['recordings'] + pinned['training'] + pinned['test']:
        if line.startswith('ros-') and os.environ.get('ROS_DISTRO') == 'kilted':
            continue
        name, version, marker = PINNED.match(line).groups()
        if marker is None or ('<' in marker) == (sys.version_info < (3, 11)):
            assert metadata.version(name) == version


# A stand-in for Python that copies itself into new environments. pip records its arguments. In its
# third call, pip waits for colcon to start, and colcon waits for pip. Both can therefore only
# finish if they run in parallel.
PYTHON = r"""
case "$*" in
    '-m venv -- '*)
        mkdir -p "$4/bin"
        cp "$0" "$4/bin/python"
        ;;
    '-m pip install '*)
        calls="$(cat calls 2> /dev/null | wc -l)"
        echo "$* $(tr '\n' ' ' < "$venv/requirements.txt")" >> calls
        [ "$calls" != 2 ] || { touch rest; wait_for began; }
        ;;
    -) printf '%s\n' "$0" /usr 3.11 yes yes 2.36 ;;
esac
"""
COLCON = r"""
case "$*" in
    *'--packages-select some_msgs '*)
        touch began
        [ "$FAIL" != yes ] || exit 1
        wait_for rest
        ;;
esac
mkdir -p install
"""
WAIT_FOR = r"""
wait_for() {
    for _ in $(seq 200); do
        [ ! -e "$1" ] || return 0
        sleep 0.1
    done
    exit 1
}
"""


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """Create a checkout whose setup runs stand-ins for the programs that it calls."""
    root = tmp_path / 'c'
    (root / 'scripts').mkdir(parents=True)
    (root / 'interfaces' / 'some_msgs').mkdir(parents=True)
    for name in ('setup', 'versions.txt', 'versions_kilted.txt'):
        shutil.copy(SCRIPTS / name, root / 'scripts')
    (root / 'package.xml').write_text('<package/>')
    tools = tmp_path / 'bin'
    tools.mkdir()
    stand_in(tools, 'python', WAIT_FOR + PYTHON)
    stand_in(tools, 'colcon', WAIT_FOR + COLCON)
    monkeypatch.chdir(root)
    monkeypatch.setenv('PATH', f'{tools}:{os.environ["PATH"]}')
    monkeypatch.setenv('FER_ROS_PYTHON', str(tools / 'python'))
    monkeypatch.delenv('FER_ROS_DISTRIBUTION', raising=False)
    return root


def set_up(checkout, **environment):
    return subprocess.run(
        [str(checkout / 'scripts' / 'setup'), 'test'],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_interfaces_are_built_while_the_rest_is_fetched(checkout):
    done = set_up(checkout)

    assert done.returncode == 0, done.stdout + done.stderr
    demo, without_dependencies, rest = (checkout / 'calls').read_text().splitlines()
    assert ' ros-jazzy-rclpy==' in demo
    assert ' keras==' not in demo
    assert '--no-deps' in without_dependencies
    assert ' keras==' in rest
    assert ' pytest-xdist==' in rest
    assert ' ros-jazzy-rclpy==' not in rest
    assert done.stdout.endswith('setup: test is ready\n')

    again = set_up(checkout)
    assert again.stdout == 'setup: test is ready\n'
    assert len((checkout / 'calls').read_text().splitlines()) == 3


def test_another_distribution_begins_anew_with_its_own_packages(checkout):
    assert set_up(checkout).returncode == 0
    (checkout / 'calls').unlink()

    done = set_up(checkout, FER_ROS_DISTRIBUTION='kilted')

    assert done.returncode == 0, done.stdout + done.stderr
    assert 'creating .venv' in done.stdout
    demo = (checkout / 'calls').read_text().splitlines()[0]
    assert ' ros-kilted-rclpy==' in demo
    assert 'jazzy' not in demo
    assert '\nros-jazzy' not in (checkout / '.venv' / 'versions.txt').read_text()
    assert (checkout / '.venv' / '.distribution').read_text() == 'kilted\n'


def test_interfaces_that_cannot_be_built_end_the_set_up(checkout):
    done = set_up(checkout, FAIL='yes')

    assert done.returncode == 1
    assert 'building some_msgs' in done.stderr
    assert 'failed with exit status 1' in done.stderr
    # The downloaded files are kept.
    assert 'building some_msgs' in set_up(checkout).stdout
    assert len((checkout / 'calls').read_text().splitlines()) == 3
