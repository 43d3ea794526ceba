"""The resolved settings of a recipe, as a run keeps them and as a card hashes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from dataclasses import fields
import hashlib
import json
from pathlib import Path
from typing import Any

from training.data.augmentation import Augmentation
from training.data.selection import Selection
from training.recipes.builders import builder_of
from training.recipes.builders import describe_builder
from training.recipes.recipe import Recipe

# Not hashed: a card has the seed, and the hashes of the initial weights and of the teachers.
OF_ITS_OWN = ('seed', 'weights', 'teachers')

# Settings that came after runs and cards were made: with this value a recipe is as it was without
# them, and is hashed and compared as if it had none.
ADDED_LATER = {
    'consistent': False,
    'augmentation.perspective': 0.0,
    'augmentation.shading': 0.0,
    'augmentation.occlusion_probability': 0.0,
    'build.arguments.stem_kernel': 5,
    'build.arguments.stem_stride': 2,
}


def settings_of(recipe: Recipe) -> dict[str, Any]:
    """
    List every setting of a recipe.

    :param recipe: as it is run.
    :return: by the names of the fields, what JSON returns unchanged.
    :raises ValueError: if the builder of the network cannot be stored.
    """
    settings = {
        **{field.name: getattr(recipe, field.name) for field in fields(recipe)},
        'build': describe_builder(recipe.build),
        'heads': {head: float(weight) for head, weight in recipe.heads.items()},
        'selection': asdict(recipe.selection),
        'augmentation': asdict(recipe.augmentation),
    }
    if recipe.selection.exclude is not None:
        settings['selection']['exclude'] = str(recipe.selection.exclude)
    return json.loads(json.dumps(settings))


def recipe_of(settings: Mapping[str, Any]) -> Recipe:
    """
    Make a recipe from its settings.

    :param settings: as `settings_of` returns them; a setting that is missing has its default.
    :return: the recipe.
    :raises ValueError: if a setting is unknown or out of range, or the network cannot be built as
        it was.
    """
    unknown = sorted(set(settings) - {field.name for field in fields(Recipe)})
    if unknown:
        raise ValueError(f'unknown settings of a recipe: {", ".join(unknown)}')
    values = {name: _as_tuples(value) for name, value in settings.items()}
    selection = values.get('selection', {})
    if selection.get('exclude') is not None:
        selection['exclude'] = Path(selection['exclude'])
    values['selection'] = Selection(**selection)
    values['augmentation'] = Augmentation(**values.get('augmentation', {}))
    values['build'] = builder_of(values['build'])
    return Recipe(**values)


def recipe_sha256(recipe: Recipe) -> str:
    """
    Hash the resolved settings of a recipe.

    Hashed is the JSON text of `settings_of` with sorted keys and without blanks, but for the
    settings that a card states by other means (`OF_ITS_OWN`) and for paths of Python files.

    :param recipe: as it is run.
    :return: SHA-256, hexadecimal.
    """
    settings = comparable(settings_of(recipe))
    kept = {name: value for name, value in settings.items() if name not in OF_ITS_OWN}
    text = json.dumps(kept, sort_keys=True, separators=(',', ':'))
    return hashlib.sha256(text.encode()).hexdigest()


def comparable(settings: Mapping[str, Any]) -> dict[str, Any]:
    """
    Leave out where the files of a recipe lie.

    :param settings: of `settings_of`.
    :return: the settings that decide what a run computes.
    """
    kept = {name: value for name, value in settings.items() if name != 'file'}
    kept['build'] = {name: value for name, value in settings['build'].items() if name != 'file'}
    return _without_defaults(kept)


def changed_settings(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """
    Compare the settings of two recipes.

    :param old: of `settings_of`.
    :param new: likewise.
    :return: by the name of each setting that differs, such as 'learning_rate' or
        'augmentation.shift', the old and the new value; None where there is none.
    """
    before, after = _flat(comparable(old)), _flat(comparable(new))
    names = dict.fromkeys([*before, *after])
    return {
        name: (before.get(name), after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    }


def _without_defaults(settings: Mapping[str, Any], prefix: str = '') -> dict[str, Any]:
    """Leave out the settings of `ADDED_LATER` that change nothing."""
    kept = {}
    for name, value in settings.items():
        path = prefix + name
        if isinstance(value, dict):
            kept[name] = _without_defaults(value, f'{path}.')
        elif path not in ADDED_LATER or value != ADDED_LATER[path]:
            kept[name] = value
    return kept


def _flat(settings: Mapping[str, Any], prefix: str = '') -> dict[str, Any]:
    """Name the settings within settings by both names, with a dot between them."""
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, dict) and value:
            flat |= _flat(value, f'{prefix}{name}.')
        else:
            flat[prefix + name] = value
    return flat


def _as_tuples(value: Any) -> Any:
    """Turn lists, which JSON makes of tuples, into tuples."""
    if isinstance(value, list):
        return tuple(map(_as_tuples, value))
    if isinstance(value, dict):
        return {key: _as_tuples(item) for key, item in value.items()}
    return value
