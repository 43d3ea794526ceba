from dataclasses import replace
import json
from pathlib import Path

import pytest

from training.data.augmentation import Augmentation
from training.data.selection import Selection
from training.networks.mobile import MobileNetwork
from training.recipes.library import load_recipe
from training.recipes.library import recipe_files
from training.recipes.recipe import Recipe
from training.recipes.settings import changed_settings
from training.recipes.settings import recipe_of
from training.recipes.settings import recipe_sha256
from training.recipes.settings import settings_of

MOBILE = Recipe(name='mobile', build=MobileNetwork('mobile', dropout=0.2, frozen_blocks=2))


@pytest.mark.parametrize('name', recipe_files())
def test_every_recipe_is_made_again_from_its_settings(name):
    recipe = load_recipe(Path(name))
    settings = settings_of(recipe)

    assert recipe_of(json.loads(json.dumps(settings))) == recipe
    assert changed_settings(settings, settings_of(recipe_of(settings))) == {}


def test_settings_with_tuples_paths_and_groups_are_made_again():
    recipe = replace(
        MOBILE,
        sides=((0.0, 32), (0.5, 48)),
        held_back=(1, 4),
        teachers=('runs/a', 'models/b'),
        selection=Selection(
            exclude=Path('list.txt'), groups={'negative': ('sad', 'angry')}, split_by='random'
        ),
        augmentation=Augmentation(erase_area=(0.1, 0.2)),
    )

    assert recipe_of(settings_of(recipe)) == recipe


def test_a_recipe_of_a_file_is_made_again_with_the_function_of_the_file(write_recipe):
    recipe = load_recipe(write_recipe('first'))

    again = recipe_of(settings_of(recipe))

    assert replace(again, build=recipe.build) == recipe
    assert again.build.__name__ == 'build'


def test_a_function_that_has_changed_since_does_not_build_the_network(write_recipe):
    file = write_recipe('first')
    settings = settings_of(load_recipe(file))
    text = file.read_text()
    # Results in the docstring, another setting and another function must not change the recipe.
    file.write_text('"""It reached 70 %."""\n' + text.replace('epochs=1', 'epochs=9'))
    assert recipe_of(settings).epochs == 1

    file.write_text(text.replace('stem=8', 'stem=16'))
    with pytest.raises(ValueError, match='function build of .*first.py.* has changed since'):
        recipe_of(settings)
    file.unlink()
    with pytest.raises(
        ValueError,
        match='first.py does not exist; it contained the function build',
    ):
        recipe_of(settings)


def test_a_function_that_no_file_can_give_again_is_refused():
    def local(heads, side):
        return None

    message = 'which a run cannot store; use a function at the top'
    for build in (local, lambda heads, side: None):
        with pytest.raises(ValueError, match=message):
            settings_of(replace(MOBILE, build=build))


def test_settings_that_no_recipe_has_are_refused_by_name():
    with pytest.raises(ValueError, match='unknown settings of a recipe: momentums'):
        recipe_of({**settings_of(MOBILE), 'momentums': 0.9})
    with pytest.raises(ValueError, match="no builder 'vgg'; choose one of: registered, mobile"):
        recipe_of({**settings_of(MOBILE), 'build': {'builder': 'vgg', 'arguments': {}}})


@pytest.mark.parametrize(
    'changes',
    [
        {'learning_rate': 0.2},
        {'epochs': 41},
        {'heads': {'fer2013': 1.0}},
        {'augmentation': Augmentation(shift=0.2)},
        {'selection': Selection(clean=True)},
        {'build': MobileNetwork('mobile', dropout=0.2, frozen_blocks=3)},
    ],
)
def test_every_other_setting_gives_another_hash(changes):
    assert recipe_sha256(replace(MOBILE, **changes)) != recipe_sha256(MOBILE)


def test_the_hash_leaves_out_what_a_card_has_elsewhere_and_where_files_lie(tmp_path, write_recipe):
    changed = replace(MOBILE, seed=7, weights='a.npz', teachers=('runs/a',), file='/x/mobile.py')
    file = write_recipe('first')
    (tmp_path / 'elsewhere').mkdir()
    other = tmp_path / 'elsewhere' / 'first.py'
    other.write_text('"""Results."""\n' + file.read_text())

    assert recipe_sha256(changed) == recipe_sha256(MOBILE)
    assert recipe_sha256(load_recipe(other)) == recipe_sha256(load_recipe(file))


def test_whole_numbers_and_floats_are_one_setting():
    whole, real = (replace(MOBILE, warmup_epochs=epochs) for epochs in (1, 1.0))

    assert recipe_sha256(whole) == recipe_sha256(real)
    assert type(whole.warmup_epochs) is float
