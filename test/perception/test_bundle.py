import hashlib
from pathlib import Path
from typing import Any

import pytest
import yaml

from fer_ros.perception.bundle import BundleError
from fer_ros.perception.bundle import find_bundle
from fer_ros.perception.bundle import load_card

NETWORK = b'a network'
CARD: dict[str, Any] = {
    'name': 'some_model',
    'labels': ['happy', 'sad'],
    'input': {
        'height': 48,
        'width': 48,
        'channels': 1,
        'colour': 'gray',
        'value_range': [0.0, 1.0],
    },
    'crop': {'left_eye': [0.7, 0.4], 'right_eye': [0.3, 0.4]},
    'output': 'logits',
    'temperature': 1.5,
    'files': {'tflite': {'name': 'model.tflite', 'sha256': hashlib.sha256(NETWORK).hexdigest()}},
    'training': {'seed': 3},
    'metrics': {},
    'licence': 'Apache-2.0',
    'terms': 'none',
}


def write_bundle(folder, **changed):
    folder.mkdir(parents=True)
    (folder / 'model.tflite').write_bytes(NETWORK)
    (folder / 'card.yaml').write_text(yaml.safe_dump({**CARD, **changed}))
    return folder


@pytest.fixture
def models(tmp_path, monkeypatch):
    """Give an empty folder of models, the only one that is searched."""
    monkeypatch.setattr(
        'fer_ros.perception.bundle.bundle_folders', lambda: sorted(tmp_path.iterdir())
    )
    return tmp_path


def test_a_card_says_all_that_is_needed_to_feed_and_read_the_network(tmp_path):
    card = load_card(write_bundle(tmp_path / 'some_model'))

    assert card.labels == ('happy', 'sad')
    assert card.input.shape == (48, 48, 1)
    assert card.input.value_range == (0, 1)
    assert card.crop.left_eye == (0.7, 0.4)
    assert card.temperature == 1.5
    assert card.training == {'seed': 3}
    assert card.file('tflite').read_bytes() == NETWORK


def test_a_model_is_found_by_its_name(models):
    write_bundle(models / 'some_model')

    assert find_bundle('some_model') == models / 'some_model'


def test_a_model_is_found_by_its_path(tmp_path):
    folder = write_bundle(tmp_path / 'deep' / 'bundle')

    assert find_bundle(str(folder)) == folder


def test_a_name_that_is_none_is_answered_with_the_names_there_are(models):
    write_bundle(models / 'some_model')

    with pytest.raises(BundleError, match="no model is called 'somemodel'; there are: some_model"):
        find_bundle('somemodel')


def test_a_path_without_a_bundle_is_refused(tmp_path):
    with pytest.raises(BundleError, match='has no card.yaml'):
        find_bundle(f'{tmp_path}/nothing')


def test_a_file_that_is_another_than_the_cards_is_refused(tmp_path):
    folder = write_bundle(tmp_path / 'bundle')
    (folder / 'model.tflite').write_bytes(b'another network')

    with pytest.raises(BundleError, match=r'SHA-256 .*one of them is not of this bundle'):
        load_card(folder).file('tflite')


def test_a_file_that_is_missing_is_named(tmp_path):
    folder = write_bundle(tmp_path / 'bundle')
    (folder / 'model.tflite').unlink()

    with pytest.raises(BundleError, match=r'model\.tflite is missing'):
        load_card(folder).file('tflite')


def test_a_form_that_a_bundle_lacks_is_named_with_those_it_has(tmp_path):
    with pytest.raises(BundleError, match='has no onnx file; it has: tflite'):
        load_card(write_bundle(tmp_path / 'bundle')).file('onnx')


@pytest.mark.parametrize(
    'key', ['name', 'labels', 'input', 'crop', 'output', 'temperature', 'files']
)
def test_a_key_that_is_missing_is_named(tmp_path, key):
    folder = write_bundle(tmp_path / 'bundle')
    written = {name: value for name, value in CARD.items() if name != key}
    (folder / 'card.yaml').write_text(yaml.safe_dump(written))

    with pytest.raises(BundleError, match=f"has no key '{key}'"):
        load_card(folder)


@pytest.mark.parametrize(
    ('changed', 'sentence'),
    [
        ({'labels': ['happy']}, 'not a list of 2 to 100 names'),
        ({'labels': ['happy', 'happy']}, 'each may stand once'),
        ({'labels': ['happy', 'uncertain']}, "'uncertain' not"),
        ({'output': 'scores'}, "output is 'scores', not one of logits, probabilities"),
        ({'temperature': 0}, 'temperature is 0, not a number from 0.01 to 100'),
        ({'temperature': 'warm'}, 'warm'),
        ({'files': {}}, 'files are'),
        ({'files': {'caffe': {'name': 'x', 'sha256': 'y'}}}, 'files are'),
        ({'input': {**CARD['input'], 'channels': 3}}, 'gray has 1 channels, not 3'),
        ({'input': {**CARD['input'], 'value_range': [1]}}, 'value_range is .*, not a list of two numbers'),
        ({'crop': {'left_eye': [0.3, 0.4], 'right_eye': [0.3, 0.4]}}, 'both eyes are at'),
        ({'crop': []}, 'card.yaml'),
    ],
)
def test_a_card_that_misstates_something_is_refused(tmp_path, changed, sentence):
    with pytest.raises(BundleError, match=sentence):
        load_card(write_bundle(tmp_path / 'bundle', **changed))


@pytest.mark.parametrize(
    ('text', 'sentence'),
    [
        (b'a: [', 'is no YAML'),
        (b'- a', 'not a mapping of keys to values'),
        (b'', 'the card is None, not a mapping'),
        (b'\xff\xfe\x00', 'not text in UTF-8'),
    ],
)
def test_a_card_that_is_none_is_refused(tmp_path, text, sentence):
    (tmp_path / 'card.yaml').write_bytes(text)

    with pytest.raises(BundleError, match=sentence):
        load_card(tmp_path)


def test_a_folder_without_a_card_is_refused(tmp_path):
    with pytest.raises(BundleError, match=r'card\.yaml cannot be read'):
        load_card(Path(tmp_path))
