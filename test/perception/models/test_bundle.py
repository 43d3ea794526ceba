from dataclasses import replace
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from fer_ros.perception.models.bundle import BundleError
from fer_ros.perception.models.bundle import card_of
from fer_ros.perception.models.bundle import find_bundle
from fer_ros.perception.models.bundle import load_card
from fer_ros.perception.models.bundle import to_request

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


def file_named(name, sha256='0' * 64):
    return {'files': {'tflite': {'name': name, 'sha256': sha256}}}


def input_with(**changed):
    return {'input': {**CARD['input'], **changed}}


@pytest.fixture
def models(tmp_path, monkeypatch):
    """Return an empty folder, which is the only folder searched for models."""
    monkeypatch.setattr(
        'fer_ros.perception.models.bundle.bundle_folders', lambda: sorted(tmp_path.iterdir())
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

    with pytest.raises(
        BundleError, match="there is no model 'somemodel'; available models: some_model"
    ):
        find_bundle('somemodel')


def test_a_path_without_a_bundle_is_refused(tmp_path):
    with pytest.raises(BundleError, match='has no card.yaml'):
        find_bundle(f'{tmp_path}/nothing')


def test_a_file_that_is_another_than_the_cards_is_refused(tmp_path):
    folder = write_bundle(tmp_path / 'bundle')
    (folder / 'model.tflite').write_bytes(b'another network')

    with pytest.raises(
        BundleError, match=r'SHA-256 .*copy the card and the network from the same bundle'
    ):
        load_card(folder).file('tflite')


def test_a_file_that_is_missing_is_named(tmp_path):
    folder = write_bundle(tmp_path / 'bundle')
    (folder / 'model.tflite').unlink()

    with pytest.raises(BundleError, match=r'model\.tflite is missing'):
        load_card(folder).file('tflite')


def test_a_bundle_may_have_forms_that_no_back_end_reads(tmp_path):
    stated = {'name': 'model.rknn', 'sha256': hashlib.sha256(b'for an NPU').hexdigest()}
    folder = write_bundle(tmp_path / 'bundle', files={**CARD['files'], 'rknn': stated})
    (folder / 'model.rknn').write_bytes(b'for an NPU')

    card = load_card(folder)

    assert set(card.kinds) == {'tflite', 'rknn'}
    assert card.read('rknn') == b'for an NPU'


def test_a_form_that_a_bundle_lacks_is_named_with_those_it_has(tmp_path):
    with pytest.raises(BundleError, match='has no onnx file; it has only: tflite'):
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
        ({'labels': ['happy']}, 'must be a list of 2 to 100 names'),
        ({'labels': ['happy'] * 101}, 'must be a list of 2 to 100 names'),
        ({'labels': 'happy'}, 'must be a list of 2 to 100 names'),
        ({'labels': ['happy', 3]}, 'a label is 3, but must be text'),
        (
            {'labels': ['happy', 'x' * 65]},
            r'a label is .*… \(65 characters\)|must be text of 1 to 64',
        ),
        ({'labels': ['happy', '\x1b[2J']}, 'must be printable'),
        ({'labels': ['happy', ' sad']}, 'without leading or trailing spaces'),
        ({'name': ''}, 'name is .*must be text of 1 to 64 characters'),
        ({'name': 7}, 'name is 7, but must be text'),
        ({'name': 'a\nb'}, 'must be printable'),
        ({'labels': ['happy', 'happy']}, 'each label may occur only once'),
        ({'labels': ['happy', 'uncertain']}, "'uncertain' is reserved"),
        ({'output': 'scores'}, "output is 'scores', but must be one of logits, probabilities"),
        ({'temperature': 0}, 'temperature is 0, but must be a number from 0.01 to 100'),
        ({'temperature': 'warm'}, 'warm'),
        ({'temperature': 1e-308}, 'must be a number from 0.01 to 100'),
        ({'temperature': 101}, 'must be a number from 0.01 to 100'),
        ({'temperature': float('nan')}, 'temperature is nan'),
        ({'temperature': float('inf')}, 'temperature is inf'),
        ({'temperature': True}, 'temperature is True, but must be a number'),
        ({'temperature': '1.5'}, "temperature is '1.5', but must be a number"),
        ({'temperature': 10**3000}, 'temperature is 1000'),
        ({'temperature': [[1.0]]}, r'temperature is \[\[1.0\]\], but must be a number'),
        ({'files': {}}, 'files are'),
        ({'files': {'Caffe 2': {'name': 'x', 'sha256': 'y'}}}, 'files has the file format .Caffe'),
        ({'files': ['tflite']}, 'files are'),
        ({'files': {'tflite': 'model.tflite'}}, 'tflite is .*must be a mapping'),
        (
            file_named('../model.tflite'),
            "must be the name of a .tflite file in the bundle's folder",
        ),
        (file_named('/etc/model.tflite'), 'must be the name of a .tflite file'),
        (file_named('..\\model.tflite'), 'must be the name of a .tflite file'),
        (file_named('model.h5'), 'must be the name of a .tflite file'),
        (file_named('.tflite'), 'must be the name of a .tflite file'),
        (file_named('model.tflite\0'), 'must be printable'),
        (file_named('model.tflite', 'g' * 64), 'must be 64 hexadecimal digits'),
        (file_named('model.tflite', '0' * 63), 'must be 64 hexadecimal digits'),
        (file_named('model.tflite', 12), 'must be 64 hexadecimal digits'),
        (
            {'input': {**CARD['input'], 'channels': 3}},
            'channels is 3, but the colour gray has 1 channels',
        ),
        (input_with(value_range=[1]), r'value_range is \[1\], but must be a list of two numbers'),
        ({'crop': {'left_eye': [0.3, 0.4], 'right_eye': [0.3, 0.4]}}, 'both eyes are at'),
        (input_with(height=7), 'height is 7, but must be an integer from 8 to 1024'),
        (input_with(width=1025), 'width is 1025, but must be an integer from 8 to 1024'),
        (input_with(width=48.0), 'width is 48.0, but must be an integer'),
        (input_with(height=True), 'height is True, but must be an integer'),
        (input_with(value_range=[0, float('inf')]), 'value_range is inf'),
        (input_with(value_range=[-1e300, 1e300]), 'value_range is -1e\\+300'),
        (input_with(value_range=[1, 0]), r'value_range is \(1.0, 0.0\)'),
        (input_with(colour=['gray']), 'colour is'),
        (input_with(colour='x' * 1000), 'colour is'),
        ({'input': 48}, 'input is 48, but must be a mapping'),
        ({'crop': {'left_eye': [0.3, 0.4], 'right_eye': [0.7, 0.4]}}, 'must have the larger x'),
        (
            {'crop': {'left_eye': [0.3, 4], 'right_eye': [0.7, 0.4]}},
            'left_eye is 4, but must be a number',
        ),
        ({'training': ['a']}, 'training is .*must be a mapping'),
        ({'terms': ['a']}, 'terms is .*must be text'),
        ({'crop': []}, 'card.yaml'),
    ],
)
def test_a_card_that_misstates_something_is_refused(tmp_path, changed, sentence):
    with pytest.raises(BundleError, match=sentence) as caught:
        load_card(write_bundle(tmp_path / 'bundle', **changed))
    assert len(str(caught.value)) < 700
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ('text', 'sentence'),
    [
        (b'a: [', 'is not valid YAML'),
        (b'- a', 'must be a mapping of keys to values'),
        (b'', 'the card is None, but must be a mapping'),
        (b'\xff\xfe\x00', 'not UTF-8 text'),
    ],
)
def test_a_card_that_is_none_is_refused(tmp_path, text, sentence):
    (tmp_path / 'card.yaml').write_bytes(text)

    with pytest.raises(BundleError, match=sentence):
        load_card(tmp_path)


