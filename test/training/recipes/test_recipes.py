from dataclasses import replace

import keras
import numpy as np
import pytest

from training.learning.loop import train
from training.learning.smoke import smoke_recipe
from training.networks.registry import ENTRIES
from training.recipes.building import build_model
from training.recipes.heads import head_labels
from training.recipes.library import load_recipe
from training.recipes.library import recipe_files
from training.runs.run import load_run

# Too slow for a daily run: the steps take minutes on two cores, or the recipe starts with a
# download.
LARGE = {
    'ckplus_resnet101',
    'com3528_vgg',
    'csce633_ft1',
    'fed_model1',
    'fed_model2_search',
    'fed_model3',
    'fed_model4_search',
    'gr5243_resnet50',
}
RECIPES = recipe_files()

# Recipes with the protocols of the sources have the networks of other recipes, so a daily run
# trains only two of them.
DAILY_SOURCES = {'csce633_fnn1_source', 'gr5243_improved_source'}
RARE = LARGE | {name for name in RECIPES if name.endswith('_source')} - DAILY_SOURCES

# One step per epoch with so few images that a large network takes only seconds.
BATCH = 4


def test_every_network_has_a_recipe():
    assert {entry.name for entry in ENTRIES} <= set(RECIPES)


@pytest.mark.parametrize(
    'name',
    [pytest.param(n, marks=pytest.mark.slow) if n in RARE else n for n in RECIPES],
)
def test_every_recipe_goes_through_all_its_steps(name, tmp_path, made_up, eager):
    recipe = replace(smoke_recipe(load_recipe(RECIPES[name])), weights='none', batch_size=BATCH)
    training, validation = made_up(BATCH), made_up(7, 'public', seed=1)

    best = train(recipe, training, validation, tmp_path)

    run = load_run(tmp_path)
    assert set(best) == set(recipe.heads) == set(run.labels)
    assert run.state['epoch'] == recipe.epochs
    outputs = run.model(np.zeros((1, *run.model.input_shape[1:]), np.float32))
    for head, labels in run.labels.items():
        assert outputs[head].shape == (1, len(labels))


@pytest.mark.parametrize('name', sorted(LARGE))
def test_every_large_recipe_builds(name):
    recipe = replace(load_recipe(RECIPES[name]), weights='none')

    model = build_model(recipe, head_labels(recipe, ('a', 'b', 'c', 'd')))

    assert model.output['labels'].shape == (None, 4)
    keras.backend.clear_session()
