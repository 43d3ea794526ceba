"""What a model says of pictures, beside the truth: all that figures are computed from."""

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
    What a model says of pictures, beside the truth.

    :param data: the pictures, all of one split.
    :param truth: (N,) int64, indices into `labels`; negative where there is none.
    :param probabilities: (N, K) float64.
    :param labels: the model's.
    :param protocol: how truth and probabilities were come by, in words.
    """

    data: FaceData
    truth: np.ndarray
    probabilities: np.ndarray
    labels: tuple[str, ...]
    protocol: str

    def take(self, where: np.ndarray) -> Scores:
        """
        Keep some of the pictures.

        :param where: (N,) bool, or indices.
        :return: these, in this order.
        """
        return replace(
            self,
            data=self.data.take(where),
            truth=self.truth[where],
            probabilities=self.probabilities[where],
        )


def score(classifier: Classifier, data: FaceData, mirrored: bool = False) -> Scores:
    """
    Let a model say what it sees.

    :param classifier: the model's.
    :param data: one split.
    :param mirrored: as for `classify`.
    :return: its scores.
    :raises DataError: if data and model do not fit, or no picture has a truth.
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
