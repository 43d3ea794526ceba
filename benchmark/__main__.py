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


def _recordings() -> Any:
    from benchmark.offline import recordings

    return recordings


def _augmentation() -> Any:
    from benchmark.training_speed import augmentation

    return augmentation


def _reading() -> Any:
    from benchmark.training_speed import reading

    return reading


def _masking() -> Any:
    from benchmark.behaviour import masking

    return masking


def _eyes() -> Any:
    from benchmark.behaviour import eyes

    return eyes


def _turned() -> Any:
    from benchmark.attention import turned

    return turned


def _face_model() -> Any:
    from benchmark.attention import face_model

    return face_model


def _poses() -> Any:
    from benchmark.attention import poses

    return poses


def _steady() -> Any:
    from benchmark.attention import steady

    return steady


def _attending() -> Any:
    from benchmark.attention import attending

    return attending


def _attention_cost() -> Any:
    from benchmark.attention import cost

    return cost


# For each command, the function that imports its module, and a description.
COMMANDS: dict[str, tuple[Callable[[], Any], str]] = {
    'tracking': (_tracking, 'count id switches, and measure cost and benefit of detect_every'),
    'decision': (
        _decision,
        'count emotion changes with and without the decision stage, and measure the delay',
    ),
    'baseline': (_baseline, "measure the effect of learning each person's neutral expression"),
    'soak': (_soak, 'run camera and node for a long time, and check whether memory grows'),
    'storm': (_storm, 'send hostile input to the node, and check that it survives'),
    'pipeline': (_pipeline, 'measure the cost of the pipeline beyond its two networks'),
    'node': (_node, 'measure the cost of the node, from camera to subscriber'),
    'peers': (_peers, "compare the package and its weights with PyPI's fer"),
    'backends': (_backends, 'measure start, memory and inference time of each back end'),
    'scale': (_scale, 'measure the cost over the number of faces, pixels and cameras'),
    'models': (_models, 'measure time, size and accuracy of models'),
    'recordings': (_recordings, 'measure the cost of analysing recordings'),
    'augmentation': (_augmentation, "compare the speed of augmentation with Keras's generator"),
    'eyes': (_eyes, "measure the error of the detectors' eye landmarks"),
    'turned': (_turned, 'measure how well emotions are recognised in turned faces'),
    'poses': (_poses, 'measure the errors of head poses'),
    'steady': (_steady, 'measure the jitter and the delay of head poses'),
    'attending': (_attending, 'compare decided attention with labels in photographs'),
    'attention_cost': (_attention_cost, 'measure the cost of attention, and eight faces at 30 Hz'),
    'face_model': (_face_model, 'derive the 3-D face of head poses from pictures'),
    'masking': (_masking, 'measure which faces the masked image leaves visible'),
    'reading': (_reading, 'compare the speed of reading fer2013.csv with that of the notebooks'),
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
