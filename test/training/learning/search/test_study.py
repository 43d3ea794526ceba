import csv
from dataclasses import replace
from pathlib import Path

import optuna
import pytest

from training.data.selection import Selection
from training.learning.search.outcome import recipe_text
from training.learning.search.outcome import write_results
from training.learning.search.outcome import write_trials
from training.learning.search.spaces import find_space
from training.learning.search.spaces import Space
from training.learning.search.spaces import SPACES
from training.learning.search.study import FINISHED
from training.learning.search.study import open_study
from training.learning.search.study import Search
from training.learning.search.study import search_until
from training.networks.registry import find_network
from training.recipes.library import load_recipe


@pytest.fixture
def storage(tmp_path):
    return f'sqlite:///{tmp_path / "study.db"}'


class ScriptedSearch(Search):
    """Scores a trial by its chosen settings, without training."""

    def __call__(self, trial):
        recipe = self.recipe(trial)
        return 1 - recipe.build.dropout


def scripted(tmp_path, name='csce633_pairs', kind=ScriptedSearch):
    return kind(find_space(name), None, None, tmp_path)


@pytest.mark.parametrize('name', SPACES)
@pytest.mark.parametrize('seed', range(3))
def test_every_choice_of_a_space_builds(name, seed):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))

    recipe = find_space(name).suggest(study.ask())

    model = recipe.build({'labels': 4}, recipe.side)
    assert model.input_shape == (None, 48, 48, 1)
    assert model.output['labels'].shape == (None, 4)


def test_a_space_that_is_not_there_is_answered_with_those_that_are():
    with pytest.raises(ValueError, match='no search space vgg; choose one of: fed_4_blocks'):
        find_space('vgg')


def test_a_search_stops_at_the_number_of_trials_and_goes_on_from_there(tmp_path, storage):
    search = scripted(tmp_path)

    for trials in (3, 3, 5):
        study = open_study(search.space, storage, 'random', seed=0)
        search_until(study, search, trials)
        assert len(study.trials) == trials

    chosen = [tuple(sorted(trial.params.items())) for trial in study.trials]
    assert len(set(chosen)) == 5


def test_two_machines_share_one_study(tmp_path, storage):
    search = scripted(tmp_path)
    one = open_study(search.space, storage, 'tpe', seed=0)
    other = open_study(search.space, storage, 'tpe', seed=1)

    search_until(one, search, 2)
    search_until(other, search, 4)

    assert len(one.trials) == len(other.trials) == 4


def test_an_interrupted_trial_is_the_next_one_s_choice(tmp_path, storage):
    class Interrupted(ScriptedSearch):
        def __call__(self, trial):
            self.recipe(trial)
            raise KeyboardInterrupt

    study = open_study(find_space('csce633_pairs'), storage, 'random', seed=0)
    with pytest.raises(KeyboardInterrupt):
        search_until(study, scripted(tmp_path, kind=Interrupted), 1)
    lost = study.trials[0].params

    search_until(study, scripted(tmp_path), 1)

    done = study.get_trials(states=FINISHED)
    assert [trial.params for trial in done] == [lost]


def test_a_trial_that_does_badly_is_given_up(tmp_path, storage, made_up):
    data = made_up(64), made_up(28, 'public', seed=1)
    # Without learning, all epochs have the same score, below the median of the better trials.
    space = find_space('csce633_pairs')

    def hopeless(trial):
        return replace(space.suggest(trial), learning_rate=1e-9, epochs=6, batch_size=32)

    study = open_study(space, storage, 'random', seed=0, prune=True)
    for _ in range(5):
        trial = study.ask()
        space.suggest(trial)
        for epoch in range(1, 7):
            trial.report(0.9, epoch)
        study.tell(trial, 0.9)

    search = Search(Space('hopeless', '', 1, 1, 'random', hopeless), *data, tmp_path)
    study.optimize(search, n_trials=1)

    assert study.trials[-1].state == optuna.trial.TrialState.PRUNED
    assert max(study.trials[-1].intermediate_values) < 6


def test_a_search_ends_with_a_recipe_that_trains_and_with_plots(tmp_path, storage, made_up, eager):
    data = made_up(32), made_up(7, 'public', seed=1)
    search = Search(find_space('csce633_pairs'), *data, tmp_path, executions=2, smoke=True)
    study = open_study(search.space, storage, 'tpe', seed=0)

    search_until(study, search, 2)
    path = write_results(study, search, tmp_path)

    recipe = load_recipe(path)
    best = study.best_trial.params
    assert recipe.name == 'csce633_pairs_best'
    assert (recipe.build.kernel, recipe.optimizer) == (best['kernel'], best['optimizer'])
    assert recipe.learning_rate == {'adam': 1e-3, 'sgd': 1e-2}[best['optimizer']]
    assert (tmp_path / 'history.png').stat().st_size > 5000
    # Each trial trained twice, and kept its logs but no weights.
    assert len(list(tmp_path.glob('trial_*/log.csv'))) == 4
    assert not list(tmp_path.glob('trial_*/*.npz'))


