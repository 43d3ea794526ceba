import csv
from dataclasses import replace
import io
import re

import keras
from keras import ops
import numpy as np
import pytest

from photographs import data_path
from tiny_recipe import TINY
from training.__main__ import main
from training.data.augmentation import Augmentation
from training.data.datasets import DataError
from training.learning.batches import EpochBatches
from training.learning.loop import train
from training.learning.optimization import compile_model
from training.learning.optimization import soft_cross_entropy
from training.learning.progress import Progress
from training.learning.targets import picture_weights
from training.learning.targets import prepare_targets
from training.networks.residual import ResidualNetwork
from training.recipes.building import build_model
from training.runs.checkpoints import RunningAverage
from training.runs.files import BEST
from training.runs.files import CHECKPOINT
from training.runs.files import LOG


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
    # What Keras drew meanwhile must not matter.
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
    # At such a rate little gets better: it must have fallen.
    assert rates[0][-1] < rates[0][0] == 1e-6


def test_a_run_ends_early_where_nothing_gets_better(tmp_path, made_up):
    recipe = replace(TINY, sides=(), epochs=50, learning_rate=1e-6, early_stopping=2)

    train(recipe, made_up(40), made_up(14, 'public', seed=1), tmp_path)

    assert 3 <= len(rows_of(tmp_path)) < 50


def test_rare_labels_weigh_as_much_as_frequent_ones(made_up):
    data = made_up(70).take(np.r_[0, 7, 14, 1])

    weights = picture_weights(data)

    np.testing.assert_allclose(weights, [2 / 3, 2 / 3, 2 / 3, 2])
    assert weights.mean() == pytest.approx(1)


def test_a_run_of_an_earlier_version_without_its_settings_is_not_resumed(tmp_path, made_up):
    data = made_up(16), made_up(7, 'public')
    recipe = replace(TINY, epochs=2)
    train(recipe, *data, tmp_path, stop_after=1)
    (tmp_path / 'recipe.json').unlink()

    with pytest.raises(ValueError, match='holds no recipe.json: an earlier version .* anew'):
        train(recipe, *data, tmp_path, resume=True)


@pytest.mark.parametrize(
    ('changes', 'sentence'),
    [
        ({'seed': 4}, 'seed was 3 and is now 4'),
        ({'learning_rate': 0.02}, 'learning_rate was 0.05 and is now 0.02'),
        (
            {'augmentation': Augmentation(shift=0.2)},
            'augmentation.shift was 0.1 and is now 0.2',
        ),
        ({'build': ResidualNetwork('x', 8, (8,), (1,), 0.2)}, "build.function was 'tiny' and is"),
    ],
)
def test_a_run_is_not_resumed_with_another_setting(tmp_path, made_up, changes, sentence):
    data = made_up(16), made_up(7, 'public')
    train(replace(TINY, epochs=2), *data, tmp_path, stop_after=1)

    with pytest.raises(ValueError, match=re.escape(sentence)):
        train(replace(TINY, epochs=2, **changes), *data, tmp_path, resume=True)


def test_a_run_of_other_pictures_is_not_resumed(tmp_path, made_up):
    validation = made_up(7, 'public')
    train(replace(TINY, epochs=2), made_up(16), validation, tmp_path, stop_after=1)

    with pytest.raises(ValueError, match="'pictures': 16.*'pictures': 24"):
        train(replace(TINY, epochs=2), made_up(24), validation, tmp_path, resume=True)


def test_a_run_is_not_written_over(tmp_path, made_up):
    data = made_up(16), made_up(7, 'public')
    train(replace(TINY, epochs=1, sides=()), *data, tmp_path)

    with pytest.raises(FileExistsError, match='--resume'):
        train(replace(TINY, epochs=1, sides=()), *data, tmp_path)


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


def test_pictures_without_a_face_are_not_learnt_from(tmp_path, made_up):
    data = made_up(16)
    data.votes[:8] = 0
    data.votes[:8, 9] = 10

    with pytest.raises(DataError, match='8 pictures do not fill a batch of 16'):
        train(replace(TINY, batch_size=16), data, made_up(7, 'public'), tmp_path)


