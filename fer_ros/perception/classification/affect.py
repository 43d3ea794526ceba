"""The valence and the arousal of each emotion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# Mean ratings of pleasure (valence) and arousal, each -1 to 1, for the words angry, disgusted,
# fearful, happy, sad, surprised and contemptuous. Source: Russell and Mehrabian 1977, "Evidence
# for a three-factor theory of emotions", Journal of Research in Personality 11, table 4,
# https://doi.org/10.1016/0092-6566(77)90037-X. Neutral is the origin of these scales.
VALENCE_AROUSAL = {
    'angry': (-0.51, 0.59),
    'disgust': (-0.60, 0.35),
    'fear': (-0.64, 0.60),
    'happy': (0.81, 0.51),
    'sad': (-0.63, -0.27),
    'surprise': (0.40, 0.67),
    'neutral': (0.0, 0.0),
    'contempt': (-0.24, 0.31),
}

# The value of a label that is not in the table, equal to that of neutral.
UNKNOWN = (0.0, 0.0)


def affect_of_labels(labels: Sequence[str]) -> np.ndarray:
    """
    Return the valence and the arousal of each label.

    :param labels: labels of a model.
    :return: (labels, 2) float64, -1 to 1: a (valence, arousal) row per label. The row of an
        unknown label is (0, 0), as for neutral.
    """
    return np.array([VALENCE_AROUSAL.get(label, UNKNOWN) for label in labels]).reshape(-1, 2)
