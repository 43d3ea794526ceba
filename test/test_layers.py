"""The arrows of doc/architecture.md: who may import whom."""

import ast
from pathlib import Path
import subprocess
import sys

import pytest

ROOT = Path(__file__).resolve().parents[1]

BLOCKED = """
import importlib.abc
import importlib
import pkgutil
import sys

class Wall(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        for wall in {walls!r}:
            if name == wall or name.startswith(wall + '.'):
                raise ImportError(name + ' must not be imported here')

sys.meta_path.insert(0, Wall())
package = importlib.import_module({package!r})
count = 0
for module in pkgutil.walk_packages(package.__path__, {package!r} + '.'):
    importlib.import_module(module.name)
    count += 1
print(count)
"""


def imported_names(path):
    """List the modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ''


def test_perception_imports_where_ros_node_and_training_cannot_be():
    script = BLOCKED.format(
        walls=['rclpy', 'sensor_msgs', 'vision_msgs', 'cv_bridge', 'fer_ros.node', 'training'],
        package='fer_ros.perception',
    )

    done = subprocess.run(
        [sys.executable, '-c', script], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 15


@pytest.mark.parametrize('package', ['fer_ros', 'training', 'benchmark'])
def test_no_file_imports_against_the_arrows(package):
    forbidden = {
        'fer_ros': ('training', 'benchmark'),
        'training': ('fer_ros.node', 'rclpy', 'benchmark'),
        # What a benchmark needs of ROS or of training it imports itself.
        'benchmark': ('test', 'scripts'),
    }[package]
    files = sorted((ROOT / package).rglob('*.py'))

    wrong = [
        f'{path.relative_to(ROOT)} imports {name}'
        for path in files
        for name in imported_names(path)
        if any(name == wall or name.startswith(f'{wall}.') for wall in forbidden)
    ]

    assert files
    assert wrong == []


def test_only_the_node_and_watch_know_ros():
    ros = ('rclpy', 'sensor_msgs', 'std_msgs', 'vision_msgs', 'rcl_interfaces', 'cv_bridge')
    files = [
        path
        for path in (ROOT / 'fer_ros').rglob('*.py')
        if path.relative_to(ROOT / 'fer_ros').parts[0] not in ('node', 'watch.py')
    ]

    wrong = [
        f'{path.relative_to(ROOT)} imports {name}'
        for path in files
        for name in imported_names(path)
        if name.split('.')[0] in ros
    ]

    assert wrong == []
