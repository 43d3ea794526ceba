from dataclasses import replace
from pathlib import Path

import pytest

from training.recipes.recipe import load_recipe
from training.recipes.recipe import Recipe
from training.recipes.recipe import recipe_file
from training.recipes.recipe import recipe_files
from training.recipes.recipe import recipe_sha256

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
    with pytest.raises(ValueError, match='there is no recipe nothing; there are: .*fer_small'):
        recipe_file(Path('nothing'))


def test_a_file_without_a_recipe_is_refused(tmp_path):
    path = tmp_path / 'empty.py'
    path.write_text('')

    with pytest.raises(ValueError, match='defines no RECIPE'):
        load_recipe(path)


def test_the_results_in_the_docstring_do_not_change_the_hash(tmp_path):
    first, second, third = (tmp_path / f'{name}.py' for name in 'abc')
    first.write_text('"""Before."""\nX = 1\n')
    second.write_text('"""After: 0.7."""\nX = 1\n')
    third.write_text('"""Before."""\nX = 2\n')

    assert recipe_sha256(first) == recipe_sha256(second) != recipe_sha256(third)


def test_what_recipes_have_in_common_is_in_their_hash(tmp_path, monkeypatch):
    pytest.importorskip('keras')
    alone, common = tmp_path / 'alone.py', tmp_path / 'common.py'
    alone.write_text('X = 1\n')
    common.write_text('from training.recipes.notebook import notebook\n')
    before = [recipe_sha256(path) for path in (alone, common)]
    (tmp_path / 'notebook.py').write_text('"""Otherwise."""\n')
    monkeypatch.setattr('training.recipes.recipe.RECIPES', tmp_path)

    after = [recipe_sha256(path) for path in (alone, common)]

    assert after[0] == before[0]
    assert after[1] != before[1]


def test_the_recipe_that_another_one_is_made_from_is_in_its_hash(tmp_path, monkeypatch):
    own = tmp_path / 'own'
    own.mkdir()
    monkeypatch.setattr('training.recipes.recipe.RECIPES', tmp_path)
    base, made = own / 'base.py', own / 'made.py'
    base.write_text('X = 1\n')
    made.write_text('from training.recipes.own.base import RECIPE\n')
    before = recipe_sha256(made)
    base.write_text('X = 2\n')

    assert recipe_sha256(made) != before


@pytest.mark.parametrize('part', [(1, 1), (2, 2), (-1, 3)])
def test_a_part_that_there_is_not_is_refused(write_recipe, part):
    with pytest.raises(ValueError, match='not .number, parts. of two parts or more'):
        replace(load_recipe(write_recipe('first')), held_back=part)
