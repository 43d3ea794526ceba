"""Search for hyperparameters: `python -m training tune csce633_pairs --trials 15`."""

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
from training.learning.loop import DivergedError
from training.learning.loop import train
from training.learning.search.spaces import Space
from training.learning.smoke import smoke_recipe
from training.recipes.recipe import Recipe

SAMPLERS: dict[str, Callable[..., optuna.samplers.BaseSampler]] = {
    'random': optuna.samplers.RandomSampler,
    'tpe': optuna.samplers.TPESampler,
}

# States of trials that count towards the requested number; failed trials do not count.
FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)

# Numbers of trials and of epochs before a trial below the median may be pruned.
PRUNING_TRIALS = 4
PRUNING_EPOCHS = 3


@dataclass(frozen=True)
class Search:
    """
    The settings of a search; calling the instance runs a trial.

    :param space: search space.
    :param training: training pictures.
    :param validation: pictures that choose the epoch and the trial.
    :param folder: folder of the search.
    :param selection: how the pictures were selected from their data set, for the best recipe.
    :param executions: number of runs of a trial with different seeds, whose mean score counts, or
        None for the number of the space.
    :param epochs: number of epochs of a run, or None for the number of the space.
    :param smoke: whether to shorten each run to seconds.
    """

    space: Space
    training: FaceData
    validation: FaceData
    folder: Path
    selection: Selection = field(default_factory=Selection)
    executions: int | None = None
    epochs: int | None = None
    smoke: bool = False

    def recipe(self, trial: optuna.trial.BaseTrial) -> Recipe:
        """
        Create the recipe of a trial.

        :param trial: trial that chooses the parameters.
        :return: recipe with the number of epochs of the search.
        """
        recipe = replace(self.space.suggest(trial), selection=self.selection)
        if self.epochs:
            recipe = replace(recipe, epochs=self.epochs)
        return smoke_recipe(recipe) if self.smoke else recipe

    def __call__(self, trial: optuna.Trial) -> float:
        """
        Run a trial.

        :param trial: trial that chooses the parameters.
        :return: mean of the best validation accuracies of all executions.
        :raises optuna.TrialPruned: if an epoch is worse than the median of other trials.
        """
        recipe = self.recipe(trial)
        scores = []
        for execution in range(self.executions or self.space.executions):
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
            except DivergedError as error:
                raise optuna.TrialPruned(str(error)) from error
            finally:
                # Only the log of a trial is kept; the best recipe is trained again later.
                for path in (*folder.glob('*.npz'), *folder.glob('*.h5')):
                    path.unlink()
                keras.backend.clear_session()
            scores.append(float(np.mean([*best.values()])))
        return float(np.mean(scores))


def _report(trial: optuna.Trial | None, row: dict[str, Any]) -> None:
    """Report the score of an epoch to Optuna, and prune the trial if Optuna suggests it."""
    if trial is None:
        return
    trial.report(row['validation_labels'], row['epoch'])
    if trial.should_prune():
        raise optuna.TrialPruned(
            f'pruned: worse than half of the other trials after epoch {row["epoch"]}'
        )


def open_study(
    space: Space,
    storage: str,
    sampler: str,
    seed: int,
    name: str | None = None,
    prune: bool = False,
) -> optuna.Study:
    """
    Create a study, or join the study of this name in the storage.

    :param space: search space of the study.
    :param storage: SQLAlchemy URL of a database, which several machines may share.
    :param sampler: 'random' or 'tpe'.
    :param seed: seed of the sampler.  The number of existing trials is added to the seed, so that
        a resumed search does not repeat its choices.
    :param name: name of the study; None for the name of the space.
    :param prune: whether to end trials early that are worse than half of the others.
    :return: the study.
    """
    name = name or space.name
    known = {study.study_name: study for study in optuna.get_all_study_summaries(storage)}
    trials = known[name].n_trials if name in known else 0
    return optuna.create_study(
        study_name=name,
        storage=storage,
        sampler=SAMPLERS[sampler](seed=seed + trials),
        pruner=optuna.pruners.MedianPruner(PRUNING_TRIALS, PRUNING_EPOCHS)
        if prune
        else optuna.pruners.NopPruner(),
        direction='maximize',
        load_if_exists=True,
    )


def search_until(study: optuna.Study, search: Search, trials: int) -> None:
    """
    Search until a study has the requested number of finished trials, also those of other machines.

    The parameters of an interrupted trial are queued for the next trial.

    :param study: study to continue.
    :param search: search that runs the trials.
    :param trials: number of finished or pruned trials.
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
    """Print the result of a trial."""
    done = len(study.get_trials(deepcopy=False, states=FINISHED))
    score = 'no score' if trial.value is None else f'{100 * trial.value:.2f} %'
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    leader = f'; best {100 * study.best_value:.2f} %' if complete else ''
    print(f'trial {trial.number} {trial.state.name.lower()}: {score} ({done} finished{leader})')
