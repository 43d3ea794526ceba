"""
Average the weights of runs: `python -m training average RUN RUN... --output DIR`.

The runs start from the same weights and differ in their seeds.  The mean of their weights is often
better than each single network, at the cost of one network (Wortsman et al. 2022,
arXiv:2203.05482,
"model soups").  Averaging does not work for networks that start from random weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from fer_ros.perception.models.model_files import sha256_of
from fer_ros.perception.quoting import quoted
from training.data.datasets import FaceData
from training.evaluation.validation import validate
from training.recipes.recipe import Recipe
from training.recipes.settings import changed_settings
from training.recipes.settings import settings_of
from training.runs.checkpoints import write_state
from training.runs.files import BEST
from training.runs.files import CHECKPOINT
from training.runs.run import Run
from training.runs.run import write_settings

# Facts of the runs that must be equal; all settings except the seed must be equal too.
COMMON = ('begun_from', 'labels', 'pictures', 'data_sha256')


def average(runs: Sequence[Run], validation: FaceData, folder: Path) -> dict[str, float]:
    """
    Write a run with the mean of the weights of other runs, and measure all of them.

    The statistics of batch normalisation are averaged like weights.

    :param runs: at least two runs of one recipe, with different seeds.
    :param validation: pictures to measure on.
    :param folder: folder of the new run; it is created if needed.
    :return: validation accuracy of the mean, keyed by head.
    :raises FileExistsError: if the folder holds a run.
    :raises ValueError: if there are fewer than two runs, or they differ in more than their seeds.
    """
    if len(runs) < 2:
        raise ValueError(f'the mean needs at least two runs, but there are {len(runs)}')
    if (folder / CHECKPOINT).exists():
        raise FileExistsError(f'{folder / CHECKPOINT} already exists; set another --output')
    first = runs[0]
    for run in runs:
        if 'averaged' in run.state:
            raise ValueError(
                f'{run.folder} is already a mean of runs; give the runs from which it was made'
            )
        _check_alike(first, run)
    parts: list[dict[str, Any]] = []
    for run in runs:
        accuracy = _measure(run.model, validation, run.recipe, str(run.folder))
        parts.append(
            {
                'run': run.folder.name,
                'seed': run.recipe.seed,
                'chosen_epoch': run.state['best_epoch'],
                'validation': {head: round(value, 5) for head, value in accuracy.items()},
                'sha256': sha256_of(run.folder / BEST),
            }
        )
    model = keras.models.clone_model(first.model)
    columns = zip(*(run.model.get_weights() for run in runs), strict=True)
    model.set_weights([np.mean(values, axis=0, dtype=np.float64) for values in columns])
    accuracy = _measure(model, validation, first.recipe, 'mean of the runs')
    folder.mkdir(parents=True, exist_ok=True)
    model.save_weights(folder / BEST)
    state = {
        **first.state,
        'best': accuracy,
        'best_epoch': None,
        'seconds': round(sum(run.state['seconds'] for run in runs), 1),
        'averaged': parts,
    }
    write_settings(folder, first.recipe)
    write_state(folder / CHECKPOINT, state)
    return accuracy


def _check_alike(first: Run, run: Run) -> None:
    """Check that two runs differ in their seeds only."""
    changed = changed_settings(settings_of(first.recipe), settings_of(run.recipe))
    differing = {name: values for name, values in changed.items() if name != 'seed'}
    differing |= {
        name: (first.state.get(name), run.state.get(name))
        for name in COMMON
        if first.state.get(name) != run.state.get(name)
    }
    for name, (one, other) in differing.items():
        raise ValueError(
            f'{name} is {quoted(other)} in {run.folder}, but {quoted(one)} in {first.folder}; '
            'averaged runs may differ only in their seeds'
        )


def _measure(model: keras.Model, data: FaceData, recipe: Recipe, name: str) -> dict[str, float]:
    """Measure a network on the validation split, and print its accuracy and loss."""
    accuracy, loss = validate(model, data, recipe, recipe.side)
    told = ', '.join(f'{head} {100 * value:.2f} %' for head, value in accuracy.items())
    print(f'{name}: accuracy {told} on the validation split, loss {loss:.4f}', flush=True)
    return accuracy
