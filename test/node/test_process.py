import os
from pathlib import Path
import subprocess
import sys

import pytest

ROOT = Path(__file__).resolve().parents[2]

# A node that cannot be taken apart, and does not let any other Python run meanwhile.
STUCK = """
import ctypes
import sys
import rclpy.node
from fer_ros.node import process


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

# A node whose timer fails three times, and then ends the process.
FAILING = """
import sys
import rclpy.node
from fer_ros.node import process


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

# A node that cannot be made, because of an error of the code.
BROKEN = """
import sys
from fer_ros.node import process


def make_node():
    raise ZeroDivisionError('a fault of the code')


sys.exit(process.run_node(make_node, None, (KeyError,)))
"""


@pytest.fixture
def run(domain_id):
    """Return a function that runs Python with arguments until it ends by itself."""

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
