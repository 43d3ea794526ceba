"""
Measure the cost of analysing recordings: `python -m benchmark recordings`.

The recordings are made of a video of one person, scaled to 640x480. The outputs are compared with
the same decoder and the same pipeline without outputs, the processes with one process, and the
reading of bags with the reader of `mcap`. Ray is measured where it is installed.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
import importlib.util
import json
import os
from pathlib import Path
from statistics import median
import subprocess
from tempfile import TemporaryDirectory
import time
from typing import Any

import numpy as np
import psutil

from benchmark.offline import peer_video
from benchmark.offline.writing import PERIOD
from benchmark.offline.writing import write_bag
from benchmark.offline.writing import write_video
from benchmark.rig.figures import add_figures_arguments
from benchmark.rig.figures import Row
from benchmark.rig.figures import tell
from benchmark.rig.scenes import detector_weights
from benchmark.rig.scenes import scene
from benchmark.rig.scenes import SMALL
from benchmark.rig.timing import time_in_turns
from benchmark.rig.usage import MIB
from fer_ros.offline.calls import Engine
from fer_ros.offline.calls import run_call
from fer_ros.offline.engines.pool import Pool
from fer_ros.offline.folder import OutputFolder
from fer_ros.offline.job import Job
from fer_ros.offline.manifest import Manifest
from fer_ros.offline.models import load_models
from fer_ros.offline.recordings import open_recording
from fer_ros.offline.work import process
from fer_ros.offline.work import Task
from fer_ros.perception.settings import Settings

# Number of images in a bag for the comparison of the readers.
BAG_IMAGES = 150

# Required speed of `analyse` with all outputs, as a multiple of the speed of other packages.
PEER_GOALS = {'fer': 5.0, 'deepface': 10.0}

# Number of images that each package processes.
PEER_FRAMES = 60

# Variables of a ROS environment that would make another Python load foreign libraries.
FOREIGN = ('PYTHONPATH', 'PYTHONHOME', 'LD_LIBRARY_PATH', 'VIRTUAL_ENV')

# Number of recordings for the cost of each one; they have a single image.
SMALL_RECORDINGS = 20


def output_rows(job: Job, images: list[np.ndarray], folder: Path, frames: int) -> list[Row]:
    """Compare `analyse` with the decoder and the pipeline without outputs, in one process."""
    models = load_models(job.settings)
    path = write_video(folder / 'one.mp4', images, frames)
    count = 0

    def bare() -> None:
        pipeline = models.pipeline(job.settings)
        for frame in open_recording(path, job).frames():
            assert frame.image is not None
            pipeline.process(frame.image, frame.stamp / 1e9, job.settings, scene=frame.frame_id)

    def analyse(with_page: bool) -> Callable[[], None]:
        def run() -> None:
            nonlocal count
            count += 1
            task = Task('one', str(path), str(folder / f'staged{count}'))
            chosen = Job(settings=job.settings, report=with_page)
            outcome = process(task, chosen, models, {'settings': {}, 'model': {}})
            if outcome.reason:
                raise ValueError(outcome.reason)

        return run

    times = time_in_turns({'bare': bare, 'tables': analyse(False), 'page': analyse(True)}, runs=5)
    base = median(times['bare'].cpu)
    return [
        Row(
            f'analyse_{name}_over_pipeline',
            [one / frames for one in times[key].cpu],
            ratio=median(times[key].cpu) / base,
            goal=goal,
            further={'pipeline_ms': round(1000 * base / frames, 3), 'frames': frames},
        )
        for name, key, goal in (('table_and_mcap', 'tables', 1.1), ('with_page', 'page', None))
    ]


def peer_rows(
    job: Job, images: list[np.ndarray], folder: Path, peers: dict[str, Path]
) -> list[Row]:
    """
    Compare `analyse` with other packages on the same video.

    :param job: settings of the analysis.
    :param images: images of the video.
    :param folder: folder for the files.
    :param peers: Python executable of the environment of each package, a key of PEER_GOALS.
    """
    models = load_models(job.settings)
    path = write_video(folder / 'peers.mp4', images, PEER_FRAMES + 2)
    task = Task('peers', str(path), str(folder / 'staged_peers'))
    begin = time.perf_counter()
    outcome = process(task, Job(settings=job.settings), models, {'settings': {}, 'model': {}})
    if outcome.reason:
        raise ValueError(outcome.reason)
    own = (time.perf_counter() - begin) / (PEER_FRAMES + 2)
    rows = []
    for name, python in peers.items():
        done = subprocess.run(
            [str(python), str(Path(peer_video.__file__)), name, str(path), str(PEER_FRAMES)],
            env={key: value for key, value in os.environ.items() if key not in FOREIGN},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ValueError(f'{name} failed: {done.stderr.strip().splitlines()[-1]}')
        found = json.loads(done.stdout)
        each = found['seconds'] / found['frames']
        rows.append(
            Row(
                f'against_{name}',
                [own],
                ratio=each / own,
                goal=PEER_GOALS[name],
                at_least=True,
                further={f'{name}_ms': round(1000 * each, 2), 'faces': found['faces']},
            )
        )
    return rows


def reading_rows(images: list[np.ndarray], folder: Path) -> list[Row]:
    """Compare the reading of the images of a bag with the reader of `mcap` alone."""
    from mcap.reader import make_reader

    path = write_bag(folder / 'reading.mcap', images, BAG_IMAGES)

    def alone(check: bool) -> Callable[[], None]:
        def run() -> None:
            with path.open('rb') as stream:
                for _ in make_reader(stream, validate_crcs=check).iter_messages():
                    pass

        return run

    def read() -> None:
        for _ in open_recording(path, Job()).frames():
            pass

    times = time_in_turns(
        {'checked': alone(True), 'unchecked': alone(False), 'read': read}, runs=7
    )
    return [
        Row(
            'reading_mcap_over_mcap_reader',
            [one / BAG_IMAGES for one in times['read'].cpu],
            ratio=median(times['read'].cpu) / median(times['checked'].cpu),
            goal=1.2,
            further={
                'mcap_ms': round(1000 * median(times['checked'].cpu) / BAG_IMAGES, 3),
                'mcap_without_checksums_ms': round(
                    1000 * median(times['unchecked'].cpu) / BAG_IMAGES, 3
                ),
            },
        )
    ]


@contextmanager
def ready(engine: Any) -> Iterator[Engine]:
    """Start an engine, and stop it at the end of the block."""
    try:
        engine.start()
        yield engine
    finally:
        engine.stop()


def call_time(engine: Engine, job: Job, paths: list[Path], folder: Path) -> float:
    """Return the duration of a call with a running engine [s]."""
    output = OutputFolder(folder)
    try:
        begin = time.perf_counter()
        manifest = Manifest(output.manifest, job.identity(), job.fingerprint())
        about: dict[str, Any] = {'settings': {}, 'model': {}}
        summary = run_call(paths, job, engine, output, manifest, about, quiet=True)
        seconds = time.perf_counter() - begin
    finally:
        output.close()
    if summary.failed:
        raise ValueError(str(summary.failed))
    return seconds


def process_rows(job: Job, images: list[np.ndarray], folder: Path, frames: int) -> list[Row]:
    """Measure several processes, Ray, the cost of each recording, and the memory of a process."""
    paths = [write_bag(folder / f'bag{number}.mcap', images, frames) for number in range(4)]
    singles = [
        write_bag(folder / f'single{number}.mcap', images, 1) for number in range(SMALL_RECORDINGS)
    ]
    long = write_video(folder / 'long.mp4', images, 2 * frames)
    seconds: dict[str, float] = {}
    with ready(Pool(job, 1)) as one:
        call_time(one, job, singles[:1], folder / 'warm')
        seconds['one'] = call_time(one, job, paths, folder / 'one')
        seconds['each'] = call_time(one, job, singles, folder / 'each') / len(singles)
        call_time(one, job, [long], folder / 'long')
        assert isinstance(one, Pool)
        (pid,) = one.pids
        memory = psutil.Process(pid).memory_info().rss / MIB
    with ready(Pool(job, 2)) as two:
        call_time(two, job, singles[:4], folder / 'warm2')
        seconds['two'] = call_time(two, job, paths, folder / 'two')
    rows = [
        Row(
            'two_processes_over_one',
            ratio=seconds['one'] / seconds['two'],
            goal=1.8,
            at_least=True,
            further={'one_s': round(seconds['one'], 2), 'two_s': round(seconds['two'], 2)},
        ),
        Row('each_recording', [seconds['each']], goal=500.0, measure='median_ms'),
        Row(
            'memory_of_a_process',
            value=memory,
            unit='MiB',
            goal=350.0,
            measure='value',
            further={'frames': 2 * frames},
        ),
    ]
    if importlib.util.find_spec('ray') is not None:
        from fer_ros.offline.engines.ray_data import RayEngine

        with ready(RayEngine(job, 2)) as cluster:
            ray_seconds = call_time(cluster, job, paths, folder / 'ray')
        rows.append(
            Row(
                'ray_over_two_processes',
                ratio=seconds['two'] / ray_seconds,
                goal=0.9,
                at_least=True,
                further={
                    'ray_s': round(ray_seconds, 2),
                    'seconds_of_each_recording': round(frames * PERIOD, 1),
                },
            )
        )
    return rows


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        '--frames',
        type=int,
        default=900,
        help='number of images in each recording (default: 900, half a minute)',
    )
    parser.add_argument(
        '--only',
        choices=('outputs', 'reading', 'processes', 'peers'),
        help='measure only a part of the figures',
    )
    for name in PEER_GOALS:
        parser.add_argument(
            f'--{name}-python',
            type=Path,
            metavar='PYTHON',
            help=f'python of an environment with {name}, to compare with it',
        )
    add_figures_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command `recordings`."""
    if arguments.frames < 30:
        raise ValueError(f'{arguments.frames} frames are too few; set --frames to at least 30')
    job = Job(settings=Settings(detector='yunet', detector_model=str(detector_weights())))
    images = scene(1, SMALL)
    rows: list[Row] = []
    with TemporaryDirectory(prefix='fer_ros_') as name:
        folder = Path(name)
        if arguments.only in (None, 'outputs'):
            rows += output_rows(job, images, folder, min(arguments.frames, 300))
        if arguments.only in (None, 'reading'):
            rows += reading_rows(images, folder)
        peers = {
            name: python
            for name in PEER_GOALS
            if (python := getattr(arguments, f'{name}_python')) is not None
        }
        if arguments.only in (None, 'peers') and peers:
            rows += peer_rows(job, images, folder, peers)
        if arguments.only in (None, 'processes'):
            rows += process_rows(job, images, folder, arguments.frames)
    remark = (
        'Images of 640x480 with one face. The ratios of `analyse_…` are those of the processor '
        'time. The reader of `mcap` checks the checksums, as `analyse` does. deepface has random '
        'weights, because its speed does not depend on them.'
    )
    return tell('recordings', rows, arguments, [remark])
