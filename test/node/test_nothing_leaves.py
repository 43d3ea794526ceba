"""Test, with a traced process, that the node writes no image and connects to no other host."""

import os
from pathlib import Path
import re
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image

from fer_ros.messages.images import to_image_message
from fer_ros.node.message_types import MESSAGE_TYPES
from graph import Inbox
from graph import PATIENCE
from graph import wait_until

ROOT = Path(__file__).resolve().parents[2]

# The system calls that create or change a file, or address another process.
CALLS = 'open,openat,creat,connect,rename,renameat,renameat2,link,linkat,symlink,truncate'

# A line of strace: the number of the process, the call, and its arguments.
LINE = re.compile(r'(?:\[pid +\d+\] |\d+ +)?(\w+)\((.*)\) += (-?\d+)')

# Where the node may write: its log, shared memory of the middleware, devices without storage.
FOLDERS = ('/dev/shm/', '/dev/null', '/dev/urandom', '/proc/')

# Bytes that repeat in the images, so that they can be found in any file.
PATTERN = bytes([3, 250, 17, 201, 99, 42, 180, 7, 66])


def traceable():
    """Skip the test if strace is missing, or may not trace a process here."""
    strace = shutil.which('strace')
    if strace is None:
        pytest.skip('strace is not installed')
    done = subprocess.run([strace, '-qq', '-o', os.devnull, 'true'], check=False)
    if done.returncode:
        pytest.skip('strace may not trace a process here')
    return strace


def images():
    """Yield image messages of noise, in which PATTERN is repeated."""
    seconds = 0
    while True:
        seconds += 1
        pixels = np.random.default_rng(seconds).integers(0, 255, (120, 160, 3), np.uint8)
        pixels.reshape(-1)[: 600 * len(PATTERN)] = np.frombuffer(PATTERN * 600, np.uint8)
        message = to_image_message(MESSAGE_TYPES, Image().header, pixels)
        message.header.stamp.sec = seconds
        yield message


def calls_of(trace):
    """List the successful calls in a text of strace: the name and the arguments."""
    found = (LINE.match(line) for line in trace.splitlines())
    return [one.group(1, 2) for one in found if one and int(one.group(3)) >= 0]


def test_the_node_writes_no_image_and_calls_no_other_host(graph, tmp_path):
    trace, logs, home = tmp_path / 'trace', tmp_path / 'logs', tmp_path / 'home'
    home.mkdir()
    variables = {
        'ROS_LOG_DIR': str(logs),
        'HOME': str(home),
        'TMPDIR': str(home),
        'PYTHONDONTWRITEBYTECODE': '1',
        'PYTHONPATH': os.pathsep.join([str(ROOT), os.environ.get('PYTHONPATH', '')]),
    }
    command = [traceable(), '-f', '-qq', '-s', '300', '-e', f'trace={CALLS}', '-o', str(trace)]
    command += [sys.executable, '-m', 'fer_ros.node.emotion_node', '--ros-args']
    command += ['-p', 'model:=fer2013_tiny', '-p', 'ros4hri:=false']
    node = subprocess.Popen(command, env=os.environ | variables, cwd=home)
    try:
        camera = graph.listener('camera_side').create_publisher(Image, 'image', 1)
        viewer, masked, annotated = graph.listener('viewer'), Inbox(), Inbox()
        viewer.create_subscription(CompressedImage, 'emotion/image/masked/compressed', masked, 10)
        viewer.create_subscription(Image, 'emotion/image', annotated, 10)
        wait_until(lambda: camera.get_subscription_count() > 0 or node.poll() is not None)
        # Until here, the node loads its networks, and has no image.
        loaded = trace.stat().st_size
        sent = images()

        def shown():
            camera.publish(next(sent))
            return len(masked.messages) > 3 and len(annotated.messages) > 3

        wait_until(lambda: node.poll() is not None or shown())
        assert node.poll() is None
    finally:
        # strace passes the signal on to the node.
        children = Path(f'/proc/{node.pid}/task/{node.pid}/children').read_text().split()
        for child in children or [node.pid]:
            os.kill(int(child), signal.SIGINT)
        assert node.wait(PATIENCE) == 0

    text = trace.read_bytes()
    calls = calls_of(text.decode(errors='replace'))
    # Nothing is left on the disk but the log, which contains no pixels.
    assert len(calls) > 100
    files = [path for path in (*home.rglob('*'), *logs.rglob('*')) if path.is_file()]
    assert [path for path in files if path.suffix != '.log'] == []
    assert all(PATTERN not in path.read_bytes() for path in files)
    # From the first image on, no file was written, not even for a moment.
    written = [
        re.search(r'"([^"]*)"', arguments).group(1)
        for name, arguments in calls_of(text[loaded:].decode(errors='replace'))
        if name != 'connect' and (name not in ('open', 'openat') or writes(arguments))
    ]
    assert [path for path in written if not path.startswith((*FOLDERS, str(logs)))] == []
    # Sockets are connected to this host only.
    hosts = [words for name, words in calls if name == 'connect' and 'AF_INET' in words]
    assert [host for host in hosts if '127.0.0.1' not in host and '::1' not in host] == []


def writes(arguments):
    """Return whether the arguments of `openat` open a file for writing, or create it."""
    return any(flag in arguments for flag in ('O_WRONLY', 'O_RDWR', 'O_CREAT', 'O_TRUNC'))
