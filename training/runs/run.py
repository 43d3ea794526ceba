"""What a run leaves in its folder, and how it is read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace
from functools import cached_property
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np

from training.data.datasets import FaceData
from training.data.selection import Selection
from training.recipes.building import build_model
from training.recipes.recipe import load_recipe
from training.recipes.recipe import Recipe
from training.runs.checkpoints import read_state
from training.runs.files import BEST
from training.runs.files import CHECKPOINT

# Settings that a run may have otherwise than its recipe, from the command line or from the data.
KEPT = ('epochs', 'seed', 'weights', 'precision', 'value_range', 'teachers', 'held_back')


@dataclass(frozen=True)
class Run:
    """
    A run that has come to at least one checkpoint.

    :param folder: of it.
    :param recipe: the recipe as it was run.
    :param labels: by head, in the order of its outputs.
    :param state: what the checkpoint holds beside arrays: 'epoch', 'best' (validation accuracy by
        head), 'best_epoch', 'seconds', 'engine', 'pictures', 'data_sha256' and the settings.
    """

    folder: Path
    recipe: Recipe
    labels: dict[str, tuple[str, ...]]
    state: dict[str, Any]

    @cached_property
    def model(self) -> keras.Model:
        """
        Build the network of the epoch that was chosen, in float32 and of the full side.

        It leads from pictures to a dict of logits by head; a ValueError says that no epoch was
        chosen yet.
        """
        if not (self.folder / BEST).is_file():
            raise ValueError(f'{self.folder} holds no {BEST}: no epoch was finished at full side')
        recipe = replace(self.recipe, precision='float32', sides=())
        model = build_model(recipe, self.labels)
        model.load_weights(self.folder / BEST)
        return model


def engine_name() -> str:
    """Name Keras and the engine it runs on, with their versions."""
    engine = keras.backend.backend()
    module = __import__(engine)
    return f'Keras {keras.__version__} on {engine} {module.__version__}'


def describe_run(
    recipe: Recipe, labels: Mapping[str, tuple[str, ...]], training: FaceData
) -> dict[str, Any]:
    """
    Tell what makes a run the one it is; a run that differs in any of it is another.

    :param recipe: the recipe as it is run.
    :param labels: of each head.
    :param training: the pictures learnt from.
    :return: what JSON gives back as it is.
    """
    described = {
        'recipe': recipe.name,
        'file': recipe.file,
        **{name: getattr(recipe, name) for name in KEPT},
        'selection': recipe.selection.summary(),
        'labels': {head: list(names) for head, names in labels.items()},
        'pictures': len(training),
        'data_sha256': training.sha256,
    }
    return json.loads(json.dumps(described))


def load_run(folder: Path) -> Run:
    """
    Read a run.

    :param folder: that `train` wrote.
    :return: the run.
    :raises ValueError: if there is no checkpoint, or its recipe is gone.
    """
    checkpoint = folder / CHECKPOINT
    if not checkpoint.is_file():
        raise ValueError(f'{folder} holds no {CHECKPOINT}; train a recipe first')
    with np.load(checkpoint) as saved:
        state = read_state(saved)
    if 'recipe' not in state:
        raise ValueError(f'{checkpoint} is of an earlier version, which did not name its recipe')
    recipe = load_recipe(Path(state['file'] or state['recipe']))
    selection = _as_tuples(state['selection'])
    if 'exclude' in selection:
        selection['exclude'] = Path(selection['exclude'])
    kept = {name: _as_tuples(state[name]) for name in KEPT}
    recipe = replace(recipe, selection=Selection(**selection), **kept)
    labels = {head: tuple(names) for head, names in state['labels'].items()}
    return Run(folder, recipe, labels, state)


def _as_tuples(value: Any) -> Any:
    """Turn lists, which JSON makes of tuples, into tuples."""
    if isinstance(value, list):
        return tuple(map(_as_tuples, value))
    if isinstance(value, dict):
        return {key: _as_tuples(item) for key, item in value.items()}
    return value
