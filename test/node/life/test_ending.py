"""Test that a signal ends a process while a library or a trial blocks one of its threads."""

import os
from pathlib import Path
import signal
import subprocess
import sys

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[3]

# Each script prints `ready` when it is ready for the signal. Locking a mutex twice blocks for
# ever, and no signal interrupts it. ctypes releases the GIL during the call, like libraries that
# load networks.
BUSY = """
import ctypes
import sys
import rclpy.node
from fer_ros.node import emotion_node
from fer_ros.node import model_slot
from fer_ros.node.life import process
from fer_ros.perception.models import trial


def keep_busy(*_):
    print('ready', flush=True)
    mutex = ctypes.create_string_buffer(64)
    for _ in range(2):
        ctypes.CDLL(None).pthread_mutex_lock(mutex)


def try_for_ever(*_):
    trial.CHILD = 'hanging_child'
    start = trial._start

    def told(*given):
        process = start(*given)
        print('ready', process.pid, flush=True)
        return process

    trial._start = told
    trial.run_trial({}, b'content')

"""

MAKING = """
sys.exit(process.run_node(keep_busy, None, ()))
"""

STARTING = """
class Slow(rclpy.node.Node):
    start_itself = ACT


sys.exit(process.run_node(lambda: Slow('slow'), None, (trial.TrialError,)))
"""

MODEL_AT_THE_START = """
model_slot.ModelSlot._load_classifier = ACT
sys.exit(emotion_node.main())
"""

MODEL_BY_A_SERVICE = """
make_node = emotion_node.make_node


def make_busy_node(*given):
    node = make_node(*given)
    node.create_timer(0.01, node.trigger_configure)
    return node


emotion_node.make_node = make_busy_node
emotion_node.EmotionNode._load = ACT
sys.exit(emotion_node.main(['node', '--ros-args', '-p', 'autostart:=false']))
"""


@pytest.fixture
def begin(domain_id):
    """Return a function that runs a script and waits for its first line."""
    begun = []

    def run(script):
        process = subprocess.Popen(
            [sys.executable, '-c', BUSY + script],
            env={
                **os.environ,
                'ROS_DOMAIN_ID': str(domain_id),
                'PYTHONPATH': os.pathsep.join(filter(None, [str(ROOT), *sys.path])),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        begun.append(process)
        words = process.stdout.readline().split()
        assert words[0] == 'ready', process.communicate()
        return process, words

    yield run
    for process in begun:
        process.kill()
        process.communicate()


def segments_of(process):
    """List the shared memory files whose locks a process holds."""
    paths = [file.path for file in psutil.Process(process.pid).open_files()]
    return [Path(path) for path in paths if path.startswith('/dev/shm/') and path.endswith('_el')]


def test_a_signal_ends_a_process_whose_node_is_being_made(begin):
    process, _ = begin(MAKING)

    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)

    assert process.returncode == 0
    assert errors == ''


@pytest.mark.parametrize('script', [STARTING, MODEL_AT_THE_START], ids=['node', 'emotion node'])
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_process_that_loads_and_leaves_no_shared_memory(begin, number, script):
    process, _ = begin(script.replace('ACT', 'keep_busy'))
    segments = segments_of(process)

    process.send_signal(number)
    _, errors = process.communicate(timeout=60)

    assert process.returncode == 0
    assert 'Traceback' not in errors
    assert segments
    assert not [one for one in segments if one.exists()]


@pytest.mark.parametrize(
    'script',
    [STARTING, MODEL_AT_THE_START, MODEL_BY_A_SERVICE],
    ids=['start', 'model at the start', 'model by a service'],
)
@pytest.mark.parametrize('act', ['keep_busy', 'try_for_ever'])
def test_a_signal_ends_the_process_and_its_trial(begin, script, act):
    process, words = begin(script.replace('ACT', act))

    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)

    assert process.returncode == 0
    assert 'FATAL' not in errors
    assert 'Traceback' not in errors
    for child in words[1:]:
        assert not psutil.pid_exists(int(child))
