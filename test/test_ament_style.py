"""Run the linters of ROS, which are part of a ROS distribution."""

import importlib.util
from pathlib import Path
import subprocess
import sys

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ['fer_ros', 'training', 'benchmark', 'launch', 'scripts', 'examples', 'test']


@pytest.mark.parametrize('linter', ['ament_flake8', 'ament_pep257'])
def test_the_code_is_in_the_style_of_ros(linter):
    if importlib.util.find_spec(linter) is None:
        pytest.skip(f'{linter} is not installed')
    # The tests are excluded from the docstring check, because their names describe them.
    folders = FOLDERS if linter == 'ament_flake8' else FOLDERS[:-1]
    # flake8 forks, which is unsafe while other tests run threads. It therefore runs in a separate
    # process.
    script = f'import sys; from {linter}.main import main; sys.exit(main(argv=sys.argv[1:]))'

    done = subprocess.run(
        [sys.executable, '-c', script, *folders, 'setup.py'],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
