"""What is measured of a bundle for its card."""

from pathlib import Path
import shutil

import numpy as np
import pytest

from fer_ros.perception.emotions import FER2013_LABELS
from fer_ros.perception.emotions import FERPLUS_LABELS
from fer_ros.perception.models.bundle import BundleError
from fer_ros.perception.models.bundle import load_card
from training.bundles.measuring import measure_seeds
from training.bundles.measuring import taken_for_neutral
from training.evaluation.classifiers import load_classifier
from training.evaluation.scores import Scores

MODELS = Path(__file__).resolve().parents[3] / 'models'
NEUTRAL = FER2013_LABELS.index('neutral')


def said(data, labels, names=FER2013_LABELS):
    return Scores(data, data.labels, np.eye(len(names))[labels], names, 'of a test')


def test_what_is_wrongly_taken_for_neutral_is_set_beside_what_people_see(made_up):
    data = made_up(14)
    wrong = np.array([0, 1, 2])
    labels = data.labels.copy()
    labels[wrong] = NEUTRAL
    # Of the three wrong images, one is neutral to most annotators. Correctly classified images do
    # not count.
    data.votes[0] = [6, 0, 0, 0, 4, 0, 0, 0, 0, 0]

    assert taken_for_neutral(said(data, labels)) == {'pictures': 3, 'to_most_annotators': 1}


def test_where_people_are_the_truth_nothing_is_set_beside_them(made_up):
    data = made_up(14)

    assert taken_for_neutral(said(data, data.labels, FERPLUS_LABELS)) is None


@pytest.fixture
def bundle(tmp_path):
    """Return a copy of a shipped bundle whose card may be changed."""
    return shutil.copytree(MODELS / 'fer2013_tiny', tmp_path / 'fer2013_tiny')


def test_seeds_are_told_of_bundles_too(bundle, made_up):
    data = made_up(14, 'private')
    answers = load_classifier(str(bundle)).classify(list(data.images)).argmax(axis=1)

    measure_seeds(bundle, data, [bundle, MODELS / 'fer2013_tiny'])

    seeds = load_card(bundle).metrics['fer2013_seeds']
    accuracy = round(float((answers == data.labels).mean()), 4)
    assert seeds == {'accuracy': [accuracy, accuracy], 'mean': accuracy, 'deviation': 0.0}


@pytest.mark.parametrize(
    ('names', 'sentence'),
    [
        (['fer2013_tiny'], 'need two runs or more .* there are 1 runs'),
        (
            ['fer2013_tiny', 'ferplus_tiny'],
            'labels of .*ferplus_tiny are .*contempt, but those of fer2013_tiny',
        ),
    ],
)
def test_what_is_no_other_seed_is_refused(bundle, made_up, names, sentence):
    before = (bundle / 'card.yaml').read_bytes()

    with pytest.raises(BundleError, match=sentence):
        measure_seeds(bundle, made_up(14, 'private'), [MODELS / name for name in names])

    assert (bundle / 'card.yaml').read_bytes() == before
