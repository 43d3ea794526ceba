"""A run in its folder: its settings, its checkpoint and its network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace
from functools import cached_property
import json
from pathlib import Path
from typing import Any

import keras

from fer_ros.perception.quoting import quoted
from fer_ros.perception.quoting import shortened
from training.data.datasets import FaceData
from training.recipes.building import build_model
from training.recipes.recipe import Recipe
from training.recipes.settings import changed_settings
from training.recipes.settings import recipe_of
from training.recipes.settings import settings_of
from training.runs.checkpoints import opened_checkpoint
from training.runs.checkpoints import read_state
from training.runs.files import BEST
from training.runs.files import CHECKPOINT
from training.runs.files import RECIPE_FILE
from training.runs.files import settle_best


@dataclass(frozen=True)
class Run:
    """
    A run with at least one checkpoint.

    :param folder: folder of the run.
    :param recipe: recipe of the run, with all overrides.
    :param labels: labels of each head in the order of its outputs, keyed by head.
    :param state: state in the checkpoint: the fields of `TrainingState`, 'engine', 'labels',
        'pictures', 'data_sha256', 'begun_from' and 'taught_by'.
    """

    folder: Path
    recipe: Recipe
    labels: dict[str, tuple[str, ...]]
    state: dict[str, Any]

    @cached_property
    def model(self) -> keras.Model:
        """
        Build the network with the weights of the chosen epoch, in float32 and for the full side.

        The model maps pictures to a dict of logits, keyed by head.  A ValueError reports that no
        epoch
        was chosen yet.
        """
        if not (self.folder / BEST).is_file():
            raise ValueError(
                f'{self.folder} contains no {BEST}, because no epoch was finished '
                'with the full side'
            )
        recipe = replace(self.recipe, precision='float32', sides=())
        model = build_model(recipe, self.labels)
        try:
            model.load_weights(self.folder / BEST)
        # h5py raises OSError or KeyError for a file that is truncated or no HDF5 file.
        except (OSError, KeyError, ValueError) as error:
            raise ValueError(
                f'{self.folder / BEST} is damaged, or belongs to another network '
                f'({shortened(error)}); copy the run again, or train it again'
            ) from error
        return model


def engine_name() -> str:
    """Return the names and versions of Keras and its engine."""
    engine = keras.backend.backend()
    module = __import__(engine)
    return f'Keras {keras.__version__} on {engine} {module.__version__}'


def facts_of(labels: Mapping[str, tuple[str, ...]], training: FaceData) -> dict[str, Any]:
    """
    Describe the data of a run; a run on other data cannot be resumed.

    :param labels: labels of each head.
    :param training: training pictures.
    :return: values that JSON restores unchanged.
    """
    return {
        'labels': {head: list(names) for head, names in labels.items()},
        'pictures': len(training),
        'data_sha256': training.sha256,
    }


def write_settings(folder: Path, recipe: Recipe) -> None:
    """
    Write all settings of a run into its folder.

    :param folder: folder of the run.
    :param recipe: recipe of the run, with all overrides.
    :raises ValueError: if a setting cannot be stored.
    """
    text = json.dumps(settings_of(recipe), indent=1, ensure_ascii=False) + '\n'
    unfinished = (folder / RECIPE_FILE).with_suffix('.unfinished')
    unfinished.write_text(text, encoding='utf-8')
    unfinished.replace(folder / RECIPE_FILE)


def read_settings(folder: Path) -> dict[str, Any]:
    """
    Read all settings of a run.

    :param folder: folder of the run.
    :return: settings, as in `settings_of`.
    :raises ValueError: if the settings are missing or unreadable.
    """
    file = folder / RECIPE_FILE
    if not file.is_file():
        raise ValueError(
            f'{folder} contains no {RECIPE_FILE}, because an earlier version wrote this run '
            'without its settings; train the recipe again'
        )
    try:
        settings = json.loads(file.read_text(encoding='utf-8'))
    except ValueError as error:
        raise ValueError(f'{file} is not JSON: {shortened(error)}') from error
    if not isinstance(settings, dict):
        raise ValueError(f'{file} does not contain the settings of a recipe')
    return settings


def check_settings(folder: Path, recipe: Recipe) -> None:
    """
    Check that a run is resumed with its own settings, except its number of epochs.

    :param folder: folder of the run.
    :param recipe: recipe to resume with.
    :raises ValueError: if a setting differs; the message names its old and its new value.
    """
    changed = changed_settings(read_settings(folder), settings_of(recipe))
    # A run may be continued with another number of epochs.
    changed.pop('epochs', None)
    if changed:
        listed = '; '.join(
            f'{name} was {quoted(old)}, but is now {quoted(new)}'
            for name, (old, new) in changed.items()
        )
        raise ValueError(
            f'{folder} cannot be resumed with other settings: {listed}. Restore the settings, or '
            'set another --output'
        )


def load_run(folder: Path) -> Run:
    """
    Load a run.

    :param folder: folder that `train` wrote.
    :return: the run, with the settings of its training.
    :raises ValueError: if there is no checkpoint, or its settings are missing or invalid.
    """
    checkpoint = folder / CHECKPOINT
    if not checkpoint.is_file():
        raise ValueError(f'{folder} contains no {CHECKPOINT}; train a recipe first')
    recipe = recipe_of(read_settings(folder))
    with opened_checkpoint(checkpoint) as saved:
        state = read_state(saved)
    settle_best(folder, state)
    labels = {head: tuple(names) for head, names in state['labels'].items()}
    return Run(folder, recipe, labels, state)
