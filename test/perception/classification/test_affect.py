from pathlib import Path

import numpy as np
import pytest

from fer_ros.perception.classification.affect import affect_of_labels
from fer_ros.perception.classification.affect import VALENCE_AROUSAL
from fer_ros.perception.classification.grouping import Grouping
from fer_ros.perception.emotions import FERPLUS_LABELS


def test_every_emotion_of_the_data_sets_has_its_place():
    valence, arousal = affect_of_labels(FERPLUS_LABELS).T
    found = {
        label: (np.sign(one), np.sign(other))
        for label, one, other in zip(FERPLUS_LABELS, valence, arousal, strict=True)
    }

    # The quadrants of Russell's circumplex.
    assert found == {
        'angry': (-1, 1),
        'disgust': (-1, 1),
        'fear': (-1, 1),
        'happy': (1, 1),
        'sad': (-1, -1),
        'surprise': (1, 1),
        'neutral': (0, 0),
        'contempt': (-1, 1),
    }
    assert np.abs([valence, arousal]).max() < 1


def test_the_documents_list_the_valence_and_arousal_of_each_emotion():
    page = (Path(__file__).parents[3] / 'doc' / 'rep155.md').read_text(encoding='utf-8')

    for label, (valence, arousal) in VALENCE_AROUSAL.items():
        assert f'| {label} | {valence:.2f} | {arousal:.2f} |' in page


def test_a_label_without_a_known_place_moves_nothing():
    assert affect_of_labels(['bored']).tolist() == [[0, 0]]
    assert affect_of_labels([]).shape == (0, 2)


def test_a_group_lies_in_the_middle_of_its_members():
    labels = ('happy', 'sad', 'fear', 'neutral')

    grouped = Grouping(['upset=sad,fear'], labels).average(affect_of_labels(labels))

    assert grouped == pytest.approx(np.array([[0.81, 0.51], [-0.635, 0.165], [0, 0]]))
