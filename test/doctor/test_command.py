from pathlib import Path
import shutil
import sys

import pytest

from fer_ros.doctor import command
from fer_ros.doctor.command import diagnose
from fer_ros.doctor.command import FAIL
from fer_ros.doctor.command import Finding
from fer_ros.doctor.command import OK
from fer_ros.doctor.command import WARN
from fer_ros.node.life.shared_memory import Leftovers
from fer_ros.node.life.shared_memory import segments_of
from fer_ros.perception.detection import yunet
from fer_ros.perception.models.bundle import find_bundle
from fer_ros.perception.settings import DEFAULT_MODEL
from photographs import data_path


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
    found = levels(command.check_python())

    assert found['OpenCV'] == OK
    assert set(found) == {'Python', 'NumPy', 'PyYAML', 'OpenCV'}


def test_a_library_that_is_missing_is_named_with_its_installation(monkeypatch):
    def missing(name):
        raise ImportError(f'no {name}')

    monkeypatch.setattr(command.importlib, 'import_module', missing)
    found = {finding.subject: finding for finding in command.check_python()}

    assert found['OpenCV'].level == FAIL
    assert found['OpenCV'].sentence == 'ImportError: no cv2; apt install python3-opencv'


def test_the_shipped_model_is_whole_and_runs():
    assert levels(command.check_models())[f'model {DEFAULT_MODEL}'] == OK
    assert levels(command.check_backends(DEFAULT_MODEL))['back end opencv'] == OK


def test_a_broken_model_is_found(tmp_path, monkeypatch):
    folder = shutil.copytree(find_bundle(DEFAULT_MODEL), tmp_path / 'broken')
    (folder / 'model.onnx').write_bytes(b'half of i')
    monkeypatch.setenv('FER_ROS_MODELS', str(tmp_path))

    assert levels(command.check_models())['model broken'] == FAIL


def test_a_model_that_is_none_is_found():
    (finding,) = command.check_backends('gone')

    assert finding.level == FAIL
    assert "no model is called 'gone'" in finding.sentence


def test_a_damaged_yunet_is_found(tmp_path, monkeypatch):
    weights = data_path(f'facedet/{yunet.WEIGHTS}').read_bytes()
    (tmp_path / yunet.WEIGHTS).write_bytes(weights[:100_000] + bytes(400) + weights[100_400:])
    monkeypatch.setenv('FER_ROS_MODELS', str(tmp_path))

    found = {finding.subject: finding for finding in command.check_detectors()}

    assert found['detector yunet'].level == WARN
    assert 'ros2 run fer_ros fetch_models' in found['detector yunet'].sentence


def test_without_a_detector_the_node_cannot_work(monkeypatch):
    from fer_ros.perception.detection import choice as detection

    def refuse(name):
        raise detection.DetectorError(f'{name} has no weights')

    monkeypatch.setattr(detection, 'create_detector', refuse)

    assert levels(command.check_detectors())['detectors'] == FAIL


SEGMENT = (
    '<dds><profiles><transport_descriptor><type>SHM</type><segment_size>{}</segment_size>'
    '</transport_descriptor><useBuiltinTransports>false</useBuiltinTransports></profiles></dds>'
)
UDP = '<dds><useBuiltinTransports>false</useBuiltinTransports></dds>'


@pytest.mark.parametrize(
    ('content', 'level', 'sentence'),
    [
        (SEGMENT.format(33554432), OK, 'a segment of 32.0 MiB'),
        (SEGMENT.format(524288), WARN, 'a segment of 524288 bytes, not at least'),
        (UDP, WARN, 'a segment of 0 bytes'),
        ('<dds>', FAIL, 'not XML'),
        (None, FAIL, 'No such file'),
    ],
)
@pytest.mark.parametrize('variable', command.PROFILE_VARIABLES)
def test_the_shared_memory_profile_is_looked_at(
    monkeypatch, tmp_path, variable, content, level, sentence
):
    for name in (*command.PROFILE_VARIABLES, 'RMW_IMPLEMENTATION'):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / 'profile.xml'
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv(variable, str(path))

    finding, *_ = command.check_shared_memory()

    assert finding.level == level
    assert sentence in finding.sentence


