"""
Measure the startup, memory and time of each back end: `python -m benchmark backends`.

Each back end runs in its own process. The back ends process the same batches in turns.
"""

from __future__ import annotations

import argparse
from statistics import median
import sys
from typing import Any

import numpy as np

from benchmark.rig.executables import environment
from benchmark.rig.figures import add_figures_arguments
from benchmark.rig.figures import ROOT
from benchmark.rig.figures import Row
from benchmark.rig.figures import tell
from benchmark.rig.options import add_model_option
from benchmark.rig.worker_process import WorkerProcess
from fer_ros.perception.backends import BATCH_SIZES

BACKENDS = ('litert', 'onnxruntime', 'opencv', 'tensorflow', 'torch', 'jax')

# The answer assumed if a process ends without an answer.
ENDED: dict[str, Any] = {'error': 'the process of the back end ended'}

# Largest allowed difference between the outputs of a back end and of LiteRT on the same input.
TOLERANCE = 1e-3

# Goals for the time of a batch on the CPU, relative to LiteRT.
GOALS = {'onnxruntime': 1.1}

# Batch sizes that are measured on a GPU only.
MANY = (32, 64)


class Engine:
    """A back end in its own process; see `benchmark.costs.backend_worker`."""

    def __init__(self, name: str, model: str, device: str) -> None:
        """
        Start the process and load the back end.

        :param name: name of the back end.
        :param model: name or path of the bundle.
        :param device: 'auto', 'cpu' or 'gpu'.
        :raises ValueError: if the back end cannot run on this machine.
        """
        self._name = name
        self._process = WorkerProcess(
            [sys.executable, '-m', 'benchmark.costs.backend_worker', name, model, device],
            cwd=ROOT,
            env=environment(),
        )
        self.started = self._process.answer() or ENDED
        # The error of an engine can have many lines. Only its first line is reported.
        if 'error' in self.started:
            self.close()
            raise ValueError(f'{name}: {self.started["error"].splitlines()[0]}')

    def run(self, batch: int, count: int) -> dict[str, Any]:
        """
        Run the network on a batch several times.

        :param batch: number of faces in the batch.
        :param count: number of runs.
        :return: the answer of the process: the seconds of each run, traces and memory.
        """
        answer = self._process.ask({'batch': batch, 'count': count}) or ENDED
        if 'error' in answer:
            raise ValueError(f'{self._name}: {answer["error"]}')
        return answer

    def close(self) -> None:
        """End the process."""
        self._process.close()


def measure(engines: dict[str, Engine], turns: int, count: int) -> list[Row]:
    """
    Measure the back ends in turns.

    :param engines: the back ends by name.
    :param turns: number of turns for each back end and batch size.
    :param count: number of runs in a turn.
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
        if 'litert' in engines and name != 'litert':
            outputs = np.array(engines['litert'].started['outputs'])
            rows.append(
                Row(
                    f'{name}_difference',
                    value=float(np.abs(np.array(started['outputs']) - outputs).max()),
                    unit='of an output',
                    goal=TOLERANCE,
                    measure='value',
                )
            )
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
                    goal=GOALS.get(name) if of_litert and started['device'] == 'CPU' else None,
                    further={
                        'face_ms': round(1000 * median(seconds[name, size]) / size, 3),
                        'first_ms': round(1000 * first[name, size]['seconds'][0], 1),
                    },
                )
            )
    return rows


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_model_option(parser)
    parser.add_argument(
        '--device',
        default='auto',
        choices=('auto', 'cpu', 'gpu'),
        help='device of the back ends (default: %(default)s)',
    )
    parser.add_argument(
        '--backends',
        default=','.join(BACKENDS),
        help='back ends to measure, separated by commas (default: %(default)s)',
    )
    parser.add_argument(
        '--turns', type=int, default=5, help='number of turns of each back end (default: 5)'
    )
    parser.add_argument('--count', type=int, default=10, help='runs per turn (default: 10)')
    add_figures_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command `backends`."""
    engines: dict[str, Engine] = {}
    absent = []
    try:
        for name in arguments.backends.split(','):
            try:
                engines[name] = Engine(name, arguments.model, arguments.device)
            except ValueError as error:
                absent.append(f'Not measured: {error}.')
        if not engines:
            raise ValueError(f'no back end can run on this machine: {" ".join(absent)}')
        rows = measure(engines, arguments.turns, arguments.count)
    finally:
        for engine in engines.values():
            engine.close()
    remark = (
        f'{arguments.model}. `ratio` is relative to LiteRT with the same batch. `first ms` is the '
        'first run with that number of faces, which includes the compilation if the engine '
        'compiles. `…_start` is the time from the start of Python to the first result. `…_memory` '
        'is the memory after all runs. `…_difference` is the largest difference of an output from '
        'LiteRT.'
    )
    return tell('backends', rows, arguments, [remark, *absent])
