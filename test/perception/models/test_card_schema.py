from pathlib import Path

import pytest

from fer_ros.perception.models.bounded_yaml import load_yaml
from fer_ros.perception.models.card_schema import FIELDS
from fer_ros.perception.models.card_schema import read_fields
from fer_ros.perception.models.card_schema import unknown_keys
from fer_ros.perception.models.model_files import bundle_folders

ROOT = Path(__file__).resolve().parents[3]
CARD = load_yaml((ROOT / 'models' / 'fer2013_tiny' / 'card.yaml').read_text(encoding='utf-8'))


def test_the_table_of_the_document_is_the_declaration():
    text = (ROOT / 'doc' / 'models.md').read_text(encoding='utf-8')
    section = text.split('## The fields of a card\n', 1)[1].split('\n## ', 1)[0]
    rows = [
        [cell.strip() for cell in line.strip('|').split('|')]
        for line in section.splitlines()
        if line.startswith('| `')
    ]

    assert rows == [
        [f'`{field.key}`', 'yes' if field.required else 'no', field.value, field.meaning]
        for field in FIELDS
    ]


@pytest.mark.parametrize('field', FIELDS, ids=lambda field: field.key)
def test_a_field_is_required_as_declared(field):
    group, _, key = field.key.rpartition('.')
    changed = {**CARD, group: dict(CARD[group])} if group else dict(CARD)
    (changed[group] if group else changed).pop(key, None)

    if field.required:
        with pytest.raises(ValueError, match=f"has no key '{key}'"):
            read_fields(changed)
    else:
        assert not read_fields(changed)[field.key]


def test_shipped_cards_have_known_keys_only():
    for folder in bundle_folders():
        assert unknown_keys(load_yaml((folder / 'card.yaml').read_text(encoding='utf-8'))) == []


def test_an_unknown_key_is_told_with_the_closest_known_one():
    changed = {**CARD, 'temprature': 1, 'x\x1b': 2, 'input': {**CARD['input'], 'color': 'gray'}}

    assert unknown_keys(changed) == [
        "'input.color' (did you mean input.colour?)",
        "'temprature' (did you mean temperature?)",
        "'x\\x1b'",
    ]
