"""What scripts/setup says before it does anything; what it does is seen by running it."""

import os
from pathlib import Path
import re
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
    """Put a program in front of the machine's own."""
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


@pytest.mark.parametrize('version', ['3.9', '3.14', '2.7'])
def test_another_python_is_told_which_would_be_right(tmp_path, version):
    facts = r'/usr/bin/python\n/usr\n' + version + r'\nyes\nyes\n2.36\n'
    stand_in(tmp_path, 'python', f"printf '{facts}'")

    status, words = run_setup(FER_ROS_PYTHON=str(tmp_path / 'python'))

    assert (status, words.count('\n')) == (1, 1)
    assert f'Python {version}' in words
    assert '3.10 to 3.13' in words


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


def sections():
    """Return the lines under each head of versions.txt."""
    found = {}
    for line in (SCRIPTS / 'versions.txt').read_text().splitlines():
        if line.startswith('# ['):
            level = line.removeprefix('# [').partition(']')[0]
            lines = found.setdefault(level, [])
        elif line and not line.startswith('#'):
            lines.append(line)
    return found


def test_every_version_is_pinned_once():
    seen = set()
    for lines in sections().values():
        for line in lines:
            name, _, marker = PINNED.match(line).groups()
            assert (name, marker) not in seen
            assert (name, None) not in seen
            seen.add((name, marker))


@pytest.mark.parametrize('level', ['demo', 'training', 'test'])
def test_every_level_asks_for_something(level):
    assert sections()[level]


def test_what_is_installed_has_the_pinned_versions():
    metadata = pytest.importorskip('importlib.metadata')
    if not (Path(sys.prefix) / '.level-test').exists():
        pytest.skip('this is not the environment that scripts/setup makes')
    pinned = sections()
    for line in pinned['demo'] + pinned['training'] + pinned['test']:
        name, version, marker = PINNED.match(line).groups()
        if marker is None or ('<' in marker) == (sys.version_info < (3, 11)):
            assert metadata.version(name) == version
