"""The commands of the benchmarks: `python -m benchmark <command>`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import importlib
import sys

from fer_ros.perception.backends import BackendError
from fer_ros.perception.detection import DetectorError

# Each command is a module of this package, with `add_arguments` and `run`.
COMMANDS = {
    'tracking': ('tracking', 'count id switches, and what detect_every costs and saves'),
    'decision': ('decision', 'count changes with and without decision, and how late they come'),
    'baseline': ('baseline', "measure what learning people's own neutral does"),
    'soak': ('soak', "run camera and node for long, and see whether the node's memory stays flat"),
    'models': ('models', 'time and weigh models, and measure what they are worth'),
    'augmentation': ('augmentation', "how fast pictures are changed, beside Keras's generator"),
    'reading': ('reading', 'how fast fer2013.csv is read, beside the way of the notebooks'),
}


def main(argv: Sequence[str] | None = None) -> int:
    """
    Run a command.

    :param argv: its words, or None for those of the command line.
    :return: the exit status.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog='python -m benchmark', description=__doc__)
    commands = parser.add_subparsers(dest='command', required=True, metavar='command')
    for name, (module_name, purpose) in COMMANDS.items():
        # Only the command that is asked for is imported: not all of them need the same packages.
        command = commands.add_parser(name, help=purpose, description=purpose)
        if words[:1] == [name]:
            module = importlib.import_module(f'benchmark.{module_name}')
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    arguments = parser.parse_args(words)
    try:
        return arguments.run(arguments)
    except (OSError, ImportError, ValueError, BackendError, DetectorError) as error:
        print(f'{parser.prog}: {error}', file=sys.stderr)
        return 1


if __name__ == '__main__':
    sys.exit(main())
