"""Search for the settings of a network: `python -m training tune csce633_pairs --trials 15`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field
from dataclasses import fields
from dataclasses import MISSING
from dataclasses import replace
from functools import partial
from pathlib import Path
import shutil
from typing import Any
import warnings

import keras
import matplotlib
from matplotlib.axes import Axes
import matplotlib.pyplot as plt
import numpy as np
import optuna
from optuna.study import MaxTrialsCallback
from optuna.trial import TrialState

from training.data.augmentation import Augmentation
from training.data.datasets import FaceData
from training.data.datasets import PUBLIC
from training.data.datasets import TRAIN
from training.data.selection import add_data_arguments
from training.data.selection import read_selected
from training.data.selection import Selection
from training.data.selection import selection_from
from training.learning.loop import SMOKE_COUNT
from training.learning.loop import smoke_recipe
from training.learning.loop import train
from training.learning.memory import keep_freed_memory
from training.learning.search.spaces import find_space
from training.learning.search.spaces import Space
from training.learning.search.spaces import SPACES
from training.recipes.recipe import Recipe

SAMPLERS: dict[str, Callable[..., optuna.samplers.BaseSampler]] = {
    'random': optuna.samplers.RandomSampler,
    'tpe': optuna.samplers.TPESampler,
}

# Trials that count towards the number asked for; one that broke does not.
FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)

# Trials and epochs before one is given up for being worse than half of the others.
PRUNING_TRIALS = 4
PRUNING_EPOCHS = 3


@dataclass(frozen=True)
class Search:
    """
    What a search does in each trial.

    :param space: to choose from.
    :param training: pictures to learn from.
    :param validation: pictures to choose by.
    :param folder: of the search.
    :param selection: of these pictures from their data set, for the recipe of the best.
    :param executions: runs of a trial, each from another seed; their mean counts.
    :param epochs: of a run, or None for the space's own.
    :param smoke: shorten each run to seconds.
    """

    space: Space
    training: FaceData
    validation: FaceData
    folder: Path
    selection: Selection = field(default_factory=Selection)
    executions: int = 1
    epochs: int | None = None
    smoke: bool = False

    def recipe(self, trial: optuna.trial.BaseTrial) -> Recipe:
        """
        Make the recipe of a trial.

        :param trial: that chooses.
        :return: the recipe, with the search's number of epochs.
        """
        recipe = replace(self.space.suggest(trial), selection=self.selection)
        if self.epochs:
            recipe = replace(recipe, epochs=self.epochs)
        return smoke_recipe(recipe) if self.smoke else recipe

    def __call__(self, trial: optuna.Trial) -> float:
        """
        Carry out a trial.

        :param trial: that chooses.
        :return: the mean of the executions' best validation accuracies.
        :raises optuna.TrialPruned: if it does worse than others did so early.
        """
        recipe = self.recipe(trial)
        scores = []
        for execution in range(self.executions):
            folder = self.folder / f'trial_{trial.number:04d}_{execution}'
            shutil.rmtree(folder, ignore_errors=True)
            watched = trial if execution == 0 else None
            try:
                best = train(
                    replace(recipe, seed=recipe.seed + execution),
                    self.training,
                    self.validation,
                    folder,
                    on_epoch=partial(_report, watched),
                )
            finally:
                # What a trial leaves is its log; the best is trained anew.
                for path in (*folder.glob('*.npz'), *folder.glob('*.h5')):
                    path.unlink()
                keras.backend.clear_session()
            scores.append(float(np.mean([*best.values()])))
        return float(np.mean(scores))


def _report(trial: optuna.Trial | None, row: dict[str, Any]) -> None:
    """Tell a trial how an epoch did, and end it if others did better by then."""
    if trial is None:
        return
    trial.report(row['validation_labels'], row['epoch'])
    if trial.should_prune():
        raise optuna.TrialPruned(f'worse than half of the others after epoch {row["epoch"]}')


def open_study(
    space: Space, storage: str, sampler: str, seed: int, name: str | None = None
) -> optuna.Study:
    """
    Begin a study, or join the one of this name in the storage.

    :param space: that it searches.
    :param storage: a URL as SQLAlchemy has them, of a database that several machines may share.
    :param sampler: 'random' or 'tpe'.
    :param seed: of the sampler, and how many trials there were counts too, so that a resumed
        search does not choose again what it has.
    :param name: of the study; None for the space's.
    :return: the study.
    """
    name = name or space.name
    known = {study.study_name: study for study in optuna.get_all_study_summaries(storage)}
    trials = known[name].n_trials if name in known else 0
    return optuna.create_study(
        study_name=name,
        storage=storage,
        sampler=SAMPLERS[sampler](seed=seed + trials),
        pruner=optuna.pruners.MedianPruner(PRUNING_TRIALS, PRUNING_EPOCHS),
        direction='maximize',
        load_if_exists=True,
    )


def search_until(study: optuna.Study, search: Search, trials: int) -> None:
    """
    Search until a study has so many finished trials, those of other machines included.

    A trial that is interrupted is put back, to be the next one's choice.

    :param study: to go on with.
    :param search: a trial of it.
    :param trials: finished or pruned.
    """

    def objective(trial: optuna.Trial) -> float:
        try:
            return search(trial)
        except KeyboardInterrupt:
            study.enqueue_trial(trial.params)
            raise

    if len(study.get_trials(deepcopy=False, states=FINISHED)) < trials:
        study.optimize(objective, callbacks=[MaxTrialsCallback(trials, FINISHED), _tell])


def _tell(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
    """Say how a trial did."""
    done = len(study.get_trials(deepcopy=False, states=FINISHED))
    score = 'no score' if trial.value is None else f'{100 * trial.value:.2f} %'
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    leader = f'; best {100 * study.best_value:.2f} %' if complete else ''
    print(f'trial {trial.number} {trial.state.name.lower()}: {score} ({done} done{leader})')


def recipe_text(recipe: Recipe, name: str, origin: str) -> str:
    """
    Write a recipe as a file that `train` takes.

    :param recipe: the recipe.
    :param name: of the file, without its suffix.
    :param origin: where it comes from, in a sentence.
    :return: Python.
    """
    changed = []
    for known in fields(recipe):
        value = getattr(recipe, known.name)
        if known.default_factory is not MISSING:
            default = known.default_factory()
        else:
            default = known.default
        if known.name not in ('name', 'file') and value != default:
            changed.append(f'    {known.name}={value!r},')
    # What the settings are made of, by their `repr`.
    body = '\n'.join(changed).replace('PosixPath(', 'Path(').replace('WindowsPath(', 'Path(')
    parts = (Path, type(recipe.build), Augmentation, Recipe, Selection)
    imports = [
        f'from {part.__module__.split("._")[0]} import {part.__name__}'
        for part in parts
        if part is Recipe or f'{part.__name__}(' in body
    ]
    head = f'"""\n{origin}\n\nRun it with `python -m training train {name}.py`.\n"""\n'
    return '\n'.join(
        [head, *imports, '', 'RECIPE = Recipe(', f'    name={name!r},', body, ')\n']
    )


def write_results(study: optuna.Study, search: Search, folder: Path) -> Path:
    """
    Write the best recipe, the table of trials and the plots of a study.

    :param study: with at least one finished trial.
    :param search: that it went through.
    :param folder: of the search.
    :return: the file of the recipe.
    """
    best = study.best_trial
    name = f'{study.study_name}_best'
    recipe = replace(search.recipe(optuna.trial.FixedTrial(best.params)), name=name)
    origin = (
        f'Trial {best.number} of {len(study.trials)} of the study {study.study_name}: '
        f'{100 * study.best_value:.2f} % on the validation split.'
    )
    path = folder / f'{name}.py'
    path.write_text(recipe_text(recipe, name, origin), encoding='utf-8')
    _plots(study, folder)
    return path


def _plots(study: optuna.Study, folder: Path) -> None:
    """Draw how the search went, and which settings mattered."""
    matplotlib.use('Agg')
    plots: dict[str, Callable[[optuna.Study], Axes]] = {
        'history': optuna.visualization.matplotlib.plot_optimization_history
    }
    # Which of the settings mattered can be told from differing trials only.
    scores = {t.value for t in study.get_trials(states=(TrialState.COMPLETE,), deepcopy=False)}
    if len(scores) > 1:
        plots['importance'] = optuna.visualization.matplotlib.plot_param_importances
    for name, plot in plots.items():
        with warnings.catch_warnings():
            # They are experimental for Optuna for years.
            warnings.simplefilter('ignore', optuna.exceptions.ExperimentalWarning)
            plot(study)
        figure = plt.gcf()
        figure.set_size_inches(9, 5)
        figure.savefig(folder / f'{name}.png', dpi=120, bbox_inches='tight')
        plt.close(figure)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell what `tune` takes."""
    parser.add_argument('space', choices=SPACES, help='what to choose from')
    parser.add_argument(
        '--trials',
        type=int,
        help="finished trials that the study shall have (default: its source's)",
    )
    parser.add_argument(
        '--sampler',
        choices=SAMPLERS,
        help="at random, or tree-structured Parzen (default: its source's)",
    )
    parser.add_argument('--executions', type=int, default=1, help='runs of a trial (default: 1)')
    parser.add_argument('--epochs', type=int, help="of a run (default: the space's own)")
    parser.add_argument('--seed', type=int, default=0, help='of the sampler')
    parser.add_argument(
        '--storage',
        help='URL of a database, which several machines may share (default: a file in --output)',
    )
    parser.add_argument('--study', help="name in the storage (default: the space's)")
    parser.add_argument(
        '--output', type=Path, help='folder of the search (default: runs/tune_<space>)'
    )
    parser.add_argument('--smoke', action='store_true', help='runs of seconds, on 64 pictures')
    add_data_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Carry out `tune`."""
    keep_freed_memory()
    space = find_space(arguments.space)
    folder = arguments.output or Path('runs') / f'tune_{space.name}'
    folder.mkdir(parents=True, exist_ok=True)
    storage = arguments.storage or f'sqlite:///{(folder / "study.db").resolve()}'
    any_recipe = space.suggest(optuna.create_study().ask())
    selection = selection_from(arguments, any_recipe.selection)
    data = read_selected(arguments, selection, any_recipe.dataset)
    training, validation = data.of_split(TRAIN), data.of_split(PUBLIC)
    if arguments.smoke:
        training, validation = (d.take(np.arange(SMOKE_COUNT)) for d in (training, validation))
    search = Search(
        space,
        training,
        validation,
        folder,
        selection,
        executions=arguments.executions,
        epochs=arguments.epochs,
        smoke=arguments.smoke,
    )
    study = open_study(
        space, storage, arguments.sampler or space.sampler, arguments.seed, arguments.study
    )
    trials = arguments.trials or space.trials
    finished = len(study.get_trials(deepcopy=False, states=FINISHED))
    print(f'study {study.study_name}: {finished} of {trials} trials are done; storage {storage}')
    search_until(study, search, trials)
    path = write_results(study, search, folder)
    print(f'best: {100 * study.best_value:.2f} % on the validation split, by {study.best_params}')
    print(f'`python -m training train {path}` trains it; plots are in {folder}')
    return 0
