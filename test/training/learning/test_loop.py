import csv
from dataclasses import replace
import re
import shutil

import keras
import numpy as np
import pytest

from photographs import data_path
from tiny_recipe import eagerly
from tiny_recipe import TINY
from training.__main__ import main
from training.commands import train as command
from training.data.augmentation import Augmentation
from training.learning import smoke
from training.learning.loop import train
from training.networks.residual import ResidualNetwork
from training.recipes.building import build_model
from training.runs.files import BEST
from training.runs.files import CHECKPOINT
from training.runs.files import LOG
from training.runs.run import load_run

HALVES = replace(TINY, epochs=2)


def rows_of(folder):
    with open(folder / LOG, newline='', encoding='utf-8') as file:
        return list(csv.DictReader(file))


def weights_of(folder):
    with np.load(folder / CHECKPOINT) as saved:
        return {name: saved[name] for name in saved.files if name != 'state'}


def test_a_resumed_run_ends_with_the_weights_of_one_that_was_not_interrupted(tmp_path, made_up):
    training, validation = made_up(40), made_up(14, 'public', seed=1)

    whole = train(TINY, training, validation, tmp_path / 'whole')
    train(TINY, training, validation, tmp_path / 'parts', stop_after=1)
    # Random numbers drawn by Keras between the two parts must not affect the result.
    keras.utils.set_random_seed(99)
    train(TINY, training, validation, tmp_path / 'parts', resume=True, stop_after=2)
    parts = train(TINY, training, validation, tmp_path / 'parts', resume=True)

    assert parts == whole
    expected, found = weights_of(tmp_path / 'whole'), weights_of(tmp_path / 'parts')
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-4, atol=1e-5, err_msg=name)
    logs = [(tmp_path / name / LOG).read_text().splitlines() for name in ('whole', 'parts')]
    assert [len(lines) for lines in logs] == [5, 5]


def test_a_resumed_run_goes_on_with_the_learning_rate_that_a_plateau_gave(tmp_path, made_up):
    recipe = replace(
        TINY,
        sides=(),
        heads={'labels': 1.0},
        optimizer='adam',
        learning_rate=1e-6,
        schedule='plateau',
        plateau_factor=0.5,
        plateau_patience=1,
        least_learning_rate=1e-9,
        class_weights=1.0,
        whitening=True,
        standardise=True,
        average=0.0,
        epochs=6,
    )
    training, validation = made_up(40), made_up(14, 'public', seed=1)

    train(recipe, training, validation, tmp_path / 'whole')
    train(recipe, training, validation, tmp_path / 'parts', stop_after=3)
    train(recipe, training, validation, tmp_path / 'parts', resume=True)

    expected, found = weights_of(tmp_path / 'whole'), weights_of(tmp_path / 'parts')
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-4, atol=1e-5, err_msg=name)
    rates = [
        [float(row['learning_rate']) for row in rows_of(tmp_path / name)]
        for name in ('whole', 'parts')
    ]
    assert rates[0] == rates[1]
    # With such a small rate, training hardly improves, so the rate must have been reduced.
    assert rates[0][-1] < rates[0][0] == 1e-6


def test_a_run_ends_early_where_nothing_gets_better(tmp_path, made_up, eager):
    recipe = replace(TINY, sides=(), epochs=50, learning_rate=1e-6, early_stopping=2)

    train(recipe, made_up(40), made_up(14, 'public', seed=1), tmp_path)

    assert 3 <= len(rows_of(tmp_path)) < 50


@pytest.fixture(scope='module')
def first_half(tmp_path_factory, made_up):
    """Train the first of two epochs, once for all tests."""
    folder = tmp_path_factory.mktemp('first_half')
    with eagerly():
        train(HALVES, made_up(16), made_up(7, 'public'), folder, stop_after=1)
    return folder


@pytest.fixture
def interrupted(first_half, tmp_path):
    """Return the folder of a run that was interrupted after its first epoch."""
    return shutil.copytree(first_half, tmp_path / 'interrupted')


