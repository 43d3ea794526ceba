import shutil

from fer_ros.doctor.finding import FAIL
from fer_ros.doctor.finding import OK
from fer_ros.doctor.finding import WARN
from fer_ros.doctor.models import check_models
from fer_ros.perception.models.bundle import find_bundle
from fer_ros.perception.settings import DEFAULT_MODEL
from findings import levels


def test_the_shipped_model_is_whole():
    assert levels(check_models())[f'model {DEFAULT_MODEL}'] == OK


def test_a_broken_model_is_found(tmp_path, monkeypatch):
    folder = shutil.copytree(find_bundle(DEFAULT_MODEL), tmp_path / 'broken')
    (folder / 'model.onnx').write_bytes(b'half of i')
    monkeypatch.setenv('FER_ROS_MODELS', str(tmp_path))

    assert levels(check_models())['model broken'] == FAIL


def test_a_misspelt_key_of_a_card_is_a_warning(tmp_path, monkeypatch):
    folder = shutil.copytree(find_bundle('fer2013_tiny'), tmp_path / 'misspelt')
    with (folder / 'card.yaml').open('a') as card:
        card.write('temprature: 2\n')
    monkeypatch.setenv('FER_ROS_MODELS', str(tmp_path))

    found = [finding for finding in check_models() if finding.level == WARN]

    assert [finding.sentence for finding in found] == [
        "the card has unknown keys, which are ignored: 'temprature' (did you mean temperature?); "
        'doc/models.md describes all keys'
    ]
