"""
The votes of the ten annotators of FER+ for each picture of FER2013.

Barsoum et al. 2016, arXiv:1608.01041.  The majority rule is that of the code that its authors
published with the votes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fer_ros.perception.emotions import FERPLUS_LABELS

# The columns of the votes, in the order of `fer2013new.csv`.
VOTE_COLUMNS = (
    'neutral',
    'happiness',
    'surprise',
    'sadness',
    'anger',
    'disgust',
    'fear',
    'contempt',
    'unknown',
    'NF',
)

# Name of the vote column for each label of this project.
_COLUMN_OF_LABEL = {
    'angry': 'anger',
    'disgust': 'disgust',
    'fear': 'fear',
    'happy': 'happiness',
    'sad': 'sadness',
    'surprise': 'surprise',
    'neutral': 'neutral',
    'contempt': 'contempt',
}
EMOTION_COLUMNS = tuple(VOTE_COLUMNS.index(_COLUMN_OF_LABEL[label]) for label in FERPLUS_LABELS)
NOT_A_FACE_COLUMN = VOTE_COLUMNS.index('NF')

# Labels of FER+ without any merging.
_ITSELF = tuple((label,) for label in FERPLUS_LABELS)

# Value of `majority` for pictures without a majority.
LEFT_OUT = -1


def emotion_votes(votes: np.ndarray) -> np.ndarray:
    """
    Select the votes for emotions, in the order of the labels.

    :param votes: (N, 10) integers, columns as `VOTE_COLUMNS`.
    :return: (N, 8) of the same type, columns as `FERPLUS_LABELS`.
    :raises ValueError: if the array has another shape.
    """
    _check(votes)
    return votes[:, list(EMOTION_COLUMNS)]


def vote_distribution(votes: np.ndarray) -> np.ndarray:
    """
    Compute the distribution of the votes over the eight emotions.

    Votes for `unknown` and for `NF` (not a face) are ignored.

    :param votes: (N, 10) integers, columns as `VOTE_COLUMNS`.
    :return: (N, 8) float32, columns as `FERPLUS_LABELS`; a row sums to 1, or is all zero if no
        annotator saw an emotion.
    :raises ValueError: if the array has another shape.
    """
    return soft_labels(votes, _ITSELF)


def label_votes(votes: np.ndarray, labels: Sequence[Sequence[str]]) -> np.ndarray:
    """
    Add up the votes for labels, which may merge labels of FER+.

    :param votes: (N, 10) integers, columns as `VOTE_COLUMNS`.
    :param labels: labels of `FERPLUS_LABELS` that form each label.
    :return: (N, labels) int64 votes for the labels.
    :raises ValueError: if a label is not one of FER+, or the array has another shape.
    """
    counts = emotion_votes(votes).astype(np.int64)
    unknown = sorted({member for members in labels for member in members} - set(FERPLUS_LABELS))
    if unknown:
        raise ValueError(
            f'FER+ has no votes for {", ".join(unknown)}; its labels are: '
            f'{", ".join(FERPLUS_LABELS)}'
        )
    columns = [[FERPLUS_LABELS.index(member) for member in members] for members in labels]
    return np.stack([counts[:, members].sum(axis=1) for members in columns], axis=1)


def soft_labels(votes: np.ndarray, labels: Sequence[Sequence[str]]) -> np.ndarray:
    """
    Compute the distribution of the votes over labels, which may merge labels of FER+.

    Votes for anything else are ignored.

    :param votes: (N, 10) integers, columns as `VOTE_COLUMNS`.
    :param labels: labels of `FERPLUS_LABELS` that form each label.
    :return: (N, labels) float32; a row sums to 1, or is all zero if there are no votes for any
        label.
    :raises ValueError: as in `label_votes`.
    """
    counts = label_votes(votes, labels).astype(np.float32)
    totals = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)


def majority(votes: np.ndarray, labels: Sequence[Sequence[str]] = _ITSELF) -> np.ndarray:
    """
    Compute the majority label of each picture by the rule of FER+.

    Columns with a single vote are ignored.  The majority label has more than half of all remaining
    votes, including those for `unknown`, `NF` and emotions that are not in `labels`.  Otherwise
    there is no majority label.

    :param votes: (N, 10) integers, columns as `VOTE_COLUMNS`.
    :param labels: labels of `FERPLUS_LABELS` that form each label.
    :return: (N,) int64, indices into `labels`, or `LEFT_OUT`.
    :raises ValueError: as in `label_votes`.
    """
    _check(votes)
    counted = np.where(votes > 1, votes, 0)
    for_label = label_votes(counted, labels)
    decided = 2 * for_label.max(axis=1) > counted.sum(axis=1, dtype=np.int64)
    return np.where(decided, for_label.argmax(axis=1), LEFT_OUT)


def is_not_a_face(votes: np.ndarray) -> np.ndarray:
    """
    Find the pictures in which most annotators saw no face.

    :param votes: (N, 10) integers, columns as `VOTE_COLUMNS`.
    :return: (N,) bool, True for a picture without a face.
    :raises ValueError: if the array has another shape.
    """
    _check(votes)
    return 2 * votes[:, NOT_A_FACE_COLUMN].astype(np.int64) > votes.sum(axis=1)


def _check(votes: np.ndarray) -> None:
    """Check the shape of a table of votes."""
    if votes.ndim != 2 or votes.shape[1] != len(VOTE_COLUMNS):
        raise ValueError(f'votes are {votes.shape}, but must be (N, {len(VOTE_COLUMNS)})')
