"""
Take the mean of the weights of runs: `python -m training average RUN RUN... --output DIR`.

Networks that were trained on from the same weights, in other orders, lie in one valley: the
network in their midst is often better than any of them, and costs no more than one (Wortsman et
al. 2022, arXiv:2203.05482, "model soups").  Networks that began from chance have no such midst.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from fer_ros.perception.model_files import sha256_of
from training.data.datasets import FaceData
from training.evaluation.validation import validate
from training.recipes.recipe import Recipe
from training.runs.checkpoints import write_state
from training.runs.files import BEST
from training.runs.files import CHECKPOINT
from training.runs.run import Run

# What runs have in common that are averaged; they differ in their seeds.
COMMON = (
    'recipe',
    'file',
    'epochs',
    'weights',
    'begun_from',
    'precision',
    'value_range',
    'teachers',
    'selection',
    'labels',
    'pictures',
    'data_sha256',
)


def average(runs: Sequence[Run], validation: FaceData, folder: Path) -> dict[str, float]:
    """
    Write a run whose network has the mean of the weights of others, and measure all of them.

    Normalisation statistics are averaged like weights.

    :param runs: at least two of one recipe, with different seeds.
    :param validation: to measure on.
    :param folder: of the new run; made if need be.
    :return: the validation accuracy by head of the mean.
    :raises FileExistsError: if the folder holds a run.
    :raises ValueError: if there are fewer than two runs, or they are not alike.
    """
    if len(runs) < 2:
        raise ValueError(f'the mean is of at least two runs, not of {len(runs)}')
    if (folder / CHECKPOINT).exists():
        raise FileExistsError(f'{folder / CHECKPOINT} exists; name another --output')
    first = runs[0]
    for run in runs:
        if 'averaged' in run.state:
            raise ValueError(f'{run.folder} is a mean itself; name the runs that it is of')
        for name in COMMON:
            one, other = first.state.get(name), run.state.get(name)
            if one != other:
                raise ValueError(
                    f'{run.folder} has the {name} {other}, and {first.folder} {one}: runs that '
                    'are averaged differ in their seeds alone'
                )
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
    accuracy = _measure(model, validation, first.recipe, 'their mean')
    folder.mkdir(parents=True, exist_ok=True)
    model.save_weights(folder / BEST)
    state = {
        **first.state,
        'best': accuracy,
        'best_epoch': None,
        'seconds': round(sum(run.state['seconds'] for run in runs), 1),
        'averaged': parts,
    }
    write_state(folder / CHECKPOINT, state)
    return accuracy


def _measure(
    model: keras.Model, data: FaceData, recipe: Recipe, name: str
) -> dict[str, float]:
    """Measure a network, and say how good it is."""
    accuracy, loss = validate(model, data, recipe, recipe.side)
    told = ', '.join(f'{head} {100 * value:.2f} %' for head, value in accuracy.items())
    print(f'{name}: {told} of the validation split, loss {loss:.4f}', flush=True)
    return accuracy
