"""What a network began from, and who taught it."""

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

# What is kept of how a bundle was made that a network begins from: it may be replaced.
_OF_A_BEGINNING = (
    'recipe',
    'recipe_sha256',
    # What these two were called in an earlier version.
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
    Tell the two kinds of teachers apart.

    :param teacher: the folder of a bundle or of a run.
    :return: whether it is a bundle.
    """
    return (Path(teacher) / CARD_NAME).is_file()


def find_origins(recipe: Recipe) -> dict[str, list[dict[str, Any]]]:
    """
    Tell what a network is about to begin from, and who is to teach it.

    :param recipe: of its run.
    :return: 'begun_from', the files of weights by name and SHA-256, with how they were made where
        they are a bundle's; 'taught_by', the recipe of a run with its settings or the name of a
        bundle, and the SHA-256 of its weights.
    :raises ValueError: if a teacher is neither run nor bundle.
    """
    files = [] if recipe.weights == 'none' else recipe.weights.split(',')
    return {
        'begun_from': [_beginning(Path(file)) for file in files],
        'taught_by': [_teacher(Path(teacher)) for teacher in recipe.teachers],
    }


def origins_of(run: Run) -> dict[str, list[dict[str, Any]]]:
    """
    Tell what a network began from, and who taught it.

    :param run: of it.
    :return: what was found when it began; for a run of an earlier version, what is there now.
    """
    names = ('begun_from', 'taught_by')
    if all(name in run.state for name in names):
        return {name: run.state[name] for name in names}
    return find_origins(run.recipe)


def _beginning(path: Path) -> dict[str, Any]:
    """Tell of a file of weights."""
    # Where a user has it is nobody's business; what ships lies where everybody has it.
    told: dict[str, Any] = {'name': path.name if path.is_absolute() else str(path)}
    if path.is_file():
        told['sha256'] = sha256_of(path)
    if is_bundle(str(path.parent)):
        made = load_card(path.parent).training
        told['training'] = {name: made[name] for name in _OF_A_BEGINNING if name in made}
    return told


def _teacher(folder: Path) -> dict[str, Any]:
    """Tell of a teacher."""
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
