"""The truth of pictures in the labels of a model, and the agreement of annotators."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fer_ros.perception.emotions import FERPLUS_LABELS
from training.data.datasets import DataError
from training.data.datasets import FaceData
from training.data.votes import LEFT_OUT
from training.data.votes import majority

MAJORITY_PROTOCOL = 'majority of the FER+ votes, by the rule of its code'


@dataclass(frozen=True)
class Truth:
    """
    The truth of pictures, in the labels of a model.

    :param labels: (N,) int64, indices into the labels of the model; `LEFT_OUT` for no label.
    :param protocol: description of the origin of the truth.
    """

    labels: np.ndarray
    protocol: str


def truth_for(name: str, labels: tuple[str, ...], data: FaceData) -> Truth:
    """
    Convert the truth of a data set to the labels of a model.

    If the model has the labels of FER+ and the data has votes, the truth is the majority of the
    votes.  Without votes, the truth is the labels of the data, except labels that the model does
    not have.

    :param name: name of the model, for the error message.
    :param labels: labels of the model.
    :param data: pictures to measure on.
    :return: the truth.
    :raises DataError: if data and model have fewer than two labels in common.
    """
    if labels == FERPLUS_LABELS and data.votes is not None:
        return Truth(majority(data.votes), MAJORITY_PROTOCOL)
    common = [label for label in data.label_names if label in labels]
    if len(common) < 2:
        raise DataError(
            f'the labels of {name} are {", ".join(labels)}, and those of the data are '
            f'{", ".join(data.label_names)}; they must have at least two in common'
        )
    index = np.array([labels.index(n) if n in labels else LEFT_OUT for n in data.label_names])
    left_out = [label for label in data.label_names if label not in labels]
    protocol = 'labels of the data' + (f' without {", ".join(left_out)}' if left_out else '')
    return Truth(index[data.labels], protocol)


def votes_for_label(predicted: np.ndarray, votes: np.ndarray) -> np.ndarray:
    """
    Count the single votes that agree with a network.

    :param predicted: (N,) int, most likely label of each picture.
    :param votes: (N, 8) integers, votes for each label.
    :return: (N,) int64 number of agreeing votes of each picture.
    """
    return votes[np.arange(len(votes)), predicted].astype(np.int64)


def votes_for_others(votes: np.ndarray) -> np.ndarray:
    """
    Count the single votes that agree with the label that the other annotators chose.

    If the other annotators have a tie between k labels, a vote for one of them counts 1 / k, the
    expected value of a random choice.  If no other annotator saw an emotion, there is no
    agreement.

    :param votes: (N, 8) integers, votes for each label.
    :return: (N,) float64 number of agreeing votes of each picture.
    """
    votes = votes.astype(np.int64)
    agreeing = np.zeros(len(votes))
    for label in range(votes.shape[1]):
        # The remaining votes for an annotator who voted for this label.
        rest = votes.copy()
        rest[:, label] -= 1
        most = rest.max(axis=1)
        ties = (rest == most[:, None]).sum(axis=1)
        agrees = (rest[:, label] == most) & (most > 0)
        agreeing += votes[:, label] * np.where(agrees, 1 / ties, 0)
    return agreeing
