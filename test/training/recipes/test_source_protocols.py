import json
from pathlib import Path

import pytest

from training.recipes.library import load_recipe
from training.recipes.library import recipe_files
from training.recipes.settings import settings_of

TABLE = Path(__file__).with_name('source_protocols.txt')

# Settings that no source has a value for, or that have no effect with those of the table.
OF_NO_SOURCE = {
    'augmentation.erase_area',
    'build',
    'file',
    'heads',
    'least_learning_rate',
    'momentum',
    'name',
    'plateau_factor',
    'plateau_patience',
    'seed',
    'selection.fold',
    'selection.groups',
    'selection.seed',
    'teacher_share',
}


def protocols():
    """Read the table: settings of each recipe, keyed by its name without `_source`."""
    found, name = {}, ''
    for line in TABLE.read_text(encoding='utf-8').splitlines():
        if line.startswith('  '):
            setting, value = line.strip().split(' ', 1)
            found[name][setting] = json.loads(value)
        elif not line.startswith('#'):
            name = line
            found[name] = {}
    common = found.pop('common')
    return {name: {**common, **own} for name, own in found.items()}


def flat(settings):
    values = {}
    for name, value in settings.items():
        if name in ('selection', 'augmentation'):
            values |= {f'{name}.{inner}': of for inner, of in value.items()}
        else:
            values[name] = value
    return values


def test_every_network_of_the_documents_has_a_recipe_with_its_protocol():
    names = {name.removesuffix('_source') for name in recipe_files() if name.endswith('_source')}

    assert names == set(protocols())
    # The improved recipe stands beside it; augmentation 1 is the network csce633_cnn1.
    assert names - set(recipe_files()) == {'csce633_augmentation1'}


@pytest.mark.parametrize('name', protocols())
def test_a_recipe_has_the_settings_of_its_source(name):
    pytest.importorskip('keras')
    settings = flat(settings_of(load_recipe(Path(f'{name}_source'))))
    expected = protocols()[name]

    assert set(settings) - OF_NO_SOURCE == set(expected)
    for setting, value in expected.items():
        near = pytest.approx(value, abs=1e-9) if setting == 'selection.fractions' else value
        assert settings[setting] == near, setting
    network = 'csce633_cnn1' if name == 'csce633_augmentation1' else name
    assert settings['build']['arguments']['name'] == network
    # Only for CK+ the document does not show what the backbone gets.
    assert settings['build']['arguments']['scaled'] == (name == 'ckplus_resnet101')
