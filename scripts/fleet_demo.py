"""Analyse recordings with two workers of which one is killed; see scripts/fleet-demo."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
import importlib.util
import os
from pathlib import Path
import subprocess
import sys
from tempfile import TemporaryDirectory

import numpy as np
import psutil
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from fer_ros.sources.opening import open_source  # noqa: E402

# Number of recordings, and of images in each.
RECORDINGS = 12
IMAGES = 60

# The first timestamp, and the time between two images [ns].
START = 1_700_000_000 * 10**9
PERIOD = 33_333_333

# A worker is killed after this many recordings.
KILL_AFTER = 3

# Words in the command lines of workers.
WORKERS = {'ray': 'MapWorker', 'processes': 'spawn_main'}


def write_recordings(folder: Path) -> list[Path]:
    """
    Write small bags with the images of the built-in source.

    :param folder: folder for the bags.
    :return: their paths.
    """
    from mcap.writer import Writer
    from rosbags.typesys import get_typestore
    from rosbags.typesys import Stores

    store = get_typestore(Stores.ROS2_JAZZY)
    kind = 'sensor_msgs/msg/Image'
    definition = store.generate_msgdef(kind, ros_version=2)[0].encode()
    image, header = store.types[kind], store.types['std_msgs/msg/Header']
    time = store.types['builtin_interfaces/msg/Time']
    views = iter(open_source('astronaut', width=320, height=240))
    paths = [folder / f'robot_{number:02d}.mcap' for number in range(RECORDINGS)]
    for path in paths:
        with path.open('wb') as stream:
            writer = Writer(stream)
            writer.start('ros2')
            schema = writer.register_schema(kind, 'ros2msg', definition)
            channel = writer.register_channel('/camera/image_raw', 'cdr', schema)
            for index in range(IMAGES):
                view = next(views)[0]
                assert view is not None
                pixels = np.ascontiguousarray(view)
                stamp = START + index * PERIOD
                message = image(
                    header(time(*divmod(stamp, 10**9)), 'camera'),
                    *pixels.shape[:2],
                    'bgr8',
                    0,
                    pixels.strides[0],
                    pixels.ravel(),
                )
                writer.add_message(
                    channel, stamp, bytes(store.serialize_cdr(message, kind)), stamp
                )
            writer.finish()
    return paths


@contextmanager
def ray_cluster() -> Iterator[dict[str, str]]:
    """Start a head and two nodes of Ray as processes; give the environment for a call."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(
        initialize_head=True, head_node_args={'num_cpus': 0, 'include_dashboard': False}
    )
    try:
        for _ in range(2):
            cluster.add_node(num_cpus=1)
        yield {'RAY_ADDRESS': cluster.address}
    finally:
        cluster.shutdown()


def analyse(
    paths: list[Path], output: Path, engine: str, environment: dict[str, str], kill: bool
) -> int:
    """
    Analyse the recordings, and print the progress.

    :param paths: the recordings.
    :param output: output folder.
    :param engine: 'ray' or 'processes'.
    :param environment: variables for the call.
    :param kill: whether to kill a worker in the middle.
    :return: exit status of the call.
    """
    path = os.pathsep.join([str(ROOT), os.environ.get('PYTHONPATH', '')])
    command = [sys.executable, '-m', 'fer_ros', 'analyse', *map(str, paths), '-o', str(output)]
    call = subprocess.Popen(
        [*command, '--jobs', '2', '--engine', engine],
        cwd=ROOT,
        env={**os.environ, **environment, 'PYTHONPATH': path},
        stderr=subprocess.PIPE,
        text=True,
    )
    done = 0
    assert call.stderr is not None
    for line in call.stderr:
        if not line.startswith('analyse: '):
            continue
        print(f'  {line.rstrip()}', flush=True)
        done += ' frames, ' in line
        if kill and done == KILL_AFTER:
            kill = not _kill_worker(engine)
    return call.wait()


def _kill_worker(engine: str) -> bool:
    """Kill a worker among the descendants of this process; False if there is none."""
    for process in psutil.Process().children(recursive=True):
        try:
            if WORKERS[engine] in ' '.join(process.cmdline()):
                print(f'  fleet-demo: killing the worker with the process id {process.pid}')
                process.kill()
                return True
        except psutil.NoSuchProcess:
            continue
    return False


def print_table(output: Path) -> None:
    """Print a line for each recording of a data set."""
    table = pq.read_table(output / 'faces.parquet').to_pandas()
    found = table.groupby('recording', observed=True).agg(
        frames=('frame', 'nunique'),
        people=('id', 'nunique'),
        emotion=('emotion', lambda column: column.mode()[0]),
        score=('score', 'mean'),
    )
    print(found.round(3).to_string())


def main() -> int:
    """Run the demo; 0 if all recordings are done and the rows are equal."""
    has_ray = importlib.util.find_spec('ray') is not None
    parser = argparse.ArgumentParser(prog='fleet-demo', description=__doc__)
    parser.add_argument(
        '--engine', choices=tuple(WORKERS), default='ray' if has_ray else 'processes'
    )
    engine = parser.parse_args().engine
    with TemporaryDirectory(prefix='fleet_demo_') as name:
        folder = Path(name)
        print(f'fleet-demo: writing {RECORDINGS} recordings of {IMAGES} images')
        paths = write_recordings(folder)
        print(f'fleet-demo: two workers ({engine}), one of which will be killed')
        disturbed, undisturbed = folder / 'disturbed', folder / 'undisturbed'
        if engine == 'ray':
            with ray_cluster() as environment:
                status = analyse(paths, disturbed, engine, environment, kill=True)
        else:
            status = analyse(paths, disturbed, engine, {}, kill=True)
        print('fleet-demo: the same recordings with two undisturbed processes')
        status = status or analyse(paths, undisturbed, 'processes', {}, kill=False)
        order = [(column, 'ascending') for column in ('input', 'frame', 'id')]
        one, other = (
            pq.read_table(place / 'faces.parquet').sort_by(order)
            for place in (disturbed, undisturbed)
        )
        equal = bool(one.equals(other)) and one.num_rows > 0
        print_table(disturbed)
        print(f'fleet-demo: {one.num_rows} rows, {"equal" if equal else "DIFFERENT"} in both runs')
    return status or int(not equal)


if __name__ == '__main__':
    sys.exit(main())
