"""The commands of the training package: `python -m training <command>`."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
import os
import sys
from typing import Any

from fer_ros.perception.backends import BackendError
from training.dispatch import run_command


def _inspect() -> Any:
    from training.commands import inspect

    return inspect


def _models() -> Any:
    from training.commands import models

    return models


def _recipes() -> Any:
    from training.commands import recipes

    return recipes


def _train() -> Any:
    from training.commands import train

    return train


def _average() -> Any:
    from training.commands import average

    return average


def _tune() -> Any:
    from training.commands import tune

    return tune


def _export() -> Any:
    from training.commands import export

    return export


def _import() -> Any:
    # TensorFlow reads this variable when it is imported; it would print each step otherwise.
    os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')
    from training.commands import import_network

    return import_network


def _evaluate() -> Any:
    from training.commands import evaluate

    return evaluate


def _calibrate() -> Any:
    from training.commands import calibrate

    return calibrate


def _card() -> Any:
    from training.commands import card

    return card


def _yunet_graph() -> Any:
    from training.bundles import yunet_graph

    return yunet_graph


def _compare() -> Any:
    from training.commands import compare

    return compare


# For each command, the function that imports its module, and its purpose.
COMMANDS: dict[str, tuple[Callable[[], Any], str]] = {
    'inspect': (_inspect, 'report the contents and the faults of a data set'),
    'models': (_models, 'list all networks with their numbers of parameters'),
    'recipes': (_recipes, 'list the recipes, or describe the settings of one'),
    'train': (_train, 'train a recipe'),
    'average': (_average, 'average the weights of several runs'),
    'tune': (_tune, 'search for the best settings of a network'),
    'export': (_export, 'export a trained network as a bundle'),
    'import': (_import, 'import a network trained elsewhere as a bundle'),
    'evaluate': (_evaluate, 'measure a bundle, a run or a Keras file on a data set'),
    'calibrate': (_calibrate, "compare data sets for fitting a bundle's temperature"),
    'card': (_card, 'measure a bundle and write its model card'),
    'yunet_graph': (_yunet_graph, 'write the graph that runs YuNet on LiteRT'),
    'compare': (_compare, 'measure runs, and compare them with the figures of the sources'),
}


def main(argv: Sequence[str] | None = None) -> int:
    """
    Run a command.

    :param argv: words of the command, or None for those of the command line.
    :return: exit status of the process.
    """
    refusals = (ValueError, OSError, BackendError)
    try:
        return run_command('training', __doc__, COMMANDS, refusals, argv)
    except KeyboardInterrupt:
        print('interrupted; continue from the last epoch with `train --resume`', file=sys.stderr)
        return 130


if __name__ == '__main__':
    sys.exit(main())
