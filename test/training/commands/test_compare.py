from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import keras
from keras import layers
import numpy as np
import pytest

from training.data.datasets import DataError
from training.data.selection import Selection
from training.evaluation.comparison import command_of
from training.evaluation.comparison import measure_run
from training.recipes.library import load_recipe

STATE = {'epoch': 3, 'best_epoch': 2, 'seconds': 12.5, 'engine': 'Keras', 'pictures': 70}


def run_of(recipe, **state):
    image = keras.Input((48, 48, 1))
    # The brightness of a synthetic image encodes its label. The network confuses the two brightest
    # labels.
    mean = layers.GlobalAveragePooling2D()(image)
    dense = layers.Dense(7)
    logits = dense(mean)
    centres = (np.arange(7) * 30 + 15) / 255
    centres[6] = 9
    dense.set_weights([200 * centres[None].astype('f4'), (-100 * centres**2).astype('f4')])
    return SimpleNamespace(
        folder=Path('run'),
        recipe=recipe,
        labels={'labels': tuple('abcdefg')},
        state={**STATE, **state},
        model=keras.Model(image, {'labels': logits}),
    )


@pytest.fixture
def recipe():
    found = load_recipe(Path('csce633_fnn1'))
    return replace(found, value_range=(0.0, 1.0))


@pytest.fixture
def data(made_up):
    parts = made_up(210)
    return replace(parts, split=np.array(['train', 'public', 'private'])[np.arange(210) // 70])


def test_a_run_is_measured_on_all_its_splits(recipe, data):
    (row,) = measure_run(run_of(recipe), data, 'a machine')

    for split in ('train', 'validation', 'test'):
        assert row[split]['pictures'] == 70
        assert row[split]['accuracy'] == pytest.approx(6 / 7, abs=1e-4)
        assert row[split]['ci95'][0] < 6 / 7 < row[split]['ci95'][1]
    assert row['test']['macro_f1'] == pytest.approx((5 + 2 / 3) / 7, abs=1e-4)
    assert (row['epochs'], row['chosen_epoch'], row['seconds']) == (3, 2, 12.5)
    assert row['parameters'] == 14


def test_a_smoke_run_is_no_result(recipe, data):
    with pytest.raises(DataError, match='trained on 61 pictures, but the data has 70'):
        measure_run(run_of(recipe, pictures=61), data, 'a machine')


def test_the_command_says_what_the_run_has_otherwise_than_its_recipe(recipe):
    changed = replace(
        recipe,
        seed=3,
        epochs=5,
        teachers=('/somewhere/first',),
        held_back=(0, 4),
        selection=Selection(classes=('happy', 'sad'), split_by='random', fold=(2, 5), seed=7),
    )

    assert command_of(run_of(recipe)) == 'python -m training train csce633_fnn1'
    assert command_of(run_of(changed)) == (
        'python -m training train csce633_fnn1 --epochs 5 --seed 3 --teachers runs/first '
        '--hold-back 1/4 --classes happy,sad --split-by random --fold 3/5 --split-seed 7'
    )
