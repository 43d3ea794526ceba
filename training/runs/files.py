"""The files in the folder of a run."""

from __future__ import annotations

from pathlib import Path

# The state that a run resumes from; a folder with this file is a run.
CHECKPOINT = 'checkpoint.npz'

# The averaged weights of the epoch with the best validation score.
BEST = 'best.weights.h5'

# All settings of the recipe of the run, after overrides.
RECIPE_FILE = 'recipe.json'

# One row for each epoch.
LOG = 'log.csv'


def run_of(model: str) -> Path | None:
    """
    Find the run that contains a model.

    :param model: name or path of a model, as in `load_classifier`.
    :return: folder of the run, or None if the model is not part of a run.
    """
    path = Path(model).expanduser()
    folder = path if path.is_dir() else path.parent
    is_run = (folder / CHECKPOINT).is_file() and path.exists()
    return folder if is_run and path.suffix != '.keras' else None
