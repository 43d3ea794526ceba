"""Find and load recipes."""

from __future__ import annotations

from dataclasses import replace
import importlib.util
from pathlib import Path
from types import ModuleType

from training.recipes.recipe import Recipe

# Folders of the included recipes: those of this project, those for the networks of the sources,
# and those with the protocols of the sources.
RECIPES = Path(__file__).resolve().parent
FOLDERS = (RECIPES / 'own', RECIPES / 'sources', RECIPES / 'protocols')


def load_recipe(path: Path) -> Recipe:
    """
    Load the recipe from a recipe file.

    :param path: path of a Python file with a `RECIPE`, or the name of a recipe in
        `training/recipes`.
    :return: the recipe.
    :raises ValueError: if there is no such file, or it defines no `RECIPE`.
    """
    file = recipe_file(path)
    recipe = getattr(run_file(file), 'RECIPE', None)
    if not isinstance(recipe, Recipe):
        raise ValueError(
            f'{file} does not define RECIPE as a Recipe; in earlier versions, the names were '
            'CONFIG and TrainingConfig'
        )
    if recipe.name != file.stem:
        raise ValueError(
            f"the recipe in {file} has the name '{recipe.name}', but must have the "
            f"name of the file, '{file.stem}'"
        )
    if file.resolve() in recipe_files().values():
        return recipe
    return replace(recipe, file=str(file.resolve()))


def recipe_files() -> dict[str, Path]:
    """
    Find the included recipes.

    :return: file of each recipe, keyed by its name, in alphabetical order.
    """
    found = {
        file.stem: file
        for folder in FOLDERS
        for file in folder.rglob('*.py')
        if file.stem != '__init__'
    }
    return dict(sorted(found.items()))


def recipe_file(path: Path) -> Path:
    """
    Find the file of a recipe.

    :param path: path of a Python file, or the name of a recipe in `training/recipes`.
    :return: path of an existing file.
    :raises ValueError: if there is no such file; the message lists the included recipes.
    """
    known = recipe_files()
    for candidate in (path, known.get(str(path), path)):
        if candidate.is_file():
            return candidate
    raise ValueError(f'there is no recipe {path}; choose one of: {", ".join(known)}')


def run_file(file: Path) -> ModuleType:
    """
    Run a Python file outside the installed packages, such as a recipe of a user.

    :param file: path of an existing file.
    :return: module with the definitions of the file.
    :raises ValueError: if it is not a Python file.
    """
    spec = importlib.util.spec_from_file_location(f'training_recipe_{file.stem}', file)
    if spec is None or spec.loader is None:
        raise ValueError(f'{file} is not a Python file')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
