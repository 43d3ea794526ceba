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

from fer_ros.perception.quoting import quoted
from fer_ros.perception.quoting import shortened
from training.data.datasets import FaceData
from training.recipes.building import build_model
from training.recipes.recipe import Recipe
from training.recipes.settings import changed_settings
from training.recipes.settings import recipe_of
from training.recipes.settings import settings_of
from training.runs.checkpoints import read_state
from training.runs.files import BEST
from training.runs.files import CHECKPOINT
from training.runs.files import RECIPE_FILE


@dataclass(frozen=True)
class Run:
    """
    A run that has come to at least one checkpoint.

    :param folder: of it.
    :param recipe: the recipe as it was run.
    :param labels: by head, in the order of its outputs.
    :param state: what the checkpoint holds beside arrays: the fields of `TrainingState`, 'engine',
        'labels', 'pictures', 'data_sha256', 'begun_from' and 'taught_by'.
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
            raise ValueError(
                f'{self.folder} contains no {BEST}, because no epoch was finished '
                'with the full side'
            )
        recipe = replace(self.recipe, precision='float32', sides=())
        model = build_model(recipe, self.labels)
        model.load_weights(self.folder / BEST)
        return model


def engine_name() -> str:
    """Name Keras and the engine it runs on, with their versions."""
    engine = keras.backend.backend()
    module = __import__(engine)
    return f'Keras {keras.__version__} on {engine} {module.__version__}'


def facts_of(labels: Mapping[str, tuple[str, ...]], training: FaceData) -> dict[str, Any]:
    """
    Describe the data of a run; a run with other facts is another run.

    :param labels: of each head.
    :param training: the pictures learnt from.
    :return: what JSON returns unchanged.
    """
    return {
        'labels': {head: list(names) for head, names in labels.items()},
        'pictures': len(training),
        'data_sha256': training.sha256,
    }


def write_settings(folder: Path, recipe: Recipe) -> None:
    """
    Write the resolved settings of a run into its folder.

    :param folder: of the run.
    :param recipe: as it is run.
    :raises ValueError: if a setting cannot be stored.
    """
    text = json.dumps(settings_of(recipe), indent=1, ensure_ascii=False) + '\n'
    unfinished = (folder / RECIPE_FILE).with_suffix('.unfinished')
    unfinished.write_text(text, encoding='utf-8')
    unfinished.replace(folder / RECIPE_FILE)


def read_settings(folder: Path) -> dict[str, Any]:
    """
    Read the resolved settings of a run.

    :param folder: of the run.
    :return: as of `settings_of`.
    :raises ValueError: if the run has none, or they cannot be read.
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
    Refuse to resume a run with other settings.

    :param folder: of the run.
    :param recipe: to go on with.
    :raises ValueError: if a setting differs; the message names it with the old and the new value.
    """
    changed = changed_settings(read_settings(folder), settings_of(recipe))
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
    Read a run.

    :param folder: that `train` wrote.
    :return: the run, with the settings that it was trained with.
    :raises ValueError: if there is no checkpoint, or its settings are missing or unusable.
    """
    checkpoint = folder / CHECKPOINT
    if not checkpoint.is_file():
        raise ValueError(f'{folder} contains no {CHECKPOINT}; train a recipe first')
    recipe = recipe_of(read_settings(folder))
    with np.load(checkpoint) as saved:
        state = read_state(saved)
    labels = {head: tuple(names) for head, names in state['labels'].items()}
    return Run(folder, recipe, labels, state)
