from dataclasses import fields
import json
from pathlib import Path

import pytest

from training.__main__ import main
from training.commands.recipes import describe_settings
from training.commands.recipes import list_recipes
from training.data.augmentation import Augmentation
from training.recipes.library import load_recipe
from training.recipes.library import recipe_files
from training.recipes.recipe import Recipe
from training.recipes.settings import settings_of


def test_every_recipe_is_listed_with_a_sentence():
    listed = dict(list_recipes())

    assert set(listed) == set(recipe_files())
    assert all(sentence.endswith('.') for sentence in listed.values())


def test_every_setting_is_described_with_its_value_and_its_range(capsys):
    assert main(['recipes', 'fer_mobile']) == 0

    lines = capsys.readouterr().out.splitlines()
    assert 'learning_rate: 0.04' in lines
    index = lines.index('learning_rate: 0.04')
    assert lines[index + 1] == '    Maximum learning rate. From 1e-09 to 100.'
    assert '  augmentation.rotation_deg: 12.0' in lines
    assert any(line.endswith('One of cosine, plateau, constant.') for line in lines)


@pytest.mark.parametrize('kind', [Recipe, Augmentation])
def test_every_field_is_declared_with_a_description_that_is_a_sentence(kind):
    descriptions = {field.name: field.metadata.get('description', '') for field in fields(kind)}

    assert [name for name, text in descriptions.items() if not text.endswith('.')] == []
    for name in descriptions:
        assert f'{name}: ' in describe_settings(load_recipe(Path('fer_small')))


def test_the_settings_are_printed_as_json(capsys):
    assert main(['recipes', 'fer_tiny', '--json']) == 0

    printed = json.loads(capsys.readouterr().out)
    assert printed == settings_of(load_recipe(Path('fer_tiny')))
