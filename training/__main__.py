"""The commands of the training package: `python -m training <command>`."""

from __future__ import annotations

from collections.abc import Sequence
import sys

from fer_ros.perception.backends import BackendError
from training.commands import run_command

# Each command is a module of this package, with `add_arguments` and `run`.
COMMANDS = {
    'inspect': ('inspection', 'report what is in a data set, and what is wrong with it'),
    'models': ('models', 'list all networks with their parameters'),
    'train': ('train', 'train a recipe'),
    'average': ('average', 'take the mean of the weights of runs'),
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
    refusals = (ValueError, FileExistsError, BackendError)
    try:
        return run_command('training', __doc__, COMMANDS, refusals, argv)
    except KeyboardInterrupt:
        print('interrupted; `train --resume` goes on from the last epoch', file=sys.stderr)
        return 130


if __name__ == '__main__':
    sys.exit(main())
