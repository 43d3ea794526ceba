"""Run the subcommand that the user names after `python -m training` or `python -m benchmark`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
import sys
from typing import Any


def run_command(
    package: str,
    description: str | None,
    commands: Mapping[str, tuple[Callable[[], Any], str]],
    refusals: tuple[type[Exception], ...],
    argv: Sequence[str] | None,
) -> int:
    """
    Run a command of a package.

    :param package: name of the package, for the usage text.
    :param description: description of the package, for the usage text.
    :param commands: for each name of a command, a function that imports and returns its module,
        and the purpose of the command.  The module has the functions `add_arguments` and `run`.
    :param refusals: types of errors that are printed in one sentence, without a traceback.
    :param argv: words of the command line, or None for those of the process.
    :return: exit status of the process.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog=f'python -m {package}', description=description)
    subparsers = parser.add_subparsers(dest='command', required=True, metavar='command')
    for name, (load, purpose) in commands.items():
        command = subparsers.add_parser(name, help=purpose, description=purpose)
        # Commands need different packages, so only the requested command is imported.
        if words[:1] == [name]:
            module = load()
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    arguments = parser.parse_args(words)
    try:
        return arguments.run(arguments)
    except refusals as error:
        text = str(error)
        if isinstance(error, OSError) and error.strerror and error.filename:
            text = f'cannot open or write {error.filename}: {error.strerror}'
        print(f'{parser.prog}: {text}', file=sys.stderr)
        return 1
