from dataclasses import replace
from pathlib import Path

import pytest

from training.recipes.library import load_recipe
from training.recipes.library import recipe_file
from training.recipes.library import recipe_files
from training.recipes.recipe import Recipe

RECIPES = [*recipe_files().values()]
PLAIN = Recipe(name='plain', build=lambda heads, side: None)


@pytest.mark.parametrize('path', RECIPES, ids=lambda path: path.stem)
def test_every_recipe_loads_and_says_how_to_run_it(path):
    pytest.importorskip('keras')
    recipe = load_recipe(path)

    assert f'python -m training train {recipe.name}' in path.read_text(encoding='utf-8')


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('heads', {}),
        ('heads', {'fer2014': 1.0}),
        ('heads', {'fer2013': 0.0}),
        ('precision', 'float8'),
        ('optimizer', 'lion'),
        ('schedule', 'steps'),
        ('monitor', 'f1'),
        ('dataset', 'affectnet'),
        ('colour', 'hsv'),
        ('plateau_factor', 1.0),
        ('early_stopping', -1),
        ('value_range', (1.0, 0.0)),
        ('epochs', 0),
        ('learning_rate', 0.0),
        ('label_smoothing', 1.0),
        ('seed', -1),
        ('sides', ((0.1, 48),)),
        ('sides', ((0.0, 32), (0.5, 40))),
        ('sides', ((0.0, 32), (0.5, 40), (0.4, 48))),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=name):
        replace(PLAIN, **{name: value})


def test_the_side_grows_at_its_fractions_of_the_epochs():
    recipe = replace(PLAIN, epochs=4, sides=((0.0, 32), (0.5, 40), (0.75, 48)))

    assert [recipe.side_at(epoch) for epoch in range(4)] == [32, 32, 40, 48]


def test_a_recipe_that_is_not_there_is_answered_with_those_that_are():
    with pytest.raises(ValueError, match='there is no recipe nothing; choose one of: .*fer_small'):
        recipe_file(Path('nothing'))


def test_a_file_without_a_recipe_is_refused(tmp_path):
    path = tmp_path / 'empty.py'
    path.write_text('')

    with pytest.raises(ValueError, match='does not define RECIPE'):
        load_recipe(path)


@pytest.mark.parametrize('part', [(1, 1), (2, 2), (-1, 3)])
def test_a_part_that_there_is_not_is_refused(write_recipe, part):
    with pytest.raises(ValueError, match='must be .number, parts. with two parts or more'):
        replace(load_recipe(write_recipe('first')), held_back=part)
