from dataclasses import replace

from keras import ops
import numpy as np
import pytest

from tiny_recipe import TINY
from training.learning.optimization import _optimizer
from training.learning.optimization import compile_model
from training.learning.optimization import ends_early
from training.learning.optimization import initial_watch
from training.learning.optimization import soft_cross_entropy
from training.learning.optimization import watch
from training.recipes.building import build_model
from training.recipes.recipe import Recipe

PLAIN = Recipe(name='plain', build=lambda heads, side: None, learning_rate=1.0)
PLATEAU = replace(
    PLAIN,
    schedule='plateau',
    plateau_factor=0.5,
    plateau_patience=2,
    least_learning_rate=0.2,
    early_stopping=5,
)


def follow(scores, recipe):
    state, rates, best = initial_watch(recipe), [], []
    for score in scores:
        state, is_best = watch(state, score, recipe)
        rates.append(state['learning_rate'])
        best.append(is_best)
    return state, rates, best


def test_the_learning_rate_falls_on_a_plateau_and_not_below_its_least():
    _, rates, _ = follow([1, 2, 2, 2, 3, 1, 1, 1, 1, 1, 1], PLATEAU)

    assert rates == [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.2, 0.2, 0.2]


def test_only_what_is_better_than_all_before_is_the_best():
    _, _, best = follow([1, 1, 3, 2, 3, 4], PLATEAU)

    assert best == [True, False, True, False, False, True]


def test_a_run_ends_after_as_many_epochs_without_progress_as_it_may():
    ended = [ends_early(follow([2, *[1] * count], PLATEAU)[0], PLATEAU) for count in (4, 5, 6)]

    assert ended == [False, True, True]


def test_a_run_that_may_wait_for_ever_does():
    state, _, _ = follow([2, *[1] * 50], replace(PLATEAU, early_stopping=0))

    assert not ends_early(state, replace(PLATEAU, early_stopping=0))


def test_a_constant_learning_rate_stays():
    _, rates, _ = follow([2, *[1] * 50], replace(PLATEAU, schedule='constant'))

    assert set(rates) == {1.0}


@pytest.mark.parametrize('name', ['sgd', 'adam', 'adamw', 'nadam', 'rmsprop'])
def test_every_optimizer_has_the_recipe_s_rate_and_decay(name):
    optimizer = _optimizer(replace(PLAIN, optimizer=name, weight_decay=0.25), 0.5)

    assert type(optimizer).__name__.lower() == name
    assert float(optimizer.learning_rate) == 0.5
    assert optimizer.weight_decay == 0.25


def test_the_loss_is_the_cross_entropy_and_nothing_for_no_target():
    logits = np.array([[2.0, 0.0], [2.0, 0.0]], np.float32)
    target = np.array([[0.75, 0.25], [0.0, 0.0]], np.float32)

    found = ops.convert_to_numpy(soft_cross_entropy(target, logits))

    shared = np.log(1 + np.exp(-2))
    np.testing.assert_allclose(found, [0.75 * shared + 0.25 * (2 + shared), 0], rtol=1e-5)


def test_a_head_without_a_target_leaves_the_weights_alone(made_up):
    recipe = replace(TINY, heads={'ferplus': 1.0}, weight_decay=0.0, sides=(), warmup_epochs=0)
    model = build_model(recipe)
    compile_model(model, recipe, steps_per_epoch=1)
    before = [ops.convert_to_numpy(variable) for variable in model.trainable_variables]

    model.train_on_batch(np.ones((8, 16, 16, 1), np.float32), {'ferplus': np.zeros((8, 8))})

    for old, variable in zip(before, model.trainable_variables, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(variable), old)


def test_weight_decay_leaves_biases_and_normalisation_alone():
    recipe = replace(TINY, heads={'ferplus': 1.0}, weight_decay=0.9, sides=(), warmup_epochs=0)
    model = build_model(recipe)
    compile_model(model, recipe, steps_per_epoch=1)
    before = {v.path: ops.convert_to_numpy(v).copy() for v in model.trainable_variables}

    model.train_on_batch(np.ones((8, 16, 16, 1), np.float32), {'ferplus': np.zeros((8, 8))})

    for variable in model.trainable_variables:
        same = np.array_equal(ops.convert_to_numpy(variable), before[variable.path])
        assert same == (variable.name != 'kernel'), variable.path


@pytest.mark.parametrize(
    ('engine', 'xla', 'compiled'),
    [('tensorflow', False, False), ('tensorflow', True, True), ('jax', False, True)],
)
def test_steps_are_compiled_on_jax_and_where_a_recipe_asks_for_it(
    monkeypatch, engine, xla, compiled
):
    recipe = replace(TINY, xla=xla)
    model = build_model(recipe)
    monkeypatch.setattr('keras.backend.backend', lambda: engine)

    compile_model(model, recipe, 2)

    assert model.jit_compile is compiled