def test_a_run_of_an_earlier_version_without_its_settings_is_not_resumed(interrupted, made_up):
    (interrupted / 'recipe.json').unlink()

    with pytest.raises(
        ValueError,
        match='contains no recipe.json, because an earlier version .* train the recipe again',
    ):
        train(HALVES, made_up(16), made_up(7, 'public'), interrupted, resume=True)


@pytest.mark.parametrize(
    ('changes', 'sentence'),
    [
        ({'seed': 4}, 'seed was 3, but is now 4'),
        ({'learning_rate': 0.02}, 'learning_rate was 0.05, but is now 0.02'),
        (
            {'augmentation': Augmentation(shift=0.2)},
            'augmentation.shift was 0.1, but is now 0.2',
        ),
        ({'build': ResidualNetwork('x', 8, (8,), (1,), 0.2)}, "build.function was 'tiny', but is"),
    ],
)
def test_a_run_is_not_resumed_with_another_setting(interrupted, made_up, changes, sentence):
    data = made_up(16), made_up(7, 'public')

    with pytest.raises(ValueError, match=re.escape(sentence)):
        train(replace(HALVES, **changes), *data, interrupted, resume=True)


def test_a_run_of_other_pictures_is_not_resumed(interrupted, made_up):
    with pytest.raises(ValueError, match="'pictures': 16.*'pictures': 24"):
        train(HALVES, made_up(24), made_up(7, 'public'), interrupted, resume=True)


def test_a_run_is_not_written_over(interrupted, made_up):
    with pytest.raises(FileExistsError, match='--resume'):
        train(HALVES, made_up(16), made_up(7, 'public'), interrupted)


def test_training_learns_what_can_be_learnt(tmp_path, made_up):
    recipe = replace(
        TINY,
        epochs=6,
        sides=(),
        average=0.0,
        augmentation=replace(TINY.augmentation, brightness=0, contrast=0, mixup=0),
    )

    best = train(recipe, made_up(280), made_up(70, 'public', seed=1), tmp_path)

    assert best['fer2013'] > 0.5
    assert best['ferplus'] > 0.5
    assert (tmp_path / BEST).is_file()


def test_pictures_without_a_face_are_not_learnt_from(tmp_path, made_up, eager):
    data = made_up(16)
    data.votes[:8] = 0
    data.votes[:8, 9] = 10

    train(
        replace(TINY, epochs=1, batch_size=16, sides=(), warmup_epochs=0),
        data,
        made_up(7, 'public'),
        tmp_path,
    )

    assert load_run(tmp_path).state['pictures'] == 8


def test_the_seed_tells_the_first_weights():
    first, again, other = (build_model(replace(TINY, seed=seed)) for seed in (1, 1, 2))

    assert np.array_equal(first.get_weights()[0], again.get_weights()[0])
    assert not np.array_equal(first.get_weights()[0], other.get_weights()[0])


def test_every_step_of_the_recipe_runs_on_a_few_pictures(tmp_path, capsys, monkeypatch):
    # With so few images, a large network takes only seconds.
    monkeypatch.setattr(command, 'SMOKE_COUNT', 16)
    monkeypatch.setattr(smoke, 'SMOKE_BATCH', 8)
    data = str(data_path('fer2013'))
    status = main(['train', 'fer_small', '--smoke', '--output', str(tmp_path), '--data', data])

    assert status == 0
    assert 'best accuracy on the validation split' in capsys.readouterr().out
    assert (tmp_path / BEST).is_file()


def test_a_recipe_that_is_not_there_ends_with_one_sentence(capsys):
    assert main(['train', 'nothing']) == 1

    assert 'there is no recipe nothing' in capsys.readouterr().err


def test_processes_that_make_the_batches_change_nothing(tmp_path, made_up, eager):
    recipe = replace(TINY, epochs=2, sides=())
    training, validation = made_up(40), made_up(14, 'public', seed=1)

    train(recipe, training, validation, tmp_path / 'threads')
    train(recipe, training, validation, tmp_path / 'processes', workers=1)

    expected, found = weights_of(tmp_path / 'threads'), weights_of(tmp_path / 'processes')
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-4, atol=1e-5, err_msg=name)
