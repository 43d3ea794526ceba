"""
Distillation: training on the predictions of other networks in addition to the labels.

Hinton et al. 2015, arXiv:1503.02531.  A third of the labels of FER2013 differ from the majority of
annotators.  A network trained on all labels often predicts the majority for such a picture.  A
student that learns from both the labels and this teacher is better than the teacher, even at the
same size (Furlanello et al. 2018, arXiv:1805.04770).
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
    Mix the predictions of teachers into the targets of each head.

    A teacher predicts each picture and its mirror image.  A teacher teaches the heads that have
    its labels.  A teacher trained with `held_back` teaches only the held-back pictures
    (`cross_fitting`); any other teacher teaches all pictures.  A row of zeros stays zero, because
    no annotator saw an emotion in that picture.

    :param targets: (N, labels) float32, keyed by head, as `label_targets` returns them.
    :param labels: labels of each head.
    :param teachers: folders of runs or bundles.  A run predicts as in training; a bundle predicts
        the calibrated probabilities that the node publishes.  All teachers of a head count
        equally.
    :param share: share of the teachers' probabilities in the result, from 0 to 1.
    :param images: (N, H, W) uint8, the pictures of the targets.
    :return: (N, labels) float32, keyed by head.
    :raises DataError: if a teacher fits no head, or a head or a picture has no teacher.
    :raises ValueError: if a folder holds neither a run nor a bundle.
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


# Mask of the pictures that a teacher predicts, and its probabilities for them, keyed by head.
_Lesson = tuple[np.ndarray, dict[str, np.ndarray]]


def _bundle(teacher: str, labels: Mapping[str, tuple[str, ...]], images: np.ndarray) -> _Lesson:
    """Predict the pictures with a bundle, on the back end that the node would choose."""
    classifier = load_classifier(teacher, ModelOptions(backend='auto'))
    heads = heads_of(teacher, labels, dict.fromkeys(labels, classifier.card.labels))
    _tell(teacher, images)
    probabilities = classify(classifier, images, mirrored=True)
    return np.ones(len(images), bool), dict.fromkeys(heads, probabilities)


def _run(teacher: str, labels: Mapping[str, tuple[str, ...]], images: np.ndarray) -> _Lesson:
    """Predict the pictures with the network of a run."""
    run = load_run(Path(teacher))
    heads = heads_of(teacher, labels, run.labels)
    chosen = taught(images, run.recipe.held_back)
    images = images[chosen]
    _tell(teacher, images)
    # The precision of the training is faster than float32 and accurate enough.  Layer names may
    # differ
    # from those in the file, but the layers and their order are the same.
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
    """Print a message, because the prediction takes minutes on a CPU and repeats on a resume."""
    print(f'{teacher} predicts {len(images)} pictures', flush=True)
