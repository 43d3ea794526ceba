"""
Learning from what other networks say of the same pictures, and not from their labels alone.

Hinton et al. 2015, arXiv:1503.02531.  A third of FER2013's labels are not what most people see,
and a network that learned from all of them says of many of these what the others suggest; a
second one that learns from both is better than the first even where they are of one size
(Furlanello et al. 2018, arXiv:1805.04770).
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from training.data.cross_fitting import taught
from training.data.datasets import DataError
from training.evaluation.calibration import softmax
from training.evaluation.classifiers import classify
from training.evaluation.classifiers import load_classifier
from training.evaluation.classifiers import ModelOptions
from training.evaluation.validation import predict_logits
from training.learning.teachers import heads_of
from training.recipes.building import build_model
from training.runs.origins import is_bundle
from training.runs.run import load_run


def teach(
    targets: Mapping[str, np.ndarray],
    labels: Mapping[str, tuple[str, ...]],
    teachers: Sequence[str],
    share: float,
    images: np.ndarray,
) -> dict[str, np.ndarray]:
    """
    Mix what teachers say into what each head is to say.

    A teacher sees each picture as it is and mirrored, and teaches the heads whose labels it has.
    One that held pictures back teaches these alone (`cross_fitting`), one that did not all.
    A row without a target stays so: the teachers know no better what nobody could tell.

    :param targets: by head, (N, labels) float32, as of `label_targets`.
    :param labels: of each head.
    :param teachers: folders of runs, whose networks say what they say in training, or of bundles,
        which say what the node publishes: calibrated probabilities.  Those of a head count alike.
    :param share: of the teachers' probabilities in the result, from 0 to 1.
    :param images: (N, H, W) uint8, of the targets.
    :return: by head, (N, labels) float32.
    :raises DataError: if a teacher has no head's labels, or a head or a picture no teacher.
    :raises ValueError: if a folder holds no run and no bundle.
    """
    sums = {head: np.zeros_like(rows) for head, rows in targets.items()}
    counts = {head: np.zeros((len(rows), 1), np.float32) for head, rows in targets.items()}
    for teacher in teachers:
        asked = _bundle if is_bundle(teacher) else _run
        chosen, said = asked(teacher, labels, images)
        for head, probabilities in said.items():
            sums[head][chosen] += probabilities
            counts[head][chosen] += 1
    for head, count in counts.items():
        if not count.any():
            raise DataError(
                f'none of the teachers {", ".join(teachers)} has the labels of the head {head}, '
                f'which are: {", ".join(labels[head])}'
            )
        untaught = int((count == 0).sum())
        if untaught:
            raise DataError(
                f'none of the teachers {", ".join(teachers)} held back {untaught} of the '
                f'{len(count)} pictures; give one teacher for each part'
            )
    return {
        head: np.where(
            rows.any(axis=1, keepdims=True),
            (1 - share) * rows + share * sums[head] / counts[head],
            rows,
        ).astype(np.float32)
        for head, rows in targets.items()
    }


# Which pictures a teacher tells of, and its probabilities of these by head.
_Lesson = tuple[np.ndarray, dict[str, np.ndarray]]


def _bundle(teacher: str, labels: Mapping[str, tuple[str, ...]], images: np.ndarray) -> _Lesson:
    """Ask a bundle, on what the node would run it on."""
    classifier = load_classifier(teacher, ModelOptions(backend='auto'))
    heads = heads_of(teacher, labels, dict.fromkeys(labels, classifier.card.labels))
    _tell(teacher, images)
    probabilities = classify(classifier, images, mirrored=True)
    return np.ones(len(images), bool), dict.fromkeys(heads, probabilities)


def _run(teacher: str, labels: Mapping[str, tuple[str, ...]], images: np.ndarray) -> _Lesson:
    """Ask the network of a run."""
    run = load_run(Path(teacher))
    heads = heads_of(teacher, labels, run.labels)
    chosen = taught(images, run.recipe.held_back)
    images = images[chosen]
    _tell(teacher, images)
    # As it was trained, which is faster than as it is measured, and as near as need be.  Its
    # layers may have other names in the file, but they are the same ones.
    model = build_model(replace(run.recipe, sides=()), run.labels)
    model.set_weights(run.model.get_weights())
    said = [
        predict_logits(model, pictures, run.recipe, run.recipe.side)
        for pictures in (images, images[:, :, ::-1])
    ]
    return chosen, {
        head: np.mean([softmax(logits[head]) for logits in said], axis=0) for head in heads
    }


def _tell(teacher: str, images: np.ndarray) -> None:
    """Say what takes so long: minutes on a CPU, and again where a run is resumed."""
    print(f'{teacher} predicts {len(images)} pictures', flush=True)
