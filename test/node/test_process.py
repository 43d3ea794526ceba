import subprocess
import sys

# A node that cannot be taken apart, and does not let any other Python run meanwhile.
SCRIPT = """
import ctypes
import sys
import rclpy.node
from fer_ros.node import process


class Stuck(rclpy.node.Node):
    def destroy_node(self):
        ctypes.PyDLL(None).sleep(300)


def make_node():
    node = Stuck('stuck')
    node.create_timer(0.01, node.fail)
    return node


def fail(self):
    raise ZeroDivisionError('unexpected')


Stuck.fail = fail
process.PARTING_PATIENCE = 0.5
sys.exit(process.run_node(make_node, None, ()))
"""


def test_a_node_that_cannot_be_taken_apart_ends_all_the_same(domain_id, monkeypatch):
    monkeypatch.setenv('ROS_DOMAIN_ID', str(domain_id))

    ended = subprocess.run(
        [sys.executable, '-c', SCRIPT], capture_output=True, text=True, timeout=120, check=False
    )

    assert ended.returncode == 1
    assert 'destroy_node' in ended.stderr