def test_a_recipe_is_written_as_it_is(tmp_path):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    recipe = replace(
        find_space('fed_5_blocks').suggest(study.ask()),
        name='written',
        selection=Selection(exclude=Path('list.txt'), classes=('happy', 'sad')),
    )
    path = tmp_path / 'written.py'

    path.write_text(recipe_text(recipe, 'written', 'A test.'), encoding='utf-8')

    assert replace(load_recipe(path), file='') == recipe


def test_all_trials_are_in_a_table_with_the_best_first(tmp_path, storage):
    study = open_study(find_space('csce633_pairs'), storage, 'random', seed=0)
    search_until(study, scripted(tmp_path), 3)

    write_trials(study, tmp_path / 'trials.csv')

    with open(tmp_path / 'trials.csv', newline='', encoding='utf-8') as file:
        rows = list(csv.DictReader(file))
    assert int(rows[0]['trial']) == study.best_trial.number
    assert rows[0]['optimizer'] == study.best_params['optimizer']
    scores = [float(row['accuracy']) for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert {row['state'] for row in rows} == {'complete'}


# Winning settings and numbers of parameters, typed from the documents.
WINNERS = {
    'fed_4_blocks': (
        {'activation': 'leaky_relu', 'learning_rate': 0.00010628983155127783},
        (128, 32, 64, 480),
        (192, 256),
        13_675_780,
    ),
    'fed_5_blocks': (
        {'activation': 'relu', 'learning_rate': 0.00025717990963772296},
        (256, 224, 224, 64, 96),
        (32, 128, 32),
        942_884,
    ),
    'fed_6_blocks': (
        {'activation': 'relu', 'learning_rate': 0.00010224006994793711, 'drop': 0.25},
        (32, 352, 160, 64, 512, 64),
        (128, 64, 352),
        3_703_844,
    ),
}


@pytest.mark.parametrize('name', WINNERS)
def test_the_winning_settings_of_a_source_give_its_number_of_parameters(name):
    settings, channels, units, parameters = WINNERS[name]
    settings = {
        **settings,
        **{f'units{number}': value for number, value in enumerate(channels, 1)},
        **{f'unitsfc{number}': value for number, value in enumerate(units, 1)},
    }

    recipe = find_space(name).suggest(optuna.trial.FixedTrial(settings))

    assert recipe.build({'labels': 4}, 48).count_params() == parameters
    assert recipe.learning_rate == settings['learning_rate']


def test_the_winning_settings_of_csce633_are_its_tuned_network():
    recipe = find_space('csce633_pairs').suggest(
        optuna.trial.FixedTrial(
            {'kernel': 5, 'dropout': 0.2448, 'activation': 'relu', 'optimizer': 'adam'}
        )
    )

    tuned = find_network('csce633_tuned').build(7)
    assert recipe.build({'labels': 7}, 48).count_params() == tuned.count_params()


# Typed from the documents: sampler, trials, executions, epochs, batch size and choices.
CHOICES = {'activation': ('leaky_relu', 'relu', 'selu'), 'learning_rate': (1e-4, 1e-2)}
SEARCHES = {
    'fed_4_blocks': ('random', 3, 2, 4, 32, CHOICES),
    'fed_5_blocks': ('random', 3, 2, 4, 32, CHOICES),
    'fed_6_blocks': ('random', 3, 3, 5, 32, {**CHOICES, 'drop': (0.0, 0.5)}),
    'csce633_pairs': (
        'tpe',
        15,
        1,
        10,
        256,
        {
            'kernel': (1, 3, 5),
            'dropout': (0.1, 0.35),
            'optimizer': ('adam', 'sgd'),
            'activation': ('relu', 'sigmoid', 'elu'),
        },
    ),
}


@pytest.mark.parametrize('name', SPACES)
def test_a_search_is_that_of_its_source(name):
    sampler, trials, executions, epochs, batch, choices = SEARCHES[name]
    space, trial = find_space(name), optuna.create_study().ask()

    recipe = space.suggest(trial)

    assert (space.sampler, space.trials, space.executions) == (sampler, trials, executions)
    assert (recipe.epochs, recipe.batch_size) == (epochs, batch)
    for setting, known in trial.distributions.items():
        if setting.startswith('units'):
            assert (known.low, known.high, known.step) == (32, 512, 32)
        else:
            found = getattr(known, 'choices', None) or (known.low, known.high)
            assert found == choices[setting]
    assert set(choices) <= set(trial.distributions)
