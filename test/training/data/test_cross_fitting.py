from dataclasses import replace

import numpy as np
import pytest

from training.data.cross_fitting import learnt_from
from training.data.cross_fitting import parts_of
from training.data.cross_fitting import taught
from training.recipes.recipe import load_recipe


def test_copies_are_in_one_part_and_the_order_does_not_matter(made_up):
    images = made_up(200).images
    again = np.concatenate([images[::-1], images[:5]])

    parts = parts_of(images, 4)

    assert set(parts) == {0, 1, 2, 3}
    assert np.bincount(parts).min() > 25
    np.testing.assert_array_equal(parts_of(again, 4), [*parts[::-1], *parts[:5]])


def test_a_network_teaches_what_it_did_not_learn_from(write_recipe, made_up):
    data = made_up(60)
    recipe = load_recipe(write_recipe('first'))

    assert learnt_from(data, recipe) is data
    assert taught(data.images, recipe).all()
    for number in range(3):
        recipe = replace(recipe, held_back=(number, 3))
        learnt = set(learnt_from(data, recipe).source)
        told = set(data.source[taught(data.images, recipe)])
        assert learnt | told == set(data.source)
        assert not learnt & told
        assert told


@pytest.mark.parametrize('part', [(1, 1), (2, 2), (-1, 3)])
def test_a_part_that_there_is_not_is_refused(write_recipe, part):
    with pytest.raises(ValueError, match='not .number, parts. of two parts or more'):
        replace(load_recipe(write_recipe('first')), held_back=part)
