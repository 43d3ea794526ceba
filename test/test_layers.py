"""Check the allowed imports between the packages, as drawn in doc/architecture.md."""

import ast
from pathlib import Path
import re
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
    try:
        importlib.import_module(module.name)
    except ModuleNotFoundError as error:
        # Ray is an optional library that scripts/setup does not install.
        if error.name != 'ray':
            raise
    count += 1
print(count)
"""


def imported_names(path):
    """List the modules that a file imports, at module level or inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ''


@pytest.mark.parametrize(
    ('package', 'modules'),
    [('perception', 15), ('sources', 14), ('messages', 10), ('offline', 12)],
)
def test_plain_python_is_imported_where_ros_node_and_training_cannot_be(package, modules):
    script = BLOCKED.format(
        walls=['rclpy', 'sensor_msgs', 'vision_msgs', 'cv_bridge', 'fer_ros.node', 'training'],
        package=f'fer_ros.{package}',
    )

    done = subprocess.run(
        [sys.executable, '-c', script], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= modules


@pytest.mark.parametrize('package', ['fer_ros', 'training', 'benchmark'])
def test_no_file_imports_against_the_arrows(package):
    forbidden = {
        'fer_ros': ('training', 'benchmark'),
        'training': ('fer_ros.node', 'rclpy', 'benchmark'),
        # A benchmark may import ROS and training.
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


# The parts of fer_ros (folders and modules), each with the other parts that it may import.
# Perception is the lowest part, and messages is above it. Sources are below the nodes and offline.
# No part imports the remaining parts.
PARTS = {
    'perception': (),
    'messages': ('perception',),
    'sources': ('messages', 'perception'),
    'offline': ('messages', 'perception', 'sources'),
    '__main__': ('offline',),
    'fetch_models': ('perception',),
    'node': ('messages', 'perception', 'sources'),
    'camera': ('messages', 'node', 'perception', 'sources'),
    'doctor': ('messages', 'node', 'perception'),
    'watch': ('node', 'perception'),
}


def part_of(path):
    """Return the part of fer_ros that a file belongs to; '' for its __init__."""
    return path.relative_to(ROOT / 'fer_ros').with_suffix('').parts[0].replace('__init__', '')


@pytest.mark.parametrize('part', PARTS)
def test_a_part_of_fer_ros_imports_only_those_below_it(part):
    files = [path for path in (ROOT / 'fer_ros').rglob('*.py') if part_of(path) == part]
    allowed = [[name] for name in (part, *PARTS[part])]

    wrong = [
        f'{path.relative_to(ROOT)} imports {name}'
        for path in files
        for name in imported_names(path)
        # `from fer_ros import` is not allowed, because it does not name the part in the module
        # path.
        if name.split('.')[0] == 'fer_ros' and name.split('.')[1:2] not in allowed
    ]

    assert wrong == []


def test_every_part_of_fer_ros_has_its_place():
    found = {part_of(path) for path in (ROOT / 'fer_ros').rglob('*.py')} - {''}

    assert found <= set(PARTS)


@pytest.mark.parametrize(
    'folder',
    [
        'camera',
        'doctor',
        'messages',
        'offline',
        'offline/engines',
        'offline/outputs',
        'sources',
        'sources/bags',
    ],
)
def test_a_folder_says_what_goes_in_and_what_comes_out(folder):
    text = (ROOT / 'fer_ros' / folder / '__init__.py').read_text(encoding='utf-8')
    words = ast.get_docstring(ast.parse(text))

    assert words.strip().startswith('In: ')
    assert 'Out: ' in words


def is_of_ros(name):
    """Return whether a module belongs to ROS: a client library, a bridge or message classes."""
    package = name.split('.')[0]
    return package in ('rclpy', 'cv_bridge') or package.endswith(('_msgs', '_interfaces'))


# The files of fer_ros that may import ROS.
OF_ROS = ('fer_ros/node/', 'fer_ros/camera/', 'fer_ros/watch.py', 'fer_ros/doctor/graph_check.py')


def test_only_the_nodes_watch_and_the_check_of_the_graph_know_ros():
    names = {
        str(path.relative_to(ROOT)): [name for name in imported_names(path) if is_of_ros(name)]
        for path in (ROOT / 'fer_ros').rglob('*.py')
    }

    assert [path for path in names if names[path] and not path.startswith(OF_ROS)] == []
    # No entry is superfluous.
    assert all(any(names[path] for path in names if path.startswith(one)) for one in OF_ROS)


# Functions that import a module by its name.
BY_NAME = ('__import__', 'import_module', 'resolve_name', 'run_module')
# An argument that begins with the name of a module of this project, or with the dot of a relative
# name.
OWN_ARGUMENT = re.compile(r"""f?['"](\.|(fer_ros|training|benchmark)\b)""")
# A string that is the dotted name of a module of this project, or the beginning of one.
OWN_MODULE = re.compile(r'(fer_ros|training|benchmark)\.[\w.]*')


def own_modules_by_name(code):
    """
    List the modules of this project that code may import by a string.

    If the code imports any module by a string, every dotted name counts, because the name may be
    passed as a variable.
    """
    tree = ast.parse(code)
    arguments = [
        ast.unparse(node.args[0])
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and node.args
        and getattr(node.func, 'attr', getattr(node.func, 'id', '')) in BY_NAME
    ]
    strings = [
        node.value
        for node in ast.walk(tree)
        if arguments and isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    return [
        *(argument for argument in arguments if OWN_ARGUMENT.match(argument)),
        *(string for string in strings if OWN_MODULE.fullmatch(string)),
    ]


@pytest.mark.parametrize('folder', ['fer_ros', 'training', 'benchmark', 'examples', 'launch'])
def test_no_own_module_is_imported_by_a_string(folder):
    files = sorted((ROOT / folder).rglob('*.py'))

    wrong = {
        str(path.relative_to(ROOT)): found
        for path in files
        if (found := own_modules_by_name(path.read_text(encoding='utf-8')))
    }

    assert files
    assert wrong == {}


@pytest.mark.parametrize(
    ('code', 'wrong'),
    [
        ("importlib.import_module('fer_ros.node.graph')", True),
        ("name = 'training.runs'\nimport_module(name)", True),
        ("__import__('benchmark')", True),
        ("import_module(f'fer_ros.{name}')", True),
        ("import_module('fer_ros.' + name)", True),
        ("import_module('.graph', __package__)", True),
        ("import_module(f'{package}.msg')\nprint('fer_ros')", False),
        ("subprocess.run(['python', '-m', 'fer_ros.doctor'])", False),
    ],
)
def test_an_import_by_a_string_is_found(code, wrong):
    assert bool(own_modules_by_name(code)) is wrong


# The folders of perception, lowest first. A module may import from its own folder and from those
# before it. The modules beside the folders are below all of them, except those listed at the end.
FOLDERS_OF_PERCEPTION = (
    'images',
    'crops',
    'models',
    'backends',
    'detection',
    'classification',
    'tracking',
    'decision',
    'space',
    'masking',
    'attention',
    'drawing',
)
ABOVE_THE_FOLDERS = ('parameter_files', 'pipeline', 'trial_child', '__init__')


def rank_in_perception(names):
    """Return the rank of a module: -1 below the folders, otherwise the rank of its folder."""
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


# The folders of training, lowest first. A module may import from its own folder and from those
# before it, at module level or inside functions.
FOLDERS_OF_TRAINING = (
    'data',
    'data.reading',
    'networks.parts',
    'networks.sources',
    'networks',
    'recipes',
    'recipes.own',
    'recipes.protocols',
    'recipes.protocols.csce633',
    'recipes.protocols.fed',
    'recipes.protocols.gr5243',
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
    'bundles.foreign',
    'pages',
    'commands',
)

# A folder with more modules has more than one subject.
MOST_MODULES = 13


def folder_of(name):
    """Return the folder of training that contains an imported module or package."""
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
    # The folders of recipes are excluded, because they are not steps of the training.
    steps = [name for name in folders if not name.startswith('recipes.')]
    assert [n for n in steps if not ('In: ' in folders[n] and 'Out: ' in folders[n])] == []


# The folders of benchmark, each with the other folders of benchmark that it may import.
FOLDERS_OF_BENCHMARK = {
    'rig': (),
    'costs': ('rig',),
    'behaviour': ('rig',),
    'offline': ('rig',),
    'training_speed': ('rig',),
    'attention': ('rig',),
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