def test_a_folder_without_a_card_is_refused(tmp_path):
    with pytest.raises(BundleError, match=r'cannot read .*card\.yaml'):
        load_card(Path(tmp_path))


def test_a_card_that_is_too_large_is_refused(tmp_path):
    folder = write_bundle(tmp_path / 'bundle', metrics={'x': 'y' * (1 << 20)})

    with pytest.raises(BundleError, match='more than 1048576 bytes'):
        load_card(folder)


def test_a_card_with_aliases_is_refused_in_a_short_sentence(tmp_path):
    laughs = 'a0: &a0 [x]\n' + ''.join(
        f'a{level}: &a{level} [{", ".join([f"*a{level - 1}"] * 9)}]\n' for level in range(1, 9)
    )
    (tmp_path / 'card.yaml').write_text(f'{laughs}labels: *a8\n')

    with pytest.raises(BundleError, match='an anchor .* is not allowed') as caught:
        load_card(tmp_path)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize('make', [os.mkfifo, os.mkdir])
def test_a_card_that_is_no_file_is_refused_at_once(tmp_path, make):
    make(tmp_path / 'card.yaml')

    with pytest.raises(BundleError, match='not a regular file'):
        load_card(find_bundle(str(tmp_path)))


def test_a_network_that_is_no_file_is_refused_at_once(tmp_path):
    folder = write_bundle(tmp_path / 'bundle')
    (folder / 'model.tflite').unlink()
    os.mkfifo(folder / 'model.tflite')

    with pytest.raises(BundleError, match='a pipe .*not a regular file'):
        load_card(folder).read('tflite')


@pytest.mark.parametrize(
    'name',
    [
        '',
        '.',
        '..',
        '~nobody_of_this_name',
        '~nobody_of_this_name/x',
        'a\0b',
        'a/\0b',
        'x' * 100_000,
        'x/' * 5000,
        '\x1b[31m\n[FATAL] forged',
        '\udcff',
    ],
    ids=repr,
)
def test_a_hostile_name_is_refused_in_one_short_line(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(BundleError) as caught:
        load_card(find_bundle(name))
    assert len(str(caught.value)) < 500
    assert str(caught.value).isprintable()


def test_a_request_makes_the_same_card_again(tmp_path):
    card = load_card(write_bundle(tmp_path / 'bundle'))

    again = card_of(json.loads(json.dumps(to_request(card))), card.folder)

    assert again == replace(card, training={}, licence='', terms='')
