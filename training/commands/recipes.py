"""List the recipes, or the settings of one recipe: `python -m training recipes fer_mobile`."""

from __future__ import annotations

import argparse
import ast
from collections.abc import Iterator
from dataclasses import Field
from dataclasses import fields
import json
from pathlib import Path
from typing import Any

from training.recipes.library import load_recipe
from training.recipes.library import recipe_files
from training.recipes.recipe import Recipe
from training.recipes.settings import recipe_sha256
from training.recipes.settings import settings_of


def list_recipes() -> Iterator[tuple[str, str]]:
    """
    List the included recipes.

    :return: iterator over the name and the first line of the docstring of each recipe.
    """
    for name, file in recipe_files().items():
        docstring = ast.get_docstring(ast.parse(file.read_text(encoding='utf-8'))) or ''
        yield name, docstring.split('\n', 1)[0]


def describe_settings(recipe: Recipe) -> str:
    """
    Describe all settings of a recipe.

    :param recipe: the recipe.
    :return: text with the name and the value of each setting, its range and its description.
    """
    settings = settings_of(recipe)
    lines = []
    for declared in fields(recipe):
        lines.append(f'{declared.name}: {json.dumps(settings[declared.name])}')
        lines.append(f'    {_described(declared)}')
        if declared.name == 'augmentation':
            for inner in fields(recipe.augmentation):
                value = json.dumps(settings['augmentation'][inner.name])
                lines.append(f'  augmentation.{inner.name}: {value}')
                lines.append(f'    {_described(inner)}')
    return '\n'.join([*lines, f'SHA-256 of the settings: {recipe_sha256(recipe)}'])


def _described(declared: Field[Any]) -> str:
    """Return the description of a setting, with its bounds or choices."""
    description = declared.metadata['description']
    bounds, choices = declared.metadata.get('bounds'), declared.metadata.get('choices')
    if bounds:
        return f'{description} From {bounds[0]:g} to {bounds[1]:g}.'
    return f'{description} One of {", ".join(choices)}.' if choices else description


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `recipes`."""
    parser.add_argument('recipe', nargs='?', type=Path, help='name or file of a recipe')
    parser.add_argument('--json', action='store_true', help='print the settings as JSON')


def run(arguments: argparse.Namespace) -> int:
    """Run the command `recipes`."""
    if arguments.recipe is None:
        listed = dict(list_recipes())
        width = max(map(len, listed))
        print('\n'.join(f'{name:{width}}  {sentence}' for name, sentence in listed.items()))
        return 0
    recipe = load_recipe(arguments.recipe)
    if arguments.json:
        print(json.dumps(settings_of(recipe), indent=1))
    else:
        print(describe_settings(recipe))
    return 0
