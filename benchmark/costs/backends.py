"""
What each back end costs in start, memory and time: `python -m benchmark backends`.

Each runs in a process of its own, all at the same batches in turns.
"""

from __future__ import annotations

import argparse
from statistics import median
import sys
from typing import Any

from benchmark.rig.executables import environment
from benchmark.rig.figures import add_figures_arguments
from benchmark.rig.figures import ROOT
from benchmark.rig.figures import Row
from benchmark.rig.figures import tell
from benchmark.rig.worker_process import WorkerProcess
from fer_ros.perception.backends import BATCH_SIZES
from fer_ros.perception.settings import Settings

BACKENDS = ('litert', 'opencv', 'tensorflow', 'torch', 'jax')

# What counts as the answer of a process that gives none.
ENDED: dict[str, Any] = {'error': 'its process ended'}

# Faces in a batch that only a GPU is asked about.
MANY = (32, 64)


class Engine:
    """A back end in a process of its own; see `benchmark.costs.backend_worker`."""

    def __init__(self, name: str, model: str, device: str) -> None:
        """
        Load it.

        :param name: of the back end.
        :param model: the bundle.
        :param device: 'auto', 'cpu' or 'gpu'.
        :raises ValueError: if it cannot run here.
        """
        self._name = name
        self._process = WorkerProcess(
            [sys.executable, '-m', 'benchmark.costs.backend_worker', name, model, device],
            cwd=ROOT,
            env=environment(),
        )
        self.started = self._process.answer() or ENDED
        # A person sees only the first line of what an engine complains of.
        if 'error' in self.started:
            self.close()
            raise ValueError(f'{name}: {self.started["error"].splitlines()[0]}')

    def run(self, batch: int, count: int) -> dict[str, Any]:
        """Run a batch of so many faces, so many times."""
        answer = self._process.ask({'batch': batch, 'count': count}) or ENDED
        if 'error' in answer:
            raise ValueError(f'{self._name}: {answer["error"]}')
        return answer

    def close(self) -> None:
        """End it."""
        self._process.close()


def measure(engines: dict[str, Engine], turns: int, count: int) -> list[Row]:
    """
    Run all of them in turns.

    :param engines: by name.
    :param turns: of each at each number of faces.
    :param count: runs of a turn.
    """
    sizes = {
        name: (*BATCH_SIZES, *(MANY if engine.started['device'] != 'CPU' else ()))
        for name, engine in engines.items()
    }
    first = {
        (name, size): engine.run(size, 1)
        for name, engine in engines.items()
        for size in sizes[name]
    }
    compiled = {name: first[name, sizes[name][-1]]['traces'] for name in engines}
    seconds: dict[tuple[str, int], list[float]] = {key: [] for key in first}
    last: dict[str, dict[str, Any]] = {}
    for _ in range(turns):
        for size in (*BATCH_SIZES, *MANY):
            for name, engine in engines.items():
                if size in sizes[name]:
                    last[name] = engine.run(size, count)
                    seconds[name, size] += last[name]['seconds']
    rows = []
    for name, engine in engines.items():
        started = engine.started
        rows += [
            Row(
                f'{name}_start',
                (started['start_seconds'],),
                further={'device': started['device']},
            ),
            Row(
                f'{name}_memory',
                value=last[name]['mib'],
                unit='MiB',
                further={
                    'after_start_mib': round(started['start_mib'], 1),
                    'before_mib': round(started['python_mib'], 1),
                },
            ),
        ]
        if name == 'tensorflow':
            rows.append(
                Row(
                    'tensorflow_retraces',
                    value=float(last[name]['traces'] - compiled[name]),
                    unit='traces',
                    goal=0.0,
                    measure='value',
                    further={'sizes_of_batches': len(BATCH_SIZES)},
                )
            )
        for size in sizes[name]:
            reference = seconds.get(('litert', size))
            of_litert = median(seconds[name, size]) / median(reference) if reference else None
            rows.append(
                Row(
                    f'{name}_batch_{size}',
                    seconds[name, size],
                    ratio=of_litert,
                    further={
                        'face_ms': round(1000 * median(seconds[name, size]) / size, 3),
                        'first_ms': round(1000 * first[name, size]['seconds'][0], 1),
                    },
                )
            )
    return rows


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument('--model', default=Settings().model, help='default: %(default)s')
    parser.add_argument('--device', default='auto', choices=('auto', 'cpu', 'gpu'))
    parser.add_argument(
        '--backends', default=','.join(BACKENDS), help='which (default: %(default)s)'
    )
    parser.add_argument('--turns', type=int, default=5, help='of each (default: 5)')
    parser.add_argument('--count', type=int, default=10, help='runs of a turn (default: 10)')
    add_figures_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Carry out `backends`."""
    engines: dict[str, Engine] = {}
    absent = []
    try:
        for name in arguments.backends.split(','):
            try:
                engines[name] = Engine(name, arguments.model, arguments.device)
            except ValueError as error:
                absent.append(f'Not measured: {error}.')
        if not engines:
            raise ValueError(f'no back end runs here: {" ".join(absent)}')
        rows = measure(engines, arguments.turns, arguments.count)
    finally:
        for engine in engines.values():
            engine.close()
    remark = (
        f'{arguments.model}; `ratio` is to LiteRT on the same batch; `first ms` is the first run '
        f'of that number of faces, in which an engine that compiles may do so; `…_start` is from '
        f'the start of Python to the first result, `…_memory` after all of it.'
    )
    return tell('backends', rows, arguments, [remark, *absent])
