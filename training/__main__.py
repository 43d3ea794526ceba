"""The commands of the training package: `python -m training <command>`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import importlib
import sys

from fer_ros.perception.backends import BackendError

# Each command is a module of this package, with `add_arguments` and `run`.
COMMANDS = {
    'inspect': ('inspection', 'report what is in a data set, and what is wrong with it'),
    'models': ('models', 'list all networks with their parameters'),
    'train': ('train', 'train a recipe'),
    'tune': ('tune', 'search for the settings of a network'),
    'export': ('export', 'make a bundle of a trained network'),
    'evaluate': ('evaluate', 'measure a bundle, a run or a Keras file on a data set'),
    'card': ('model_card', 'measure a bundle and write its page'),
    'compare': ('compare', 'measure runs, and set them beside what the sources say'),
}


def main(argv: Sequence[str] | None = None) -> int:
    """
    Run a command.

    :param argv: its words, or None for those of the command line.
    :return: the exit status.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog='python -m training', description=__doc__)
    commands = parser.add_subparsers(dest='command', required=True, metavar='command')
    for name, (module_name, purpose) in COMMANDS.items():
        # Only the command that is asked for is imported: not all of them need Keras.
        command = commands.add_parser(name, help=purpose, description=purpose)
        if words[:1] == [name]:
            module = importlib.import_module(f'training.{module_name}')
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    arguments = parser.parse_args(words)
    try:
        return arguments.run(arguments)
    except (ValueError, FileExistsError, BackendError) as error:
        print(f'{parser.prog}: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('interrupted; `train --resume` goes on from the last epoch', file=sys.stderr)
        return 130


if __name__ == '__main__':
    sys.exit(main())
