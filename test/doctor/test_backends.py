import hashlib

import yaml

from cards import write_card
from fer_ros.doctor.backends import check_backends
from fer_ros.doctor.finding import FAIL
from fer_ros.doctor.finding import OK
from fer_ros.perception.models.bundle import find_bundle
from fer_ros.perception.models.bundle import load_card
from fer_ros.perception.settings import DEFAULT_MODEL


def test_the_shipped_model_runs_and_is_the_default():
    found = {finding.subject: finding for finding in check_backends('')}

    assert found['back end opencv'].level == OK
    assert found['back end opencv'].sentence.startswith(f'runs {DEFAULT_MODEL} on ')


def test_a_model_that_is_none_is_found():
    (finding,) = check_backends('gone')

    assert finding.level == FAIL
    assert "there is no model 'gone'" in finding.sentence


def test_a_back_end_without_a_file_of_its_own_is_explained(tmp_path):
    card = load_card(find_bundle(DEFAULT_MODEL))
    write_card(tmp_path, card, 'onnx', card.read('onnx'))
    written = yaml.safe_load((tmp_path / 'card.yaml').read_text())
    (tmp_path / 'model.rknn').write_bytes(b'for an NPU')
    sha256 = hashlib.sha256(b'for an NPU').hexdigest()
    written['files']['rknn'] = {'name': 'model.rknn', 'sha256': sha256}
    (tmp_path / 'card.yaml').write_text(yaml.safe_dump(written))

    found = {finding.subject: finding for finding in check_backends(str(tmp_path))}

    assert found['back end opencv'].level == OK
    for name, kind in (('litert', 'tflite'), ('jax', 'keras')):
        reason = f'not used: {name} reads only {kind} files, and the bundle has none'
        assert found[f'back end {name}'].sentence == reason
    assert found['file format rknn'].sentence == 'no back end of this package reads it'
    assert all(finding.level == OK for finding in found.values())
