"""Find and read recipes."""

from __future__ import annotations

from dataclasses import replace
import importlib.util
from pathlib import Path
from types import ModuleType

from training.recipes.recipe import Recipe

# The folders of the recipes that ship: the project's own, and those of the sources' networks.
RECIPES = Path(__file__).resolve().parent
FOLDERS = (RECIPES / 'own', RECIPES / 'sources')


def load_recipe(path: Path) -> Recipe:
    """
    Read the `RECIPE` that a file defines.

    :param path: of a Python file that defines it, or the name of one in `training/recipes`.
    :return: the recipe.
    :raises ValueError: if there is no such file, or it defines none.
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
    Find the recipes that ship.

    :return: the file of each, by its name, in alphabetical order.
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
    Find a recipe.

    :param path: of a Python file, or the name of one in `training/recipes`.
    :return: of an existing file.
    :raises ValueError: if there is none; the message lists the names there are.
    """
    known = recipe_files()
    for candidate in (path, known.get(str(path), path)):
        if candidate.is_file():
            return candidate
    raise ValueError(f'there is no recipe {path}; choose one of: {", ".join(known)}')


def run_file(file: Path) -> ModuleType:
    """
    Run a Python file that is no module of an installed package, such as a user's recipe.

    :param file: existing.
    :return: a module with what the file defines.
    :raises ValueError: if it is no Python file.
    """
    spec = importlib.util.spec_from_file_location(f'training_recipe_{file.stem}', file)
    if spec is None or spec.loader is None:
        raise ValueError(f'{file} is not a Python file')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
