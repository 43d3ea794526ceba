from dataclasses import replace

import numpy as np
import pytest

from tiny_recipe import eagerly
from tiny_recipe import write_recipe
from training.bundles.provenance import origin_of
from training.evaluation.comparison import command_of
from training.learning.averaging import average
from training.learning.loop import train
from training.recipes.library import load_recipe
from training.runs.run import load_run


@pytest.fixture(name='runs', scope='module')
def _runs(tmp_path_factory, made_up):
    """Return two runs with different seeds."""
    folder = tmp_path_factory.mktemp('runs')
    recipe = load_recipe(write_recipe(folder, 'small'))
    folders = [folder / f'small_{seed}' for seed in (4, 7)]
    data = made_up(24), made_up(14, 'public', seed=1)
    with eagerly():
        for seed, folder in zip((4, 7), folders, strict=True):
            train(replace(recipe, seed=seed), *data, folder)
    return [load_run(folder) for folder in folders]


def test_the_mean_of_runs_is_a_run_that_tells_of_them(runs, made_up, tmp_path, capsys):
    public = made_up(14, 'public', seed=1)

    accuracy = average(runs, public, tmp_path / 'mean')

    mean = load_run(tmp_path / 'mean')
    weights = [run.model.get_weights() for run in runs]
    for value, one, other in zip(mean.model.get_weights(), *weights, strict=True):
        np.testing.assert_allclose(value, (one + other) / 2, atol=1e-6)
    parts = mean.state['averaged']
    assert [part['seed'] for part in parts] == [4, 7]
    assert [part['validation'] for part in parts] == [
        {head: round(value, 5) for head, value in run.state['best'].items()} for run in runs
    ]
    assert mean.state['best'] == accuracy
    assert origin_of(mean)['averaged'] == parts
    assert command_of(mean) == (
        'python -m training average runs/small_4 runs/small_7 --output runs/mean'
    )
    told = capsys.readouterr().out.splitlines()
    assert told[-1].startswith('mean of the runs: accuracy fer2013 ')


def test_runs_that_are_not_alike_have_no_mean(runs, made_up, tmp_path):
    public = made_up(14, 'public', seed=1)
    with pytest.raises(ValueError, match='at least two runs, but there are 1'):
        average(runs[:1], public, tmp_path / 'mean')
    longer = replace(runs[1], recipe=replace(runs[1].recipe, epochs=3))
    with pytest.raises(ValueError, match='epochs is 3 in .*small_7, but 1 in .*small_4; '):
        average([runs[0], longer], public, tmp_path / 'mean')
    assert not (tmp_path / 'mean').exists()

    average(runs, public, tmp_path / 'mean')
    with pytest.raises(FileExistsError, match='set another --output'):
        average(runs, public, tmp_path / 'mean')
    with pytest.raises(ValueError, match='is already a mean of runs'):
        average([runs[0], load_run(tmp_path / 'mean')], public, tmp_path / 'another')


def test_nothing_goes_on_from_a_mean(runs, made_up, tmp_path):
    public = made_up(14, 'public', seed=1)
    average(runs, public, tmp_path / 'mean')

    with pytest.raises(ValueError, match='has 0 variables of the model'):
        train(runs[0].recipe, made_up(24), public, tmp_path / 'mean', resume=True)
