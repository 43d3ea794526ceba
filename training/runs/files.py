"""The files in the folder of a run."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
import os
from pathlib import Path
from typing import Any

from fer_ros.perception.models.model_files import sha256_of

# The state that a run resumes from; a folder with this file is a run.
CHECKPOINT = 'checkpoint.npz'

# The averaged weights of the epoch with the best validation score.
BEST = 'best.weights.h5'

# New weights of this kind, until the checkpoint that belongs to them is written.
PENDING = 'best.pending.weights.h5'

# All settings of the recipe of the run, after overrides.
RECIPE_FILE = 'recipe.json'

# One row for each epoch.
LOG = 'log.csv'


def settle_best(folder: Path, state: Mapping[str, Any]) -> None:
    """
    Rename the new best weights, if their checkpoint was written.

    :param folder: folder of a run.
    :param state: state in its checkpoint.
    """
    pending = folder / PENDING
    if not pending.is_file() or sha256_of(pending) != state.get('best_sha256'):
        return
    # A folder that cannot be written is only read.
    with suppress(PermissionError):
        pending.replace(folder / BEST)


def check_output(folder: Path) -> None:
    """
    Check that a folder can be created and written, before anything takes time.

    :param folder: folder to write to.
    :raises ValueError: if it cannot be written.
    """
    existing = folder.absolute()
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    if not existing.is_dir():
        raise ValueError(f'cannot write to {folder}, because {existing} is a file, and no folder')
    if not os.access(existing, os.W_OK | os.X_OK):
        raise ValueError(
            f'cannot write to {folder}, because {existing} is not writable; set another --output'
        )


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
