import os
from pathlib import Path
import subprocess
import sys

import pytest

from fer_ros.node.life.process import CONFIGURATION_ERROR

ROOT = Path(__file__).resolve().parents[3]

# A node whose destruction blocks while it holds the GIL.
STUCK = """
import ctypes
import sys
import rclpy.node
from fer_ros.node.life import process


class Stuck(rclpy.node.Node):
    def destroy_node(self):
        ctypes.PyDLL(None).sleep(300)


def make_node():
    node = Stuck('stuck')
    node.create_timer(0.01, node.context.try_shutdown)
    return node


process.PARTING_PATIENCE = 0.5
sys.exit(process.run_node(make_node, None, ()))
"""

# A node whose callback never returns. At exit, Python waits for the callback's thread.
HANGING = """
import sys
import threading
import rclpy.node
from fer_ros.node.life import process


def make_node():
    node = rclpy.node.Node('hanging')

    def hang():
        node.context.try_shutdown()
        threading.Event().wait()

    node.create_timer(0.01, hang)
    return node


process.PARTING_PATIENCE = 0.5
sys.exit(process.run_node(make_node, None, ()))
"""

# A node whose timer fails three times, and then ends the process.
FAILING = """
import sys
import rclpy.node
from fer_ros.node.life import process


class Failing(rclpy.node.Node):
    calls = 0

    def act(self):
        self.calls += 1
        if self.calls > 3:
            self.context.try_shutdown()
        raise ZeroDivisionError('unexpected\\x1b[2J')


def make_node():
    node = Failing('failing')
    node.create_timer(0.01, node.act)
    return node


sys.exit(process.run_node(make_node, None, ()))
"""

# A node whose constructor fails because of a programming error.
BROKEN = """
import sys
from fer_ros.node.life import process


def make_node():
    raise ZeroDivisionError('a fault of the code')


sys.exit(process.run_node(make_node, None, (KeyError,)))
"""


@pytest.fixture
def run(domain_id):
    """Return a function that runs Python with arguments until the process ends by itself."""

    def run_python(*arguments, **variables):
        environment = {
            **os.environ,
            'ROS_DOMAIN_ID': str(domain_id),
            'PYTHONPATH': os.pathsep.join(filter(None, [str(ROOT), *sys.path])),
            **variables,
        }
        return subprocess.run(
            [sys.executable, *arguments],
            env={name: value for name, value in environment.items() if value is not None},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run_python


def test_a_node_that_cannot_be_taken_apart_ends_all_the_same(run):
    ended = run('-c', STUCK)

    assert ended.returncode == 1
    assert 'destroy_node' in ended.stderr


def test_a_node_whose_callback_never_returns_ends_all_the_same(run):
    ended = run('-c', HANGING)

    assert ended.returncode == 1
    assert 'in hang' in ended.stderr


def test_a_timer_that_fails_is_logged_in_one_line_and_the_node_goes_on(run):
    ended = run('-c', FAILING)

    assert ended.returncode == 0
    logged = [line for line in ended.stderr.splitlines() if 'ZeroDivisionError' in line]
    assert len(logged) == 1
    assert r'timer callback Failing.act failed: ZeroDivisionError: unexpected\x1b[2J' in logged[0]
    assert 'Traceback' not in ended.stderr


def test_a_node_that_cannot_be_made_because_of_a_fault_ends_with_a_traceback(run):
    ended = run('-c', BROKEN)

    assert ended.returncode == 1
    assert 'Traceback' in ended.stderr


NODES = ('fer_ros.node.emotion_node', 'fer_ros.camera.camera_node')


@pytest.mark.parametrize('node', NODES)
@pytest.mark.parametrize(
    ('arguments', 'variables', 'words'),
    [
        (['--ros-args', '--params-file', '/none.yaml'], {}, '/none.yaml'),
        (['--model', 'mine'], {}, "unknown arguments: '--model', 'mine'"),
        ([], {'ROS_DOMAIN_ID': '500'}, "'500', but must be an integer from 0 to 232"),
        ([], {'HOME': None, 'ROS_LOG_DIR': None, 'ROS_HOME': None}, 'set HOME'),
    ],
)
def test_a_wrong_start_ends_with_its_status_and_one_sentence(
    run, node, arguments, variables, words
):
    ended = run('-m', node, *arguments, **variables)

    assert ended.returncode == CONFIGURATION_ERROR
    (fatal,) = [line for line in ended.stderr.splitlines() if 'FATAL' in line]
    assert words in fatal
    assert 'Traceback' not in ended.stderr


@pytest.mark.parametrize(
    ('node', 'words'),
    [
        (NODES[0], ['-p', 'model:=gone']),
        (NODES[0], ['-p', 'hold:=11.0']),
        (NODES[0], ['-p', 'draw:=off']),
        (NODES[1], ['-p', 'source:=/gone.png']),
        (NODES[1], ['-p', 'rate:=-1']),
    ],
)
def test_a_wrong_parameter_model_or_source_ends_with_the_same_status(run, node, words):
    ended = run('-m', node, '--ros-args', *words)

    assert ended.returncode == CONFIGURATION_ERROR
    assert [line.split(']')[0] for line in ended.stderr.splitlines()].count('[FATAL') == 1
    # The reason appears only once in the log.
    assert 'ERROR' not in ended.stderr


def test_an_enclave_that_dds_refuses_ends_with_the_same_status(run, tmp_path):
    (tmp_path / 'enclaves').mkdir()

    ended = run(
        '-m',
        NODES[1],
        ROS_SECURITY_ENABLE='true',
        ROS_SECURITY_STRATEGY='Enforce',
        ROS_SECURITY_KEYSTORE=str(tmp_path),
    )

    assert ended.returncode == CONFIGURATION_ERROR
    assert 'Traceback' not in ended.stderr
    (fatal,) = [line for line in ended.stderr.splitlines() if 'FATAL' in line]
    assert 'set ROS_SECURITY_KEYSTORE to a keystore' in fatal


def test_the_status_is_the_one_that_the_launch_file_looks_for():
    assert CONFIGURATION_ERROR == 2
