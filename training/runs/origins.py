"""The initial weights and the teachers of a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from typing import TYPE_CHECKING

from fer_ros.perception.models.bundle import CARD_NAME
from fer_ros.perception.models.bundle import load_card
from fer_ros.perception.models.model_files import sha256_of
from training.recipes.recipe import Recipe

if TYPE_CHECKING:
    from training.runs.run import Run

# Entries of `training` to keep from the card of an initial bundle, as the bundle may be replaced.
_OF_A_BEGINNING = (
    'recipe',
    'recipe_sha256',
    # Names of `recipe` and `recipe_sha256` in an earlier version.
    'config',
    'config_sha256',
    'begun_from',
    'taught_by',
    'seed',
    'epochs',
    'chosen_epoch',
    'averaged',
)


def is_bundle(teacher: str) -> bool:
    """
    Check whether a teacher is a bundle rather than a run.

    :param teacher: folder of a bundle or of a run.
    :return: whether it is a bundle.
    """
    return (Path(teacher) / CARD_NAME).is_file()


def find_origins(recipe: Recipe) -> dict[str, list[dict[str, Any]]]:
    """
    Describe the initial weights and the teachers of a recipe.

    :param recipe: recipe of the run.
    :return: 'begun_from': name and SHA-256 of each file of initial weights, with the training of
        its
        bundle if it belongs to one.  'taught_by': the recipe and settings of each run, or the name
        of each bundle, and the SHA-256 of its weights.
    :raises ValueError: if a teacher is neither a run nor a bundle.
    """
    files = [] if recipe.weights == 'none' else recipe.weights.split(',')
    return {
        'begun_from': [_beginning(Path(file)) for file in files],
        'taught_by': [_teacher(Path(teacher)) for teacher in recipe.teachers],
    }


def origins_of(run: Run) -> dict[str, list[dict[str, Any]]]:
    """
    Describe the initial weights and the teachers of a run.

    :param run: run to describe.
    :return: the origins recorded when the run started, as in `find_origins`; for a run of an
        earlier
        version, the origins found now.
    """
    names = ('begun_from', 'taught_by')
    if all(name in run.state for name in names):
        return {name: run.state[name] for name in names}
    return find_origins(run.recipe)


def _beginning(path: Path) -> dict[str, Any]:
    """Describe a file of initial weights."""
    # An absolute path may reveal private folders; the relative path of a released file is public.
    told: dict[str, Any] = {'name': path.name if path.is_absolute() else str(path)}
    if path.is_file():
        told['sha256'] = sha256_of(path)
    if is_bundle(str(path.parent)):
        made = load_card(path.parent).training
        told['training'] = {name: made[name] for name in _OF_A_BEGINNING if name in made}
    return told


def _teacher(folder: Path) -> dict[str, Any]:
    """Describe a teacher."""
    if is_bundle(str(folder)):
        name = folder.name if folder.is_absolute() else str(folder)
        return {'bundle': name, 'sha256': sha256_of(load_card(folder).file('keras'))}
    from training.runs.files import BEST
    from training.runs.run import load_run

    run = load_run(folder)
    told = {
        'recipe': run.recipe.name,
        'sha256': sha256_of(folder / BEST),
        'epochs': run.recipe.epochs,
        'seed': run.recipe.seed,
        'begun_from': origins_of(run)['begun_from'],
    }
    if run.recipe.held_back:
        number, parts = run.recipe.held_back
        told['held_back'] = f'{number + 1}/{parts}'
    return told
