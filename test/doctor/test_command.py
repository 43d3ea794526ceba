import pytest

from fer_ros.doctor import command
from fer_ros.doctor.command import diagnose
from fer_ros.doctor.finding import FAIL
from fer_ros.doctor.finding import Finding
from fer_ros.doctor.finding import OK
from fer_ros.doctor.finding import WARN


@pytest.mark.parametrize(
    ('found', 'status', 'verdict'),
    [
        ([OK, OK], 0, 'all checks passed'),
        ([OK, WARN, OK], 0, 'the node will work; follow the warnings'),
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


@pytest.mark.parametrize('seconds', ['nan', '-1', 'inf', '1e9', 'soon', 'x' * 1000])
def test_a_time_that_is_none_is_refused_in_a_sentence(capsys, seconds):
    with pytest.raises(SystemExit) as ended:
        command.main([f'--seconds={seconds}'])

    assert ended.value.code == 2
    told = capsys.readouterr().err.splitlines()[-1]
    assert 'is not a number of seconds from 0 to 3600' in told
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
    for check in ('libraries', 'detectors', 'models', 'shared_memory'):
        monkeypatch.setattr(command, f'check_{check}', lambda: iter(()))
    monkeypatch.setattr(command, 'check_backends', lambda model: iter(()))
    monkeypatch.setattr(command, 'check_ros', lambda *given: asked.append(given) or iter(()))

    command.main(topic)

    assert asked == [('image', 3.0, [], required)]


def test_without_ros_all_else_is_checked(capsys):
    status = command.main(['--no-ros', '--model', 'gone'])

    assert status == 1
    out = capsys.readouterr().out
    assert 'OpenCV' in out
    assert 'ROS 2' not in out
