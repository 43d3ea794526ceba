"""Start and control the camera of `benchmark.rig.camera` in a separate process."""

from __future__ import annotations

from collections.abc import Sequence
import os
import subprocess
import sys

from benchmark.rig.executables import environment
from benchmark.rig.executables import STOP_TIME
from benchmark.rig.figures import ROOT


class Camera:
    """Publishes images at a given rate in a separate process; see `benchmark.rig.camera`."""

    def __init__(
        self,
        faces: int,
        size: tuple[int, int],
        cores: Sequence[int] | None = None,
        namespace: str = '',
    ) -> None:
        """
        Start the camera without publishing.

        :param faces: number of faces in the images.
        :param size: (width, height) of the images.
        :param cores: processor cores that the camera may use; None for all.
        :param namespace: namespace of the topics.
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
            raise RuntimeError('the camera of the benchmark did not start')

    def __enter__(self) -> Camera:
        """Return the camera."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the camera process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(STOP_TIME)

    def play(self, rate: float) -> None:
        """Publish at a rate from now on [Hz]; 0 for a pause."""
        assert self._process.stdin is not None
        self._process.stdin.write(f'{rate}\n')
        self._process.stdin.flush()
