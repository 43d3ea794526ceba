"""Run the installed executables of the package with the code of this checkout."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
import os
from pathlib import Path
import signal
import subprocess
import tempfile
from typing import Any
from typing import IO

from benchmark.rig.figures import ROOT
from benchmark.rig.scenes import detector_weights
from fer_ros.node.life.footprint import LARGE
from fer_ros.node.life.footprint import PROFILE_VARIABLES
from fer_ros.perception.settings import DEFAULT_MODEL

# Maximum time that a process may take to end after SIGINT [s].
STOP_TIME = 10.0

# Environment variable with the Fast DDS profile, which enables shared memory for images (Jazzy).
PROFILE_VARIABLE = PROFILE_VARIABLES[0]


def environment() -> dict[str, str]:
    """Return the environment in which the executables run the code of this checkout."""
    paths = [str(ROOT), os.environ.get('PYTHONPATH', '')]
    return {**os.environ, 'PYTHONPATH': os.pathsep.join(path for path in paths if path)}


def settle_domain() -> None:
    """Set the DDS domain and profile of this process and its children, unless they are set."""
    os.environ.setdefault('ROS_DOMAIN_ID', str(1 + os.getpid() % 101))
    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    profile = ROOT / 'config' / LARGE
    # The installed profile may differ from the profile of this checkout.
    if Path(os.environ.get(PROFILE_VARIABLE, profile)).name == profile.name:
        os.environ[PROFILE_VARIABLE] = str(profile)


@contextmanager
def process(
    executable: str,
    parameters: dict[str, str],
    log: IO[bytes],
    words: Sequence[str] = (),
    **options: Any,
) -> Iterator[subprocess.Popen[bytes]]:
    """
    Run an installed executable of the package, and stop it by SIGINT.

    :param executable: name of the executable.
    :param parameters: parameters of its node.
    :param log: file for the output.
    :param words: further ROS arguments.
    :param options: options of `subprocess.Popen`.
    """
    from ament_index_python.packages import get_package_prefix

    path = Path(get_package_prefix('fer_ros')) / 'lib' / 'fer_ros' / executable
    words = [str(path), '--ros-args', *words]
    for name, value in parameters.items():
        words += ['-p', f'{name}:={value}']
    started = subprocess.Popen(words, stdout=log, stderr=log, **options)
    try:
        yield started
    finally:
        started.send_signal(signal.SIGINT)
        try:
            started.wait(STOP_TIME)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


@contextmanager
def emotion_node(
    parameters: dict[str, str] | None = None,
    cores: Sequence[int] | None = None,
    namespace: str = '/',
) -> Iterator[subprocess.Popen[bytes]]:
    """
    Run the executable `emotion_node` with YuNet and the default model of this checkout.

    :param parameters: further parameters.
    :param cores: processor cores that the node may use; None for all.
    :param namespace: namespace of the node.
    :raises RuntimeError: if the node ended by itself; the message contains the end of its log.
    """
    chosen = {
        'model': str(ROOT / 'models' / DEFAULT_MODEL),
        'backend': 'litert',
        'detector': 'yunet',
        'detector_model': str(detector_weights()),
        **(parameters or {}),
    }
    with tempfile.TemporaryFile() as log:
        with process(
            'emotion_node',
            chosen,
            log,
            ['-r', f'__ns:={namespace}'],
            env=environment(),
            preexec_fn=None if cores is None else lambda: os.sched_setaffinity(0, cores),
        ) as node:
            yield node
            status = node.poll()
        if status is not None:
            log.seek(0)
            told = log.read().decode(errors='replace')[-2000:]
            raise RuntimeError(f'the node ended unexpectedly with exit status {status}: {told}')
