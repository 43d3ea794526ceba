"""What the page of a bundle is made of."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fer_ros.perception.bundle import load_card
from fer_ros.perception.emotions import FER2013_LABELS
from fer_ros.perception.emotions import FERPLUS_LABELS
from training.card_page import card_page
from training.model_card import taken_for_neutral
from training.scores import Scores

NEUTRAL = FER2013_LABELS.index('neutral')


def said(data, labels, names=FER2013_LABELS):
    return Scores(data, data.labels, np.eye(len(names))[labels], names, 'of a test')


def test_what_is_wrongly_taken_for_neutral_is_set_beside_what_people_see(made_up):
    data = made_up(14)
    wrong = np.array([0, 1, 2])
    labels = data.labels.copy()
    labels[wrong] = NEUTRAL
    # Of the three, most annotators take one for neutral; the right ones do not count.
    data.votes[0] = [6, 0, 0, 0, 4, 0, 0, 0, 0, 0]

    assert taken_for_neutral(said(data, labels)) == {'pictures': 3, 'to_most_annotators': 1}


def test_where_people_are_the_truth_nothing_is_set_beside_them(made_up):
    data = made_up(14)

    assert taken_for_neutral(said(data, data.labels, FERPLUS_LABELS)) is None


@pytest.mark.parametrize(
    ('name', 'of_imagenet'), [('mobilenet.npz', True), ('model.keras', False)]
)
def test_a_page_names_imagenet_where_the_weights_are_of_it(name, of_imagenet):
    card = load_card(Path(__file__).resolve().parents[2] / 'models' / 'fer2013_mobile')

    page = card_page(replace(card, training={**card.training, 'begun_from': {'name': name}}))

    assert f'`{name}`' in page
    assert ('ImageNet' in page) == of_imagenet
