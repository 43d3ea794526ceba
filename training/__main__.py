"""The commands of the training package: `python -m training <command>`."""

from __future__ import annotations

from collections.abc import Sequence
import sys

from fer_ros.perception.backends import BackendError
from training.commands.dispatch import run_command

# Each command is a module of this package, with `add_arguments` and `run`.
COMMANDS = {
    'inspect': ('data.inspection', 'report what is in a data set, and what is wrong with it'),
    'models': ('commands.models', 'list all networks with their parameters'),
    'train': ('learning.loop', 'train a recipe'),
    'average': ('learning.averaging', 'take the mean of the weights of runs'),
    'tune': ('learning.search.study', 'search for the settings of a network'),
    'export': ('bundles.export', 'make a bundle of a trained network'),
    'evaluate': ('commands.evaluate', 'measure a bundle, a run or a Keras file on a data set'),
    'card': ('bundles.measuring', 'measure a bundle and write its page'),
    'compare': ('commands.compare', 'measure runs, and set them beside what the sources say'),
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
