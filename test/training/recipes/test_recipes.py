from dataclasses import replace

import keras
import numpy as np
import pytest

from training.learning.loop import smoke_config
from training.learning.loop import train
from training.networks.registry import ENTRIES
from training.recipes.building import build_model
from training.recipes.building import head_labels
from training.recipes.recipe import load_config
from training.recipes.recipe import recipe_files
from training.runs.run import load_run

# Too long for every day: their steps take minutes on two cores, or they begin with a download.
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


def test_every_network_has_a_recipe():
    assert {entry.name for entry in ENTRIES} <= set(RECIPES)


@pytest.mark.parametrize(
    'name',
    [pytest.param(n, marks=pytest.mark.slow) if n in LARGE else n for n in RECIPES],
)
def test_every_recipe_goes_through_all_its_steps(name, tmp_path, made_up):
    config = replace(smoke_config(load_config(RECIPES[name])), weights='none')
    training, validation = made_up(64), made_up(28, 'public', seed=1)

    best = train(config, training, validation, tmp_path)

    run = load_run(tmp_path)
    assert set(best) == set(config.heads) == set(run.labels)
    assert run.state['epoch'] == config.epochs
    outputs = run.model(np.zeros((1, *run.model.input_shape[1:]), np.float32))
    for head, labels in run.labels.items():
        assert outputs[head].shape == (1, len(labels))


@pytest.mark.parametrize('name', sorted(LARGE))
def test_every_large_recipe_builds(name):
    config = replace(load_config(RECIPES[name]), weights='none')

    model = build_model(config, head_labels(config, ('a', 'b', 'c', 'd')))

    assert model.output['labels'].shape == (None, 4)
    keras.backend.clear_session()
