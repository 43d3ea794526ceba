"""Merge the labels of a model into the labels that a behaviour needs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fer_ros.perception.emotions import UNCERTAIN
from fer_ros.perception.settings import SettingError


class Grouping:
    """Merge labels: 'negative=angry,disgust,fear,sad' merges four labels into one."""

    def __init__(self, groups: Sequence[str], labels: Sequence[str]) -> None:
        """
        Parse the groups.

        :param groups: labels to merge, each 'name=label,label'; empty strings are ignored.
        :param labels: labels of the model, in the order of its output.
        :raises SettingError: if a group has another form, contains a label that the model does not
            have or that is in another group, or has a name that is already used.
        """
        group_of: dict[str, str] = {}
        for written in groups:
            if not written.strip():
                continue
            name, equals, members = (part.strip() for part in written.partition('='))
            merged = [member.strip() for member in members.split(',')]
            if not (name and equals and all(merged)):
                raise SettingError(
                    f"groups contains '{written}', but each entry must be name=label,label"
                )
            if name in group_of.values() or name == UNCERTAIN:
                raise SettingError(
                    f"groups contains the name '{name}', which is used twice or is "
                    f"the reserved '{UNCERTAIN}'"
                )
            for member in merged:
                if member not in labels:
                    raise SettingError(
                        f"groups merges '{member}', which is not a label of the model; the labels "
                        f'are: {", ".join(labels)}'
                    )
                if member in group_of:
                    raise SettingError(
                        f"groups merges '{member}' twice; merge each label only once"
                    )
                group_of[member] = name
        for name in set(group_of.values()) & set(labels):
            if group_of.get(name) != name:
                raise SettingError(
                    f"groups contains the name '{name}', which is a label that the entry does not "
                    'merge'
                )
        # A group takes the position of its first label.
        self.labels = tuple(dict.fromkeys(group_of.get(label, label) for label in labels))
        self._matrix = np.zeros((len(labels), len(self.labels)))
        for index, label in enumerate(labels):
            self._matrix[index, self.labels.index(group_of.get(label, label))] = 1

    def merge(self, scores: np.ndarray) -> np.ndarray:
        """
        Add up the scores of the labels in each group.

        :param scores: (N, labels of the model) float64, each row summing to 1.
        :return: (N, `labels`) float64, scores of the merged labels, each row summing to 1.
        """
        return scores @ self._matrix

    def average(self, values: np.ndarray) -> np.ndarray:
        """
        Compute the mean of the values of the labels in each group.

        :param values: (labels of the model, K) float64, a row per label of the model.
        :return: (`labels`, K) float64, a row per merged label.
        """
        means: np.ndarray = (self._matrix / self._matrix.sum(axis=0)).T @ values
        return means
