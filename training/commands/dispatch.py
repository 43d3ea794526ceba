"""Run one of several commands, importing it alone: `python -m training`, `python -m benchmark`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from collections.abc import Sequence
import importlib
import sys


def run_command(
    package: str,
    description: str | None,
    commands: Mapping[str, tuple[str, str]],
    refusals: tuple[type[Exception], ...],
    argv: Sequence[str] | None,
) -> int:
    """
    Run a command of a package.

    :param package: whose modules the commands are; each has `add_arguments` and `run`.
    :param description: of the package.
    :param commands: by name, the module and what it is for.
    :param refusals: errors that are told in a sentence, without a traceback.
    :param argv: the words of the command line, or None for the process's own.
    :return: the exit status.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog=f'python -m {package}', description=description)
    subparsers = parser.add_subparsers(dest='command', required=True, metavar='command')
    for name, (module_name, purpose) in commands.items():
        # Only the command that is asked for is imported: not all of them need the same packages.
        command = subparsers.add_parser(name, help=purpose, description=purpose)
        if words[:1] == [name]:
            module = importlib.import_module(f'{package}.{module_name}')
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    arguments = parser.parse_args(words)
    try:
        return arguments.run(arguments)
    except refusals as error:
        print(f'{parser.prog}: {error}', file=sys.stderr)
        return 1
