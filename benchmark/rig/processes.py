"""The node, its camera and who listens to it: processes of their own, as on a robot."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
from contextlib import suppress
from dataclasses import dataclass
import os
from pathlib import Path
import subprocess
import sys
import tempfile
from threading import Condition
import time
from typing import Any

from benchmark.costs.soak import process
from benchmark.costs.soak import STOP_TIME
from benchmark.rig.figures import ROOT
from benchmark.rig.listening import Listening
from benchmark.rig.scenes import detector_weights
from fer_ros.node.life.footprint import LARGE
from fer_ros.node.life.footprint import PROFILE_VARIABLES
from fer_ros.perception.settings import DEFAULT_MODEL

# How long anything may take [s].
PATIENCE = 60.0

# What tells Fast DDS of Jazzy of shared memory for images.
PROFILE_VARIABLE = PROFILE_VARIABLES[0]

# Of /proc/PID/stat.
TICKS = os.sysconf('SC_CLK_TCK')


def environment() -> dict[str, str]:
    """Give the environment in which the executables run this checkout's code."""
    paths = [str(ROOT), os.environ.get('PYTHONPATH', '')]
    return {**os.environ, 'PYTHONPATH': os.pathsep.join(path for path in paths if path)}


def settle_domain() -> None:
    """Choose a DDS domain for this process and those that it starts, unless one is chosen."""
    os.environ.setdefault('ROS_DOMAIN_ID', str(1 + os.getpid() % 101))
    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    profile = ROOT / 'config' / LARGE
    # The package's own as it was installed may be another than this checkout's.
    if Path(os.environ.get(PROFILE_VARIABLE, profile)).name == profile.name:
        os.environ[PROFILE_VARIABLE] = str(profile)


@contextmanager
def emotion_node(
    parameters: dict[str, str] | None = None,
    cores: Sequence[int] | None = None,
    namespace: str = '/',
) -> Iterator[subprocess.Popen[bytes]]:
    """
    Run the executable `emotion_node` with YuNet and the model of this checkout.

    :param parameters: further ones.
    :param cores: that it may use; None for all.
    :param namespace: of the node.
    :raises RuntimeError: if it ended by itself; with the end of its log.
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
            raise RuntimeError(f'the node ended by itself, with status {status}: {told}')


class Camera:
    """Publishes images at a rate, in a process of its own; see `benchmark.rig.camera`."""

    def __init__(
        self,
        faces: int,
        size: tuple[int, int],
        cores: Sequence[int] | None = None,
        namespace: str = '',
    ) -> None:
        """
        Start it, in silence.

        :param faces: that it sees.
        :param size: (width, height) of its images.
        :param cores: that it may use; None for all.
        :param namespace: of its topics.
        """
        words = [sys.executable, '-m', 'benchmark.rig.camera', '--faces', str(faces)]
        words += ['--width', str(size[0]), '--height', str(size[1]), '--namespace', namespace]
        self._process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(),
            cwd=ROOT,
            text=True,
            preexec_fn=None if cores is None else lambda: os.sched_setaffinity(0, cores),
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline().strip() != 'ready':
            raise RuntimeError('the camera of the benchmark does not start')

    def __enter__(self) -> Camera:
        """Give itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(STOP_TIME)

    def play(self, rate: float) -> None:
        """Publish at a rate from now on [Hz]; 0 for silence."""
        assert self._process.stdin is not None
        self._process.stdin.write(f'{rate}\n')
        self._process.stdin.flush()


@dataclass(frozen=True)
class Answer:
    """
    What came on `emotion`.

    :param stamp: of the image, in seconds of the system's clock.
    :param received: when the answer was here, by the same clock.
    :param faces: how many are in it.
    """

    stamp: float
    received: float
    faces: int

    @property
    def age(self) -> float:
        """Give the time from the publishing of the image to the answer, in seconds."""
        return self.received - self.stamp