def test_a_profile_that_the_launch_file_sets_anyway_is_explained_and_not_warned_of(monkeypatch):
    for name in (*command.PROFILE_VARIABLES, 'RMW_IMPLEMENTATION'):
        monkeypatch.delenv(name, raising=False)
    finding, *_ = command.check_shared_memory()
    assert finding.level == OK
    assert 'the launch files set config/fastdds.xml' in finding.sentence

    monkeypatch.setenv('RMW_IMPLEMENTATION', 'rmw_cyclonedds_cpp')
    (finding,) = command.check_shared_memory()
    assert finding.level == OK


def test_shared_memory_without_room_is_warned_of_with_what_is_left_in_it(monkeypatch):
    monkeypatch.delenv('RMW_IMPLEMENTATION', raising=False)
    monkeypatch.setattr(command, 'free_memory', lambda: 40 << 20)
    monkeypatch.setattr(command, 'find_leftovers', lambda: Leftovers(3, 22 << 20))

    _, room, left = command.check_shared_memory()

    assert room.level == left.level == WARN
    assert room.sentence.startswith('40.0 MiB free; a camera and the node need 42.3 MiB')
    assert left.sentence.startswith('segments of ended processes: 3 (22.0 MiB); remove them with')


def test_the_sizes_of_the_shipped_segments_are_those_of_the_profiles():
    config = Path(__file__).parents[2] / 'config'
    sizes = [segments_of(config / f'fastdds{name}.xml') for name in ('', '_small')]

    assert sizes == [[size] for size in command.SHIPPED_SEGMENTS]


@pytest.mark.parametrize('seconds', ['nan', '-1', 'inf', '1e9', 'soon', 'x' * 1000])
def test_a_time_that_is_none_is_refused_in_a_sentence(capsys, seconds):
    with pytest.raises(SystemExit) as ended:
        command.main([f'--seconds={seconds}'])

    assert ended.value.code == 2
    told = capsys.readouterr().err.splitlines()[-1]
    assert 'is not a number from 0 to 3600 seconds' in told
    assert len(told) < 250


def test_what_a_finding_says_is_one_line_of_limited_length(capsys):
    def forged():
        yield Finding(OK, 'a\nthing', 'is fine\n' + 'x' * 10**6)
        raise RuntimeError('first\nFAIL forged: ' + 'y' * 10**6)

    diagnose([forged])

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith('ok    a thing: is fine xxx')
    assert all(len(line) < 1200 for line in lines)


@pytest.mark.parametrize(('topic', 'required'), [([], False), (['--topic', 'image'], True)])
def test_a_topic_that_was_named_must_be_published(monkeypatch, topic, required):
    asked = []
    for check in ('python', 'detectors', 'models', 'shared_memory'):
        monkeypatch.setattr(command, f'check_{check}', lambda: iter(()))
    monkeypatch.setattr(command, 'check_backends', lambda model: iter(()))
    monkeypatch.setattr(command, 'check_ros', lambda *given: asked.append(given) or iter(()))

    command.main(topic)

    assert asked == [('image', 3.0, [], required)]


def test_the_shipped_profile_is_large_enough(monkeypatch):
    profile = Path(__file__).parents[2] / 'config' / 'fastdds.xml'
    monkeypatch.delenv('RMW_IMPLEMENTATION', raising=False)
    monkeypatch.setenv(command.PROFILE_VARIABLES[0], str(profile))

    assert levels(command.check_shared_memory())['shared memory'] == OK


def test_what_opencv_can_run_is_said(monkeypatch):
    class Old:
        __version__ = '4.6.0'
        CascadeClassifier = dnn = object

    monkeypatch.setitem(sys.modules, 'cv2', Old)

    told = {one.subject: one.sentence for one in command.check_python()}

    assert told['OpenCV'] == '4.6.0, which can run Haar, networks'


def test_without_ros_all_else_is_checked(capsys):
    status = command.main(['--no-ros', '--model', 'gone'])

    assert status == 1
    out = capsys.readouterr().out
    assert 'OpenCV' in out
    assert 'ROS 2' not in out


def test_a_missing_ros_is_named_with_what_to_source(monkeypatch):
    def missing(name):
        raise ImportError(f'no {name}')

    monkeypatch.setattr(command.importlib, 'import_module', missing)
    (finding,) = command.check_ros('image', 0.0)

    assert finding.level == FAIL
    assert 'source its setup.bash' in finding.sentence
