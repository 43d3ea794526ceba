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


def test_only_the_nodes_and_watch_know_ros():
    ros = ('rclpy', 'sensor_msgs', 'std_msgs', 'vision_msgs', 'rcl_interfaces', 'cv_bridge')
    files = [
        path
        for path in (ROOT / 'fer_ros').rglob('*.py')
        if path.relative_to(ROOT / 'fer_ros').parts[0] not in ('node', 'camera', 'watch.py')
    ]

    wrong = [
        f'{path.relative_to(ROOT)} imports {name}'
        for path in files
        for name in imported_names(path)
        if name.split('.')[0] in ros
    ]

    assert wrong == []


# The folders of perception, lowest first.  A module imports from its own folder and from those
# before it.  The modules beside the folders are below all of them, but for those at the end.
FOLDERS_OF_PERCEPTION = (
    'crops',
    'models',
    'backends',
    'detection',
    'classification',
    'tracking',
    'decision',
    'space',
    'drawing',
)
ABOVE_THE_FOLDERS = ('pipeline', 'trial_child')


def rank_in_perception(names):
    """Give the place of a module in the order: -1 below the folders, or that of its folder."""
    if names[0] in FOLDERS_OF_PERCEPTION:
        return FOLDERS_OF_PERCEPTION.index(names[0])
    return len(FOLDERS_OF_PERCEPTION) if names[0] in ABOVE_THE_FOLDERS else -1


def test_each_folder_of_perception_imports_only_folders_before_it():
    folder = ROOT / 'fer_ros' / 'perception'
    found = {one.name for one in folder.iterdir() if (one / '__init__.py').is_file()}

    wrong = [
        f'{path.relative_to(ROOT)} imports {name}'
        for path in sorted(folder.rglob('*.py'))
        for name in imported_names(path)
        if name.startswith('fer_ros.perception.')
        and rank_in_perception(name.split('.')[2:])
        > rank_in_perception(path.relative_to(folder).with_suffix('').parts)
    ]

    assert found == set(FOLDERS_OF_PERCEPTION)
    assert wrong == []


# The folders of training, lowest first.  A module imports from its own folder and from folders
# before it, wherever in the module the import is.
FOLDERS_OF_TRAINING = (
    'data',
    'data.reading',
    'networks.parts',
    'networks.sources',
    'networks',
    'recipes',
    'recipes.own',
    'recipes.sources',
    'recipes.sources.csce633',
    'recipes.sources.fed',
    'recipes.sources.gr5243',
    'runs',
    'evaluation',
    'learning',
    'learning.on_device',
    'learning.search',
    'bundles',
    'pages',
    'commands',
)

# A folder with more modules has more than one subject.
MOST_MODULES = 13


def folder_of(name):
    """Name the folder of training that an imported module or package is in."""
    words = name.split('.')[1:]
    while words and '.'.join(words) not in FOLDERS_OF_TRAINING:
        words.pop()
    return '.'.join(words)


@pytest.mark.parametrize('folder', FOLDERS_OF_TRAINING)
def test_a_folder_of_training_imports_only_folders_below_it(folder):
    allowed = FOLDERS_OF_TRAINING[: FOLDERS_OF_TRAINING.index(folder) + 1]
    files = sorted((ROOT / 'training').joinpath(*folder.split('.')).glob('*.py'))

    wrong = [
        f'{path.name} imports {name}'
        for path in files
        for name in imported_names(path)
        if name.split('.')[0] == 'training' and folder_of(name) not in allowed
    ]

    assert wrong == []
    assert 1 < len(files) <= MOST_MODULES + 1


def test_every_folder_of_training_has_its_place_and_says_what_goes_in_and_out():
    folders = {
        '.'.join(path.parent.relative_to(ROOT / 'training').parts): ast.get_docstring(
            ast.parse(path.read_text(encoding='utf-8'))
        )
        for path in (ROOT / 'training').rglob('__init__.py')
        if path.parent != ROOT / 'training'
    }

    assert set(folders) == set(FOLDERS_OF_TRAINING)
    # The folders of recipes hold no step of their own.
    steps = [name for name in folders if not name.startswith('recipes.')]
    assert [n for n in steps if not ('In: ' in folders[n] and 'Out: ' in folders[n])] == []


# The folders of benchmark, and what each may import of benchmark besides its own modules.
FOLDERS_OF_BENCHMARK = {
    'rig': (),
    'costs': ('rig',),
    'behaviour': ('rig',),
    'training_speed': ('rig',),
}


@pytest.mark.parametrize('folder', FOLDERS_OF_BENCHMARK)
def test_a_folder_of_benchmark_imports_only_itself_and_rig(folder):
    allowed = {folder, *FOLDERS_OF_BENCHMARK[folder]}
    files = sorted((ROOT / 'benchmark' / folder).glob('*.py'))

    wrong = [
        f'{path.name} imports {name}'
        for path in files
        for name in imported_names(path)
        if name.split('.')[0] == 'benchmark' and not allowed & set(name.split('.')[1:2])
    ]

    assert wrong == []
    assert 1 < len(files) <= MOST_MODULES + 1


def test_every_folder_of_benchmark_has_its_place_and_says_what_goes_in_and_out():
    folder = ROOT / 'benchmark'
    found = {path.parent for path in folder.rglob('*.py')} - {folder}

    assert {path.name for path in found} == set(FOLDERS_OF_BENCHMARK)
    for path in found:
        text = ast.get_docstring(ast.parse((path / '__init__.py').read_text(encoding='utf-8')))
        assert 'In: ' in text, path
        assert 'Out: ' in text, path


@pytest.mark.parametrize('package', ['training', 'benchmark'])
def test_no_module_is_imported_by_a_string(package):
    files = sorted((ROOT / package).rglob('*.py'))

    wrong = [
        f'{path.relative_to(ROOT)}: {node.func.attr}'
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8')))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == 'import_module'
    ]

    assert wrong == []