class Client(Listening):
    """Listens to a node as a behaviour does, in this process."""

    def __init__(self, namespace: str = '') -> None:
        """
        Begin to listen.

        :param namespace: of the node.
        """
        from diagnostic_msgs.msg import DiagnosticArray
        from vision_msgs.msg import Detection2DArray

        self.health: dict[str, str] = {}
        self.bytes = 0
        self._answers: list[Answer] = []
        self._changed = Condition()
        topics = [
            (Detection2DArray, 'emotion', self._on_faces),
            (DiagnosticArray, '/diagnostics', self._on_health),
        ]
        super().__init__('client', topics, namespace)

    def clear(self) -> None:
        """Forget what came so far."""
        with self._changed:
            self._answers.clear()

    @property
    def answers(self) -> list[Answer]:
        """Give what came since the last `clear`."""
        with self._changed:
            return list(self._answers)

    def wait_for(self, wanted: Any = lambda answer: True, patience: float = PATIENCE) -> Answer:
        """
        Wait for an answer, from those that came since `clear` on.

        :param wanted: says of an answer if it is the one.
        :param patience: in seconds.
        :raises RuntimeError: if none comes.
        """
        with self._changed:
            found = self._changed.wait_for(
                lambda: next((one for one in self._answers if wanted(one)), None), patience
            )
        if found is None:
            raise RuntimeError(f'the node gave no such answer in {patience:g} s')
        return found

    def listen(self, seconds: float) -> list[Answer]:
        """Give what comes from now on, for so long."""
        self.clear()
        time.sleep(seconds)
        return self.answers

    def parameter_setter(self, node: str = 'emotion') -> Any:
        """
        Make what sets a parameter of the node, a number, and waits until it is accepted.

        :param node: its name.
        """
        from rcl_interfaces.msg import Parameter
        from rcl_interfaces.msg import ParameterType
        from rcl_interfaces.msg import ParameterValue
        from rcl_interfaces.srv import SetParameters

        service = self._node.create_client(SetParameters, f'{node}/set_parameters')
        if not service.wait_for_service(PATIENCE):
            raise RuntimeError('the node offers no service for parameters')

        def set_integer(name: str, value: int) -> None:
            parameter = Parameter(
                name=name,
                value=ParameterValue(
                    type=ParameterType.PARAMETER_INTEGER, integer_value=value
                ),
            )
            future = service.call_async(SetParameters.Request(parameters=[parameter]))
            done = Condition()
            with done:
                future.add_done_callback(lambda _: self._notify(done))
                done.wait_for(future.done, PATIENCE)
            (result,) = future.result().results
            if not result.successful:
                raise RuntimeError(f'the node refuses {name}: {result.reason}')

        return set_integer

    @staticmethod
    def _notify(done: Condition) -> None:
        """Wake who waits."""
        with done:
            done.notify_all()

    def _on_faces(self, message: Any) -> None:
        """Keep an answer."""
        received = time.time_ns() / 1e9
        stamp = message.header.stamp.sec + message.header.stamp.nanosec / 1e9
        with self._changed:
            self._answers.append(Answer(stamp, received, len(message.detections)))
            self._changed.notify_all()

    def _on_health(self, message: Any) -> None:
        """Keep what diagnostics said last."""
        for status in message.status:
            self.health = {one.key: one.value for one in status.values}


def cpu_seconds(number: int) -> float:
    """Give the processor time that a process has used, in seconds."""
    return _name_and_seconds(Path(f'/proc/{number}/stat'))[1]


def thread_seconds(number: int) -> dict[tuple[int, str], float]:
    """Give the processor time of each thread of a process, in seconds, by its number and name."""
    found = {}
    for task in Path(f'/proc/{number}/task').iterdir():
        # A thread may end while it is looked at.
        with suppress(OSError):
            name, seconds = _name_and_seconds(task / 'stat')
            found[int(task.name), name] = seconds
    return found


def _name_and_seconds(path: Path) -> tuple[str, float]:
    """Read the name and the processor time of a process or thread."""
    # The name, in parentheses, may have anything in it.
    head, _, tail = path.read_text().rpartition(')')
    words = tail.split()
    return head.partition('(')[2], (int(words[11]) + int(words[12])) / TICKS


def memory_parts(number: int) -> dict[str, float]:
    """Give the resident memory of a process in MiB: 'rss', and what it is made of."""
    lines = Path(f'/proc/{number}/status').read_text().splitlines()
    values = dict(line.split(':', 1) for line in lines)
    names = {'rss': 'VmRSS', 'own': 'RssAnon', 'files': 'RssFile', 'shared': 'RssShmem'}
    return {name: int(values[key].split()[0]) / 1024 for name, key in names.items()}


def proportional_memory(number: int) -> float:
    """Give the memory of a process in MiB; what several processes share counts in parts."""
    lines = Path(f'/proc/{number}/smaps_rollup').read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith('Pss:')) / 1024
