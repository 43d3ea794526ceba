"""
Measure a network under conditions of a robot: the robustness score.

A condition is a way in which faces differ from those of training: another data set, the crops of
the node, or these crops degraded.  Each condition has a row of figures.  The score is the mean of
the accuracies, so all conditions count equally, regardless of the number of their pictures.

`robustness_inputs` needs NumPy and OpenCV only, so other training code can use it.
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

# Probability from which a wrong label counts as a confident error.
SURE = 0.6

# Conditions that must not choose a recipe, an epoch or a temperature.
NOT_TO_CHOOSE_BY = (CKPLUS,)


class RobustnessInput(NamedTuple):
    """
    Pictures under a condition.

    :param name: name of the condition.
    :param images: (M, 48, 48) uint8 gray pictures.
    :param where: (M,) int64, indices of these pictures among the given pictures.
    """

    name: str
    images: np.ndarray
    where: np.ndarray


def robustness_inputs(images: np.ndarray, found: FoundEyes) -> Iterator[RobustnessInput]:
    """
    Generate the pictures of each condition except CK+.

    All random numbers are seeded, so the same pictures give the same inputs for every network.

    :param images: (N, 48, 48) uint8, pictures of FER2013.
    :param found: eyes that `find_eyes` returned for them; faces that were not found are left out
        of
        all conditions except the first.
    :return: iterator over `AS_IT_IS`, `REAL_PATH`, and the crops of the real path with each of
        `DEGRADATIONS`.
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

    :param classifiers: classifiers of the network, one for each thread.
    :param data: one split of FER2013.
    :param found: eyes that `find_eyes` returned for its pictures.
    :param ckplus: CK+, or None to leave it out.
    :param draws: number of samples of the bootstrap.
    :return: values that JSON can store: 'conditions', figures of `condition_figures` by condition;
        'score', the mean of their accuracies; 'score_to_choose_by', the mean without
        `NOT_TO_CHOOSE_BY`; the means of the other figures; 'ci95' of both scores and of each
        condition; the number 'found' of 'pictures'.
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
    # (draws,) accuracies of each condition; all conditions of FER2013 use the same samples.
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

    :param free: queue of classifiers that no other thread uses.
    :param truth: (N,) int64, labels of all pictures; negative for a picture without a label.
    :param bootstrap: bootstrap of N pictures.
    :return: figures of the condition, and (draws,) float64 accuracies.
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
    :param truth: (M,) int, not negative.
    :return: 'pictures', 'accuracy', 'macro_f1'; 'wrong_and_sure', the share of pictures with a
        wrong
        label of probability `SURE` or more; 'ece'; 'answered', the share that is not uncertain at
        the default `min_confidence` of the node, and 'right_of_these', the accuracy on that share.
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
