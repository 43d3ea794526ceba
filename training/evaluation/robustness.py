"""
How a network does where robots are: the robustness score.

A condition is a way in which a face differs from those of training: another data set, the node's
own crop, and this crop made worse.  Each condition has one row of figures.  The score is the mean
of their accuracies, so that each condition counts the same, whatever the number of its pictures.

`robustness_inputs` needs NumPy and OpenCV alone, so that a training can measure itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any
from typing import NamedTuple

import numpy as np

from fer_ros.perception.classification.classifier import Classifier
from fer_ros.perception.settings import Settings
from training.data.datasets import FaceData
from training.data.progress_bar import progress_bar
from training.evaluation.bootstrap import Bootstrap
from training.evaluation.bootstrap import DRAWS
from training.evaluation.bootstrap import interval
from training.evaluation.classifiers import classify
from training.evaluation.degradations import DEGRADATIONS
from training.evaluation.metrics import answers
from training.evaluation.metrics import confusion_matrix
from training.evaluation.metrics import expected_calibration_error
from training.evaluation.metrics import macro_mean
from training.evaluation.metrics import per_class
from training.evaluation.real_path import crops_of_scenes
from training.evaluation.real_path import FoundEyes
from training.evaluation.truth import truth_for

CKPLUS = 'CK+, zero-shot'
AS_IT_IS = 'FER2013 as it is'
REAL_PATH = 'through the real path'

# A wrong label of at least this probability is a sure one.
SURE = 0.6

# Conditions that no recipe, epoch or temperature may be chosen by.
NOT_TO_CHOOSE_BY = (CKPLUS,)


class RobustnessInput(NamedTuple):
    """
    Pictures under a condition.

    :param name: of the condition.
    :param images: (M, 48, 48) uint8.
    :param where: (M,) int64, which of the given pictures they are.
    """

    name: str
    images: np.ndarray
    where: np.ndarray


def robustness_inputs(images: np.ndarray, found: FoundEyes) -> Iterator[RobustnessInput]:
    """
    Give pictures under each condition but CK+'s.

    All chance is seeded: the same pictures give the same inputs, whatever the network.

    :param images: (N, 48, 48) uint8, FER2013's.
    :param found: their eyes, of `find_eyes`; faces that were not found are left out of all
        conditions but the first.
    :return: `AS_IT_IS`, `REAL_PATH`, and the crops of the real path made worse by each of
        `DEGRADATIONS`, one by one.
    """
    yield RobustnessInput(AS_IT_IS, images, np.arange(len(images)))
    crops = crops_of_scenes(images, found)
    yield RobustnessInput(REAL_PATH, crops, found.where)
    for name, degrade in DEGRADATIONS.items():
        yield RobustnessInput(name, degrade(crops), found.where)


def measure_robustness(
    classifiers: Sequence[Classifier],
    data: FaceData,
    found: FoundEyes,
    ckplus: FaceData | None,
    draws: int = DRAWS,
) -> dict[str, Any]:
    """
    Measure a network under all conditions.

    :param classifiers: the network, once for each thread that may run it.
    :param data: one split of FER2013.
    :param found: of `find_eyes` for its pictures.
    :param ckplus: CK+, or None to leave it out.
    :param draws: of the bootstrap over the pictures.
    :return: what JSON can hold: 'conditions', by name what `condition_figures` gives; 'score', the
        mean of their accuracies; 'score_to_choose_by', that without `NOT_TO_CHOOSE_BY`; the means
        of the other figures; 'ci95' of both scores and by condition; 'found' of 'pictures'.
    """
    card = classifiers[0].card
    truth = truth_for(card.name, card.labels, data).labels
    bootstrap = Bootstrap(len(data), draws)
    tasks = [(inputs, truth, bootstrap) for inputs in robustness_inputs(data.images, found)]
    if ckplus is not None:
        known = truth_for(card.name, card.labels, ckplus).labels
        everyone = RobustnessInput(CKPLUS, ckplus.images, np.arange(len(ckplus)))
        tasks.insert(0, (everyone, known, Bootstrap(len(ckplus), draws)))
    free: SimpleQueue[Classifier] = SimpleQueue()
    for classifier in classifiers:
        free.put(classifier)
    with (
        progress_bar(card.name, len(tasks), 'conditions') as progress,
        ThreadPoolExecutor(len(classifiers)) as pool,
    ):
        started = [pool.submit(_measure, free, *task) for task in tasks]
        measured = []
        for one in started:
            measured.append(one.result())
            progress.update(1)
    names = [inputs.name for inputs, *_ in tasks]
    conditions = {name: figures for name, (figures, _) in zip(names, measured, strict=True)}
    # Of each condition, (draws,) accuracies: the same pictures are drawn for all of FER2013's.
    drawn = {name: accuracies for name, (_, accuracies) in zip(names, measured, strict=True)}
    chosen = [name for name in conditions if name not in NOT_TO_CHOOSE_BY]
    means = {
        name: float(np.mean([row[name] for row in conditions.values()]))
        for name in ('accuracy', 'macro_f1', 'wrong_and_sure', 'ece', 'answered', 'right_of_these')
    }
    return {
        'pictures': len(data),
        'found': len(found.where),
        'score': means['accuracy'],
        'score_to_choose_by': float(np.mean([conditions[name]['accuracy'] for name in chosen])),
        'means': means,
        'ci95': {
            'score': interval(np.mean(list(drawn.values()), axis=0)),
            'score_to_choose_by': interval(np.mean([drawn[name] for name in chosen], axis=0)),
            'conditions': {name: interval(values) for name, values in drawn.items()},
        },
        'min_confidence': Settings().min_confidence,
        'conditions': conditions,
    }


def _measure(
    free: SimpleQueue[Classifier],
    inputs: RobustnessInput,
    truth: np.ndarray,
    bootstrap: Bootstrap,
) -> tuple[dict[str, Any], np.ndarray]:
    """
    Measure a network under one condition.

    :param free: classifiers that no other thread uses.
    :param truth: (N,) int64, of all pictures; negative where there is none.
    :param bootstrap: of N pictures.
    :return: its figures, and (draws,) float64 accuracies.
    """
    kept = truth[inputs.where] >= 0
    where = inputs.where[kept]
    classifier = free.get()
    try:
        probabilities = classify(classifier, inputs.images[kept])
    finally:
        free.put(classifier)
    right, counted = np.zeros(len(truth)), np.zeros(len(truth))
    right[where] = probabilities.argmax(axis=1) == truth[where]
    counted[where] = 1
    accuracies = bootstrap.sums(right) / np.maximum(bootstrap.sums(counted), 1)
    return condition_figures(probabilities, truth[where]), accuracies


def condition_figures(probabilities: np.ndarray, truth: np.ndarray) -> dict[str, Any]:
    """
    Compute the figures of a condition.

    :param probabilities: (M, K) float, M at least 1.
    :param truth: (M,) int, none negative.
    :return: 'pictures', 'accuracy', 'macro_f1'; 'wrong_and_sure', the share of the pictures with a
        wrong label of the probability `SURE` or more; 'ece'; 'answered', the share that is not
        uncertain at the node's default `min_confidence`, and 'right_of_these'.
    """
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    right = predicted == truth
    classes = per_class(confusion_matrix(truth, predicted, probabilities.shape[1]))
    return {
        'pictures': len(truth),
        'accuracy': float(right.mean()),
        'macro_f1': float(macro_mean(classes['f1'], classes['support'])),
        'wrong_and_sure': float((~right & (confidence >= SURE)).mean()),
        'ece': expected_calibration_error(probabilities, truth),
        **answers(probabilities, truth, Settings().min_confidence),
    }
