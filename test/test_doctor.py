import shutil

import pytest

from fer_ros import doctor
from fer_ros.doctor import diagnose
from fer_ros.doctor import FAIL
from fer_ros.doctor import Finding
from fer_ros.doctor import OK
from fer_ros.doctor import WARN
from fer_ros.perception.bundle import find_bundle
from fer_ros.perception.config import DEFAULT_MODEL


def levels(findings):
    return {finding.subject: finding.level for finding in findings}


@pytest.mark.parametrize(
    ('found', 'status', 'verdict'),
    [
        ([OK, OK], 0, 'all is well'),
        ([OK, WARN, OK], 0, 'the node will work; it would work better'),
        ([FAIL, WARN], 1, 'the node will not work'),
    ],
)
def test_the_exit_status_tells_the_worst(capsys, found, status, verdict):
    findings = [Finding(level, 'a thing', 'is so') for level in found]

    assert diagnose([lambda: iter(findings)]) == status
    assert verdict in capsys.readouterr().out.splitlines()[-1]


def test_a_check_that_breaks_is_a_finding_and_the_others_go_on(capsys):
    def broken():
        raise RuntimeError('no such device')
        yield

    assert diagnose([broken, lambda: iter([Finding(OK, 'another', 'is fine')])]) == 1
    out = capsys.readouterr().out
    assert 'RuntimeError: no such device' in out
    assert 'another: is fine' in out


def test_the_libraries_of_this_machine_are_named_with_their_versions():
    found = levels(doctor.check_python())

    assert found['OpenCV'] == OK
    assert set(found) == {'Python', 'NumPy', 'SciPy', 'PyYAML', 'OpenCV'}


def test_a_library_that_is_missing_is_named_with_its_installation(monkeypatch):
    def missing(name):
        raise ImportError(f'no {name}')

    monkeypatch.setattr(doctor.importlib, 'import_module', missing)
    found = {finding.subject: finding for finding in doctor.check_python()}

    assert found['OpenCV'].level == FAIL
    assert found['OpenCV'].sentence == 'ImportError: no cv2; apt install python3-opencv'


def test_the_shipped_model_is_whole_and_runs():
    assert levels(doctor.check_models())[f'model {DEFAULT_MODEL}'] == OK
    assert levels(doctor.check_backends(DEFAULT_MODEL))['back end opencv'] == OK


def test_a_broken_model_is_found(tmp_path, monkeypatch):
    folder = shutil.copytree(find_bundle(DEFAULT_MODEL), tmp_path / 'broken')
    (folder / 'model.onnx').write_bytes(b'half of i')
    monkeypatch.setenv('FER_ROS_MODELS', str(tmp_path))

    assert levels(doctor.check_models())['model broken'] == FAIL


def test_a_model_that_is_none_is_found():
    (finding,) = doctor.check_backends('gone')

    assert finding.level == FAIL
    assert "no model is called 'gone'" in finding.sentence


def test_without_a_detector_the_node_cannot_work(monkeypatch):
    from fer_ros.perception import detection

    def refuse(name):
        raise detection.DetectorError(f'{name} has no weights')

    monkeypatch.setattr(detection, 'create_detector', refuse)

    assert levels(doctor.check_detectors())['detectors'] == FAIL


@pytest.mark.parametrize(
    ('profile', 'level'), [('', WARN), ('/nowhere/fastdds.xml', FAIL), (__file__, OK)]
)
def test_the_shared_memory_profile_is_looked_at(monkeypatch, profile, level):
    monkeypatch.setenv(doctor.PROFILE_VARIABLE, profile)

    assert levels(doctor.check_shared_memory())['shared memory'] == level


def test_without_ros_all_else_is_checked(capsys):
    status = doctor.main(['--no-ros', '--model', 'gone'])

    assert status == 1
    out = capsys.readouterr().out
    assert 'OpenCV' in out
    assert 'ROS 2' not in out


def test_a_missing_ros_is_named_with_what_to_source(monkeypatch):
    def missing(name):
        raise ImportError(f'no {name}')

    monkeypatch.setattr(doctor.importlib, 'import_module', missing)
    (finding,) = doctor.check_ros('image', 0.0)

    assert finding.level == FAIL
    assert 'source its setup.bash' in finding.sentence
