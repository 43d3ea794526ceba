"""Probabilities of a model and the truth, from which all figures are computed."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace

import numpy as np

from fer_ros.perception.classification.classifier import Classifier
from training.data.datasets import DataError
from training.data.datasets import FaceData
from training.evaluation.classifiers import classify
from training.evaluation.truth import truth_for


@dataclass(frozen=True)
class Scores:
    """
    Probabilities of a model for pictures, and the truth.

    :param data: pictures of one split.
    :param truth: (N,) int64, indices into `labels`; negative for a picture without a label.
    :param probabilities: (N, K) float64 probabilities of the labels.
    :param labels: labels of the model.
    :param protocol: description of the origin of truth and probabilities.
    """

    data: FaceData
    truth: np.ndarray
    probabilities: np.ndarray
    labels: tuple[str, ...]
    protocol: str

    def take(self, where: np.ndarray) -> Scores:
        """
        Select pictures.

        :param where: (N,) bool mask, or indices.
        :return: scores of the selected pictures, in this order.
        """
        return replace(
            self,
            data=self.data.take(where),
            truth=self.truth[where],
            probabilities=self.probabilities[where],
        )


def score(classifier: Classifier, data: FaceData, mirrored: bool = False) -> Scores:
    """
    Classify pictures with a model.

    :param classifier: classifier of the model.
    :param data: pictures of one split.
    :param mirrored: as in `classify`.
    :return: scores of the model.
    :raises DataError: if the labels of data and model do not match, or no picture has a label.
    """
    card = classifier.card
    truth = truth_for(card.name, card.labels, data)
    if not (truth.labels >= 0).any():
        raise DataError(f'none of the {len(data)} pictures has a label of {card.name}')
    crops = 'mean of crop and mirrored crop' if mirrored else 'one crop, no test-time augmentation'
    return Scores(
        data,
        truth.labels,
        classify(classifier, data.images, mirrored),
        card.labels,
        f'{truth.protocol}; {crops}',
    )
