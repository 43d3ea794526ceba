"""
Check that the package works as installed, because colcon's tests use the source tree.

scripts/test runs this script in the environment of scripts/env:
python scripts/check_installed.py ROOT
"""

import importlib
from importlib.metadata import distribution
import os
from pathlib import Path
import sys

from ament_index_python import get_package_prefix
from ament_index_python import get_package_share_directory

# Minimum contents of every installation. Other files in the source tree must be installed too.
EXECUTABLES = ('camera_node', 'emotion_node')
SHARED = ('config/emotion.yaml', 'config/fastdds.xml', 'launch/emotion.launch.py', 'package.xml')

# Optional libraries that scripts/setup does not install. Modules that need them are not imported.
OPTIONAL = ('ray',)


def module_names(folder: Path) -> list[str]:
    """Return the dotted names of all modules of the package fer_ros below a folder."""
    names = []
    for path in sorted((folder / 'fer_ros').rglob('*.py')):
        parts = path.relative_to(folder).with_suffix('').parts
        names.append('.'.join(parts[:-1] if parts[-1] == '__init__' else parts))
    return names


def entry_points() -> list[str]:
    """Return the names of the executables that the installed package declares."""
    found = distribution('fer_ros').entry_points
    return [entry.name for entry in found if entry.group == 'console_scripts']


def find_faults(root: Path) -> list[str]:
    """
    Return one sentence for each fault of the installed package.

    :param root: source tree from which the package was built.
    """
    faults = []
    prefix = Path(get_package_prefix('fer_ros'))
    for name in module_names(root):
        try:
            module = importlib.import_module(name)
        except Exception as error:
            if isinstance(error, ModuleNotFoundError) and error.name in OPTIONAL:
                continue
            faults.append(f'cannot import {name}: {type(error).__name__}: {error}')
            continue
        if prefix not in Path(module.__file__ or '').parents:
            faults.append(
                f'{name} was imported from {module.__file__}, but must be imported from {prefix}'
            )
    for name in sorted({*EXECUTABLES, *entry_points()}):
        if not os.access(prefix / 'lib' / 'fer_ros' / name, os.X_OK):
            faults.append(f'lib/fer_ros/{name} does not exist or is not executable')
    share = Path(get_package_share_directory('fer_ros'))
    sources = {root / name for name in SHARED}
    for pattern in ('config/*', 'launch/*.launch.py', 'models/*/*'):
        sources |= set(root.glob(pattern))
    for source in sorted(sources):
        installed = share / source.relative_to(root)
        if not installed.is_file():
            faults.append(f'{installed} does not exist')
        elif not source.is_file() or installed.read_bytes() != source.read_bytes():
            faults.append(f'{installed} differs from {source.relative_to(root)} of the source')
    if not any((share / 'models').glob('*/card.yaml')):
        faults.append('share/fer_ros/models contains no model')
    return faults


def main() -> int:
    """Print the faults, and return the exit status."""
    root = Path(sys.argv[1]).resolve()
    # Remove the source tree, so that modules can only be imported from the installation.
    sys.path = [entry for entry in sys.path if Path(entry or '.').resolve() != root]
    faults = find_faults(root)
    for fault in faults:
        print(f'installed package: {fault}')
    if not faults:
        print(f'installed package: complete, in {get_package_prefix("fer_ros")}')
    return 1 if faults else 0


if __name__ == '__main__':
    sys.exit(main())
