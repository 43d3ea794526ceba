"""Write the result of a search: the recipe of the best trial, a table of trials, and plots."""

from __future__ import annotations

from collections.abc import Callable
import csv
from dataclasses import fields
from dataclasses import MISSING
from dataclasses import replace
from pathlib import Path
import warnings

import matplotlib
from matplotlib.axes import Axes
import matplotlib.pyplot as plt
import optuna
from optuna.trial import TrialState

from training.data.augmentation import Augmentation
from training.data.selection import Selection
from training.learning.search.study import Search
from training.recipes.recipe import Recipe

# Name of the table of trials in the folder of a search.
TRIALS = 'trials.csv'


def recipe_text(recipe: Recipe, name: str, origin: str) -> str:
    """
    Format a recipe as the text of a recipe file.

    :param recipe: the recipe.
    :param name: name of the file, without its suffix.
    :param origin: origin of the recipe, in a sentence.
    :return: Python source text.
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
    # The settings are written by their `repr`, so their classes must be imported.
    body = '\n'.join(changed).replace('PosixPath(', 'Path(').replace('WindowsPath(', 'Path(')
    parts = (Path, type(recipe.build), Augmentation, Recipe, Selection)
    imports = [
        f'from {part.__module__.split("._")[0]} import {part.__name__}'
        for part in parts
        if part is Recipe or f'{part.__name__}(' in body
    ]
    head = f'"""\n{origin}\n\nTrain it with `python -m training train {name}.py`.\n"""\n'
    return '\n'.join([head, *imports, '', 'RECIPE = Recipe(', f'    name={name!r},', body, ')\n'])


def write_results(study: optuna.Study, search: Search, folder: Path) -> Path:
    """
    Write the recipe of the best trial, the table of all trials and the plots of a study.

    :param study: study with at least one finished trial.
    :param search: search of the study.
    :param folder: folder of the search.
    :return: path of the recipe file.
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
    write_trials(study, folder / TRIALS)
    _plots(study, folder)
    return path


def write_trials(study: optuna.Study, path: Path) -> None:
    """
    Write a table of the trials of a study, the best first.

    :param study: study with any number of trials.
    :param path: path of the CSV file.
    """
    trials = study.get_trials(deepcopy=False)
    names = sorted({name for trial in trials for name in trial.params})
    with open(path, 'w', newline='', encoding='utf-8') as file:
        writer = csv.writer(file)
        writer.writerow(['trial', 'state', 'accuracy', 'seconds', *names])
        for trial in sorted(trials, key=lambda t: -1.0 if t.value is None else t.value)[::-1]:
            seconds = '' if trial.duration is None else round(trial.duration.total_seconds(), 1)
            score = '' if trial.value is None else round(trial.value, 5)
            values = [trial.params.get(name, '') for name in names]
            writer.writerow([trial.number, trial.state.name.lower(), score, seconds, *values])


def _plots(study: optuna.Study, folder: Path) -> None:
    """Plot the history of a search and the importance of its parameters."""
    matplotlib.use('Agg')
    plots: dict[str, Callable[[optuna.Study], Axes]] = {
        'history': optuna.visualization.matplotlib.plot_optimization_history
    }
    # Optuna computes the importance only if scores differ.
    scores = {t.value for t in study.get_trials(states=(TrialState.COMPLETE,), deepcopy=False)}
    if len(scores) > 1:
        plots['importance'] = optuna.visualization.matplotlib.plot_param_importances
    for name, plot in plots.items():
        with warnings.catch_warnings():
            # Optuna has marked these functions as experimental for years.
            warnings.simplefilter('ignore', optuna.exceptions.ExperimentalWarning)
            plot(study)
        figure = plt.gcf()
        figure.set_size_inches(9, 5)
        figure.savefig(folder / f'{name}.png', dpi=120, bbox_inches='tight')
        plt.close(figure)
