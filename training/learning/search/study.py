"""Search for the settings of a network: `python -m training tune csce633_pairs --trials 15`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from functools import partial
from pathlib import Path
import shutil
from typing import Any

import keras
import numpy as np
import optuna
from optuna.study import MaxTrialsCallback
from optuna.trial import TrialState

from training.data.datasets import FaceData
from training.data.selection import Selection
from training.learning.loop import train
from training.learning.search.spaces import Space
from training.learning.smoke import smoke_recipe
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
        raise optuna.TrialPruned(
            f'pruned: worse than half of the other trials after epoch {row["epoch"]}'
        )


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
    print(f'trial {trial.number} {trial.state.name.lower()}: {score} ({done} finished{leader})')