def test_batches_are_the_same_whenever_they_are_made(made_up):
    data = made_up(24)
    targets = prepare_targets(data, TINY)

    first, again, other = (EpochBatches(data, targets, TINY, epoch)[2] for epoch in (1, 1, 2))

    assert np.array_equal(first[0], again[0])
    assert all(np.array_equal(first[1][head], again[1][head]) for head in TINY.heads)
    assert first[0].shape != other[0].shape or not np.array_equal(first[0], other[0])


def test_batches_have_the_side_of_the_epoch_and_the_range_of_the_recipe(made_up):
    data = made_up(16)
    targets = prepare_targets(data, TINY)

    batches = [EpochBatches(data, targets, TINY, epoch)[0][0] for epoch in range(4)]

    assert [batch.shape for batch in batches] == [(8, 8, 8, 1)] * 2 + [(8, 16, 16, 1)] * 2
    assert all(batch.dtype == np.float32 for batch in batches)
    assert min(batch.min() for batch in batches) >= -2
    assert max(batch.max() for batch in batches) <= 2


def test_each_picture_is_in_an_epoch_once(made_up):
    data = made_up(24)
    plain = replace(TINY, augmentation=Augmentation(mixup=0), label_smoothing=0.0)

    batches = EpochBatches(data, prepare_targets(data, plain), plain, 0)
    seen = np.concatenate([batches[i][1]['fer2013'].argmax(axis=1) for i in range(len(batches))])

    assert len(batches) == 3
    assert sorted(seen) == sorted(data.labels)


def test_targets_sum_to_one_or_are_nothing(made_up):
    data = made_up(14)
    data.votes[0] = 0
    data.votes[0, 8] = 10

    targets = prepare_targets(data, TINY)

    np.testing.assert_allclose(targets['fer2013'].sum(axis=1), 1, rtol=1e-6)
    assert targets['fer2013'][0].max() == pytest.approx(0.9 + 0.1 / 7)
    np.testing.assert_allclose(targets['ferplus'].sum(axis=1), [0] + [1] * 13)


def test_a_head_of_votes_needs_votes(made_up):
    with pytest.raises(DataError, match='the data has none'):
        prepare_targets(replace(made_up(7), votes=None), TINY)


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


def test_the_seed_tells_the_first_weights():
    first, again, other = (build_model(replace(TINY, seed=seed)) for seed in (1, 1, 2))

    assert np.array_equal(first.get_weights()[0], again.get_weights()[0])
    assert not np.array_equal(first.get_weights()[0], other.get_weights()[0])


def test_the_average_follows_the_weights():
    model = build_model(replace(TINY, sides=()))
    average = RunningAverage(model, decay=0.5)
    first = model.get_weights()
    model.set_weights([value + 1 for value in first])

    for _ in range(30):
        average.update()

    for value, old in zip(average.values, first, strict=True):
        np.testing.assert_allclose(value, old + 1, rtol=1e-4, atol=1e-4)


def test_progress_tells_the_speed_and_when_it_ends():
    times = iter([0.0, 30.0])
    written = io.StringIO()
    progress = Progress(
        replace(TINY, epochs=2, sides=()), 0, steps=4, clock=lambda: next(times), stream=written
    )

    progress.on_train_batch_end(1, {'loss': 1.25})

    # Two of eight steps took 30 s: six more take 90 s, which is rounded to 2 minutes.
    assert written.getvalue() == ('epoch 1/2 16x16 step 2/4 1 pictures/s loss 1.2500 ETA 2 min\n')


def test_every_step_of_the_recipe_runs_on_a_few_pictures(tmp_path, capsys):
    data = str(data_path('fer2013'))
    status = main(['train', 'fer_small', '--smoke', '--output', str(tmp_path), '--data', data])

    assert status == 0
    assert 'best on the validation split' in capsys.readouterr().out
    assert (tmp_path / BEST).is_file()


def test_a_recipe_that_is_not_there_ends_with_one_sentence(capsys):
    assert main(['train', 'nothing']) == 1

    assert 'there is no recipe nothing' in capsys.readouterr().err


def test_processes_that_make_the_batches_change_nothing(tmp_path, made_up):
    recipe = replace(TINY, epochs=2, sides=())
    training, validation = made_up(40), made_up(14, 'public', seed=1)

    train(recipe, training, validation, tmp_path / 'threads')
    train(recipe, training, validation, tmp_path / 'processes', workers=1)

    expected, found = weights_of(tmp_path / 'threads'), weights_of(tmp_path / 'processes')
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-4, atol=1e-5, err_msg=name)
