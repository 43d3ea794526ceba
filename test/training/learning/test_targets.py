from dataclasses import replace

import numpy as np
import pytest

from tiny_recipe import TINY
from training.data.datasets import DataError
from training.learning.targets import picture_weights
from training.learning.targets import prepare_targets
from training.recipes.recipe import Recipe


def test_rare_labels_weigh_as_much_as_frequent_ones(made_up):
    data = made_up(70).take(np.r_[0, 7, 14, 1])

    weights = picture_weights(data)

    np.testing.assert_allclose(weights, [2 / 3, 2 / 3, 2 / 3, 2])
    assert weights.mean() == pytest.approx(1)


def test_targets_sum_to_one_or_are_nothing(made_up):
    data = made_up(14)
    data.votes[0] = 0
    data.votes[0, 8] = 10

    targets = prepare_targets(data, TINY)

    np.testing.assert_allclose(targets['fer2013'].sum(axis=1), 1, rtol=1e-6)
    assert targets['fer2013'][0].max() == pytest.approx(0.9 + 0.1 / 7)
    np.testing.assert_allclose(targets['ferplus'].sum(axis=1), [0] + [1] * 13)


def test_a_head_of_votes_needs_votes(made_up):
    with pytest.raises(DataError, match='the data has no votes'):
        prepare_targets(replace(made_up(7), votes=None), TINY)


def test_votes_keep_their_frequencies_where_rare_labels_count_more(made_up):
    data = made_up(70).take(np.r_[0, 7, 14, 21, 1])
    recipe = Recipe(name='plain', build=lambda heads, side: None, class_weights=0.5)

    targets = prepare_targets(data, recipe)

    weights = targets['fer2013'].sum(axis=1)
    # A label that is four times as frequent has half the weight.
    np.testing.assert_allclose(weights / weights[0], [1, 1, 1, 1, 2], atol=1e-5)
    assert weights.mean() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(targets['ferplus'].sum(axis=1), 1, atol=1e-5)
