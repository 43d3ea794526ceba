"""Test the start of a process while /dev/shm is full, in a separate mount namespace."""

import shutil
import subprocess
import sys

import pytest

FULL = """
mount -t tmpfs -o size=1m tmpfs /dev/shm || exit 77
head -c 2m /dev/zero > /dev/shm/fill 2> /dev/null
"$@"
status=$?
rm /dev/shm/fill
ls /dev/shm
exit $status
"""

START = """
import sys
from fer_ros.node.life.footprint import fit_shared_memory
warning = fit_shared_memory()
import rclpy
rclpy.init()
node = rclpy.create_node('trial')
node.create_timer(0.01, rclpy.shutdown)
rclpy.spin(node)
print(warning)
sys.exit(3)
"""


def in_full_memory(*command):
    """Run a command while /dev/shm is full, or skip the test if this is not possible."""
    if shutil.which('unshare') is None:
        pytest.skip('no unshare')
    given = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', FULL, 'sh', *command]
    done = subprocess.run(given, capture_output=True, text=True, timeout=100)
    if done.returncode == 77 or done.stderr.startswith('unshare: '):
        pytest.skip('only root may mount a file system')
    return done


@pytest.fixture
def subnet(monkeypatch, domain_id):
    # With the range LOCALHOST, rmw requests a segment independently of the profile.
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'SUBNET')
    monkeypatch.setenv('ROS_DOMAIN_ID', str(domain_id))
    for name in ('FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE'):
        monkeypatch.delenv(name, raising=False)


def test_a_node_starts_and_ends_with_its_own_status_where_shared_memory_is_full(subnet):
    done = in_full_memory(sys.executable, '-c', START)

    assert done.returncode == 3, done.stderr
    assert '/dev/shm has 0.0 MiB free, but Fast DDS needs 1.5 MiB' in done.stdout
    assert 'fastrtps_' not in done.stdout


def test_both_executables_start_where_shared_memory_is_full(subnet):
    # After rclpy.init, an unknown source ends the camera node, and an unknown model ends the
    # emotion node.
    for module, parameter in (
        ('camera.camera_node', 'source:=gone'),
        ('node.emotion_node', 'model:=gone'),
    ):
        run = [sys.executable, '-m', f'fer_ros.{module}', '--ros-args', '-p', parameter]
        done = in_full_memory(*run)

        assert done.returncode == 2, done.stderr
        assert 'gone' in done.stderr.splitlines()[-1]
