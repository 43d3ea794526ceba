"""The files in a run's folder."""

from __future__ import annotations

from pathlib import Path

# Everything that a run needs to continue; a folder with this file is a run.
CHECKPOINT = 'checkpoint.npz'

# The averaged weights of the epoch that did best on the validation split.
BEST = 'best.weights.h5'

# Every resolved setting of the run's recipe.
RECIPE_FILE = 'recipe.json'

# A row per epoch.
LOG = 'log.csv'


def run_of(model: str) -> Path | None:
    """
    Find the folder of the run that a model is given by.

    :param model: as for `load_classifier`.
    :return: the folder, or None if the model is none of a run.
    """
    path = Path(model).expanduser()
    folder = path if path.is_dir() else path.parent
    is_run = (folder / CHECKPOINT).is_file() and path.exists()
    return folder if is_run and path.suffix != '.keras' else None
