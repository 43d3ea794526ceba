"""Test the figures on the page of a bundle."""

from dataclasses import replace
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
from training.pages.card import card_page
from training.pages.card import IMAGENET

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


@pytest.mark.parametrize(
    ('name', 'of_imagenet'), [('mobilenet.npz', True), ('model.keras', False)]
)
def test_a_page_names_imagenet_where_the_weights_are_of_it(name, of_imagenet):
    card = load_card(MODELS / 'fer2013_mobile')

    page = card_page(replace(card, training={**card.training, 'begun_from': [{'name': name}]}))

    assert f'`{name}`' in page
    assert ('ImageNet' in page) == of_imagenet


def test_a_page_of_a_mean_tells_its_runs_and_where_its_weights_are_from():
    card = load_card(MODELS / 'fer2013_mobile')
    history = {
        'recipe': 'first',
        'begun_from': [{'name': 'mobilenet.npz', 'sha256': 'abc'}],
        'taught_by': [{'recipe': 'zeroth', 'sha256': 'def'}],
    }
    training = {
        'recipe': 'second',
        'data': 'pictures',
        'begun_from': [
            {'name': 'models/a/model.keras', 'sha256': '1', 'training': history},
            {'name': 'models/b/model.keras', 'sha256': '2', 'training': history},
        ],
        'taught_by': [{'bundle': 'models/a', 'sha256': '3'}],
        'seed': [0, 5],
        'epochs': 12,
        'averaged': [
            {'seed': 0, 'chosen_epoch': 11, 'validation': {'fer2013': 0.701, 'ferplus': 0.874}},
            {'seed': 5, 'chosen_epoch': 12, 'validation': {'fer2013': 0.704, 'ferplus': 0.871}},
        ],
        'engine': 'Keras on torch',
        'parameters': 7,
    }
    seeds = {'accuracy': [0.706, 0.71], 'mean': 0.708, 'deviation': 0.0028}
    metrics = {**card.metrics, 'fer2013_seeds': seeds}

    page = card_page(replace(card, training=training, metrics=metrics))

    for line in (
        'python -m training train second --seed 5 --output runs/second_5',
        'python -m training average runs/second_0 runs/second_5 --output runs/second',
        'python -m training export second --head fer2013 --output models/fer2013_mobile',
        'It began from the weights in `models/b/model.keras` (SHA-256 2), of the recipe `first`.',
        f'That one began from the weights in `mobilenet.npz` (SHA-256 abc): {IMAGENET}',
        'Seed 5: epoch 12 was chosen, with 70.4 % (fer2013) and 87.1 % (ferplus) of PublicTest.',
    ):
        assert line in page.splitlines(), line
    assert page.count('That one began') == 1
    assert 'have each alone 70.6 %, 71.0 % on PrivateTest: 70.8 % on average' in page
    assert 'deviation of 0.3 points' in page
    assert "torchvision's weights are under the BSD-3-Clause licence" in page
    assert 'one seed' not in page


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
        (['fer2013_tiny'], '1 runs are given .* it takes two'),
        (['fer2013_tiny', 'ferplus_tiny'], 'ferplus_tiny says .*contempt, and fer2013_tiny'),
    ],
)
def test_what_is_no_other_seed_is_refused(bundle, made_up, names, sentence):
    before = (bundle / 'card.yaml').read_bytes()

    with pytest.raises(BundleError, match=sentence):
        measure_seeds(bundle, made_up(14, 'private'), [MODELS / name for name in names])

    assert (bundle / 'card.yaml').read_bytes() == before
