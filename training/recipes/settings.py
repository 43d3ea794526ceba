"""All settings of a recipe, as a run stores them and a card hashes them."""

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

# Settings that the hash excludes, because a card has the seed, and hashes of the initial weights
# and the teachers.
OF_ITS_OWN = ('seed', 'weights', 'teachers')

# Settings that are newer than some runs and cards, with the value that keeps the old behaviour.  A
# setting with this value is neither hashed nor compared.
ADDED_LATER = {
    'consistent': False,
    'selection.labels': [],
    'whitening_in_training_only': False,
    'chosen_epoch': 'best',
    'stopping_monitor': 'same',
    'min_delta': 0.0,
    'keep_last': False,
    'faces_only': True,
    'augment_validation': False,
    'augmentation.vertical_flip': False,
    'augmentation.shear_deg': 0.0,
    'selection.stratified': True,
    'build.arguments.scaled': True,
    'augmentation.perspective': 0.0,
    'augmentation.shading': 0.0,
    'augmentation.occlusion_probability': 0.0,
    'build.arguments.stem_kernel': 5,
    'build.arguments.stem_stride': 2,
}


def settings_of(recipe: Recipe) -> dict[str, Any]:
    """
    List all settings of a recipe.

    :param recipe: recipe of the run, with all overrides.
    :return: values that JSON restores unchanged, keyed by the name of the field.
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
    Create a recipe from its settings.

    :param settings: settings, as `settings_of` returns them; a missing setting has its default.
    :return: the recipe.
    :raises ValueError: if a setting is unknown or out of range, or the builder cannot be
        recreated.
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
    Compute the hash of the settings of a recipe.

    The hash covers the JSON text of `settings_of` with sorted keys and without blanks.  The hash
    excludes the settings in `OF_ITS_OWN` and the paths of Python files.

    :param recipe: recipe of the run, with all overrides.
    :return: SHA-256, hexadecimal.
    """
    settings = comparable(settings_of(recipe))
    kept = {name: value for name, value in settings.items() if name not in OF_ITS_OWN}
    text = json.dumps(kept, sort_keys=True, separators=(',', ':'))
    return hashlib.sha256(text.encode()).hexdigest()


def comparable(settings: Mapping[str, Any]) -> dict[str, Any]:
    """
    Select the settings that decide the result of a run, without the paths of Python files.

    :param settings: settings, as `settings_of` returns them.
    :return: the selected settings.
    """
    kept = {name: value for name, value in settings.items() if name != 'file'}
    kept['build'] = {name: value for name, value in settings['build'].items() if name != 'file'}
    return _without_defaults(kept)


def changed_settings(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """
    Compare the settings of two recipes.

    :param old: settings of the first recipe, as `settings_of` returns them.
    :param new: settings of the second recipe, in the same form.
    :return: old and new value of each setting that differs, or None for a missing value, keyed by
        the name of the setting, for example 'learning_rate' or 'augmentation.shift'.
    """
    before, after = _flat(comparable(old)), _flat(comparable(new))
    names = dict.fromkeys([*before, *after])
    return {
        name: (before.get(name), after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    }


def _without_defaults(settings: Mapping[str, Any], prefix: str = '') -> dict[str, Any]:
    """Remove the settings of `ADDED_LATER` that have their default."""
    kept = {}
    for name, value in settings.items():
        path = prefix + name
        if isinstance(value, dict):
            kept[name] = _without_defaults(value, f'{path}.')
        elif path not in ADDED_LATER or value != ADDED_LATER[path]:
            kept[name] = value
    return kept


def _flat(settings: Mapping[str, Any], prefix: str = '') -> dict[str, Any]:
    """Flatten nested settings; the names of all levels are joined by dots."""
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, dict) and value:
            flat |= _flat(value, f'{prefix}{name}.')
        else:
            flat[prefix + name] = value
    return flat


def _as_tuples(value: Any) -> Any:
    """Convert lists to tuples, which JSON does not have."""
    if isinstance(value, list):
        return tuple(map(_as_tuples, value))
    if isinstance(value, dict):
        return {key: _as_tuples(item) for key, item in value.items()}
    return value
