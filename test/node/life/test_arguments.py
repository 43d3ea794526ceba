import os
import signal

import pytest
import rclpy

from fer_ros.node.life.arguments import ArgumentError
from fer_ros.node.life.arguments import start_ros

SECURE = {'ROS_SECURITY_ENABLE': 'true', 'ROS_SECURITY_STRATEGY': 'Enforce'}
NO_HOME = dict.fromkeys(('HOME', 'ROS_LOG_DIR', 'ROS_HOME'))

# For each kind of invalid start: arguments, environment variables, and words of the reason.
BAD_STARTS = {
    'no parameter file': (['--ros-args', '--params-file', '/none.yaml'], {}, '/none.yaml'),
    'no path': (['--ros-args', '--params-file'], {}, 'No file path'),
    'no value': (['--ros-args', '-p', 'model'], {}, '-p name:=value'),
    'mixed list': (['--ros-args', '-p', 'groups:=[1,a'], {}, '-p name:=value'),
    'bad remapping': (['--ros-args', '-r', 'image'], {}, '-r from:=to'),
    'bad node name': (['--ros-args', '-r', '__node:=a-b'], {}, '-r __node:=name'),
    'bad namespace': (['--ros-args', '-r', '__ns:=front'], {}, '-r __ns:=/namespace'),
    'bad level': (['--ros-args', '--log-level', 'loud'], {}, 'debug, info'),
    'bad enclave': (['--ros-args', '--enclave', 'a!'], {}, '--enclave /name'),
    'unknown ROS argument': (['--ros-args', '--paramfile', 'x'], {}, '--paramfile'),
    'unknown flag': (['--model', 'mine'], {}, "'--model', 'mine'"),
    'parameter without --ros-args': (['-p', 'hold:=1.0'], {}, '--ros-args: -p name:=value'),
    'forged line': (['\n[INFO] all is well\x1b[2J'], {}, r'\n[INFO] all is well\x1b[2J'),
    'large argument': (['x' * 100_000], {}, '100000 characters'),
    'no domain': ([], {'ROS_DOMAIN_ID': 'abc'}, "'abc', but must be an integer from 0 to 232"),
    'high domain': ([], {'ROS_DOMAIN_ID': '233'}, "'233', but must be an integer from 0 to 232"),
    'negative domain': ([], {'ROS_DOMAIN_ID': '-1'}, "'-1', but must be an integer from 0 to 232"),
    'colours': (
        [],
        {'RCUTILS_COLORIZED_OUTPUT': '7'},
        "RCUTILS_COLORIZED_OUTPUT is '7', but must be 0",
    ),
    'stream': ([], {'RCUTILS_LOGGING_USE_STDOUT': 'yes'}, "is 'yes', but must be 0 or 1"),
    'buffer': (
        [],
        {'RCUTILS_LOGGING_BUFFERED_STREAM': '\x1b[2J'},
        r"is '\x1b[2J', but must be 0 or 1",
    ),
    'no home': ([], NO_HOME, 'set HOME'),
    'no keystore': ([], SECURE, 'set ROS_SECURITY_KEYSTORE'),
    'no enclave': (
        [],
        {**SECURE, 'ROS_SECURITY_KEYSTORE': '/usr'},
        'set ROS_SECURITY_KEYSTORE',
    ),
}


@pytest.fixture(autouse=True)
def domain(domain_id, monkeypatch):
    """
    Set the DDS domain.

    After the test, shut ROS down and restore the signal handlers that rclpy changes.
    """
    monkeypatch.setenv('ROS_DOMAIN_ID', str(domain_id))
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    rclpy.try_shutdown()
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.mark.parametrize('kind', BAD_STARTS)
def test_a_wrong_start_is_refused_in_one_sentence(monkeypatch, kind):
    arguments, variables, words = BAD_STARTS[kind]
    for name, value in variables.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)

    with pytest.raises(ArgumentError) as refused:
        start_ros(['emotion_node', *arguments])

    reason = str(refused.value)
    assert words in reason
    assert len(reason) < 800
    assert reason.isprintable()
    # The reason must not contain a source location of rcl.
    assert '.c' not in reason


def test_arguments_of_ros_are_accepted():
    start_ros(['camera_node', '--ros-args', '-p', 'rate:=1', '-r', 'image:=other', '--'])

    assert rclpy.ok()


def test_an_empty_domain_is_the_default(monkeypatch):
    monkeypatch.setenv('ROS_DOMAIN_ID', '')

    start_ros(['camera_node'])

    assert rclpy.ok()


def test_arguments_that_are_not_utf_8_are_refused():
    with pytest.raises(ArgumentError):
        start_ros(['camera_node', os.fsdecode(b'\xff')])
