"""
Measure the cost of the node from outside: `python -m benchmark node`.

A camera with an exact rate, the node and the subscriber are three processes. An age is the time of
reception minus the timestamp, by the same clock. The command needs the installed package (`.
scripts/env`, or a sourced workspace) and Linux. The node runs the code of this checkout.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
from itertools import pairwise
import os
from statistics import median
import time

import numpy as np

from benchmark.costs.bare import bare_detector
from benchmark.costs.bare import bare_network
from benchmark.costs.bare import faces_for
from benchmark.rig.camera_process import Camera
from benchmark.rig.client import Answer
from benchmark.rig.client import Client
from benchmark.rig.client import PATIENCE
from benchmark.rig.executables import emotion_node
from benchmark.rig.executables import settle_domain
from benchmark.rig.figures import add_figures_arguments
from benchmark.rig.figures import ROOT
from benchmark.rig.figures import Row
from benchmark.rig.figures import tell
from benchmark.rig.scenes import detector_weights
from benchmark.rig.scenes import LARGE
from benchmark.rig.scenes import scene
from benchmark.rig.scenes import SMALL
from benchmark.rig.timing import time_frames
from benchmark.rig.usage import cpu_seconds
from benchmark.rig.usage import growth
from benchmark.rig.usage import memory_parts
from benchmark.rig.usage import MIB
from benchmark.rig.usage import resident_memory
from benchmark.rig.usage import thread_seconds
from fer_ros.perception.detection.choice import create_detector
from fer_ros.perception.models.bundle import load_card
from fer_ros.perception.settings import DEFAULT_MODEL
from fer_ros.perception.settings import Settings

# Rate of the camera, and a rate that overloads the node [Hz].
RATE = 30.0
OVERLOAD_RATE = 60.0

# Allowed time to transfer a 640x480 image to another process [s].
TRANSPORT = 0.003

# Number of turns of the node and the bare calls, and duration of a turn of the node [s].
TURNS = 5
TURN = 3.0

# Number of threads to report, those with the most processor time first.
BUSIEST = 6

# Minimum number of results under overload for a meaningful measurement.
LEAST_ANSWERS = 20

# Diagnostics values with the processing times that the node itself measures.
STAGES = ('age_p50_ms', 'detect_ms', 'classify_ms', 'publish_ms')

# Ignored time at the beginning of each measurement [s].
WARM_UP = 0.5


def overhead_rows(client: Client, camera: Camera, turns: int) -> list[Row]:
    """
    Compare the age of the results with the time of the bare calls, in turns.

    The bare calls are measured twice: without pauses, and at the camera's rate. After a pause, the
    processor's caches are cold and OpenCV's second thread sleeps, which slows down any caller.

    :param client: client of a running node.
    :param camera: camera that shows one face at 640x480.
    :param turns: number of turns of the node and of the bare calls.
    """
    settings, images = Settings(), scene(1, SMALL)
    card, weights = load_card(ROOT / 'models' / DEFAULT_MODEL), detector_weights()
    detector = create_detector('yunet', str(weights))
    search = bare_detector(weights, images, settings)
    network = bare_network(card.file('tflite'), faces_for(card, detector, images, 1, settings))
    ages: list[float] = []
    bare: dict[str, list[float]] = {'detector': [], 'network': [], 'at_rate': []}
    for _ in range(turns):
        ages += [answer.age for answer in playing(client, camera, RATE, TURN)]
        camera.play(0)
        times = {
            **time_frames({'detector': search, 'network': lambda _: network()}, 60),
            **time_frames(
                {'at_rate': lambda frame: (search(frame), network())}, 60, pause=1 / RATE
            ),
        }
        for name, seconds in times.items():
            bare[name] += seconds
    total = median(bare['detector']) + median(bare['network'])
    return [
        Row(
            'node_overhead',
            ages,
            ratio=median(ages) / (total + TRANSPORT),
            goal=1.25,
            further={
                'bare_ms': round(1000 * total, 3),
                'answers': len(ages),
                **{key: float(client.health[key]) for key in STAGES if key in client.health},
            },
        ),
        Row(
            'node_over_calls_at_its_rate',
            ages,
            ratio=median(ages) / (median(bare['at_rate']) + TRANSPORT),
            further={'bare_ms': round(1000 * median(bare['at_rate']), 3)},
        ),
        Row('bare_detector', bare['detector']),
        Row('bare_network', bare['network']),
    ]


def playing(client: Client, camera: Camera, rate: float, seconds: float) -> list[Answer]:
    """Start the camera, and return the results received after a short warm-up."""
    camera.play(rate)
    client.clear()
    client.wait_for()
    time.sleep(WARM_UP)
    return client.listen(seconds)


def cpu_row(client: Client, camera: Camera, process: int, seconds: float) -> Row:
    """Measure the processor time of the node at the camera's rate."""
    playing(client, camera, RATE, 1.0)
    begin, used, of_threads = time.monotonic(), cpu_seconds(process), thread_seconds(process)
    answers = client.listen(seconds)
    share = (cpu_seconds(process) - used) / (time.monotonic() - begin)
    threads = {
        key: 1000 * (now - of_threads.get(key, 0.0)) / max(len(answers), 1)
        for key, now in thread_seconds(process).items()
    }
    busiest = sorted(threads.items(), key=lambda thread: -thread[1])[:BUSIEST]
    return Row(
        'cpu_at_30_hz',
        value=100 * share,
        unit='% of a core',
        goal=35.0,
        measure='value',
        further={
            'answers_per_second': round(len(answers) / seconds, 2),
            'cpu_ms_per_frame': round(1000 * share * seconds / max(len(answers), 1), 2),
            'threads_ms_per_frame': ' + '.join(
                f'{milliseconds:.2f} {name}' for (_, name), milliseconds in busiest
            ),
        },
    )


def memory_row(process: int) -> Row:
    """Measure the memory of the node."""
    parts = {name: round(size, 1) for name, size in memory_parts(process).items()}
    return Row(
        'memory_rss',
        value=parts.pop('rss'),
        unit='MiB',
        goal=160.0,
        measure='value',
        further={f'{name}_mib': size for name, size in parts.items()},
    )


def parameter_row(client: Client, camera: Camera, changes: int) -> Row:
    """
    Count the frames from the acceptance of a parameter until it takes effect.

    The changed parameter is the minimum face size. With a size of 1000 pixels, no result contains
    a face. Only frames with a timestamp after the acceptance are counted.
    """
    set_integer = client.parameter_setter()
    playing(client, camera, RATE, 0.5)
    frames, seconds = [], []
    for number in range(changes):
        size = 1000 if number % 2 == 0 else Settings().min_face_size
        begin = time.time()
        set_integer('min_face_size', size)
        accepted = time.time()
        wanted = 0 if size == 1000 else 1

        def in_force(answer: Answer, accepted: float = accepted, wanted: int = wanted) -> bool:
            return answer.stamp > accepted and answer.faces == wanted

        client.clear()
        found = client.wait_for(in_force)
        frames.append(sum(accepted < one.stamp <= found.stamp for one in client.answers))
        seconds.append(found.received - begin)
    return Row(
        'parameter_in_force',
        seconds,
        value=float(max(frames)),
        unit='frames (maximum)',
        goal=1.0,
        measure='value',
        further={'changes': changes},
    )


def start_row(camera: Camera, starts: int) -> Row:
    """Measure the time from the start of the executable to the first result."""
    camera.play(RATE)
    seconds = []
    with Client() as client:
        for _ in range(starts):
            client.clear()
            begin = time.time()
            with emotion_node():
                first = client.wait_for(lambda answer, begin=begin: answer.received > begin)
                seconds.append(first.received - begin)
    camera.play(0)
    return Row(
        'start_to_first_emotion',
        seconds,
        goal=1500.0,
        measure='median_ms',
        further={'starts': starts, 'longest_ms': round(1000 * max(seconds), 1)},
    )


def stale(answers: Sequence[Answer], rate: float) -> int:
    """
    Count the frames that the node processed although a newer frame was available.

    An overloaded node starts a frame as soon as it has published the previous result. If a frame
    is more than two periods old when its processing starts, its successor has been available for
    one period.

    :param answers: results of an overloaded node, in the order of their reception.
    :param rate: rate of the camera in Hz.
    :return: number of results whose frame is older than two periods, or not newer than the
        previous frame.
    """
    count = 0
    for before, answer in pairwise(answers):
        waited = before.received - answer.stamp
        count += waited > 2 / rate or answer.stamp <= before.stamp
    return count


@contextmanager
def on_cores(cores: Sequence[int]) -> Iterator[None]:
    """Restrict this thread, and the threads and processes that it starts, to some cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def overload_rows(faces: int, seconds: float) -> list[Row]:
    """
    Measure a node on one core that receives more images than it can process.

    :param faces: number of faces in the camera images, at 1280x720.
    :param seconds: minimum duration of the measurement.
    """
    cores = sorted(os.sched_getaffinity(0))
    own, others = cores[:1], cores[1:] or cores
    with (
        on_cores(others),
        Camera(faces, LARGE, others) as camera,
        Client() as client,
        emotion_node(cores=own) as node,
    ):
        # The age of a result without overload.
        alone = median(answer.age for answer in playing(client, camera, 5.0, 3.0))
        playing(client, camera, OVERLOAD_RATE, 2.0)
        client.clear()
        times: list[float] = []
        sizes: list[int] = []
        begin = time.monotonic()
        client.health.clear()
        while (
            time.monotonic() - begin < seconds
            or len(client.answers) < LEAST_ANSWERS
            or not set(STAGES) <= client.health.keys()
        ):
            if time.monotonic() - begin > seconds + PATIENCE:
                raise RuntimeError(
                    f'the node published only {len(client.answers)} results under overload'
                )
            times.append(time.monotonic() - begin)
            sizes.append(resident_memory(node.pid))
            time.sleep(0.25)
        answers = client.answers
        seconds = time.monotonic() - begin
        processing = sum(float(client.health[key]) for key in STAGES[1:]) / 1000
        camera.play(0)
    ages = [answer.age for answer in answers]
    p95 = float(np.quantile(ages, 0.95))
    found = growth(times, sizes)
    ending = '' if faces == 1 else f'_{faces}_faces'
    return [
        Row(
            f'overload_age{ending}',
            ages,
            # The sum of the node's own stages is the lowest estimate of the processing time of a
            # frame.
            ratio=p95 / processing,
            goal=1.6,
            further={
                'processing_ms': round(1000 * processing, 2),
                'answers_per_second': round(len(answers) / seconds, 1),
                'alone_ms': round(1000 * alone, 2),
                'p95_over_alone': round(p95 / alone, 3),
            },
        ),
        Row(
            f'overload_stale_frames{ending}',
            value=float(stale(answers, OVERLOAD_RATE)),
            unit='frames',
            goal=0.0,
            measure='value',
            further={'answers': len(answers)},
        ),
        Row(
            f'overload_memory_growth{ending}',
            value=100 * found.share,
            unit='%',
            goal=2.0,
            measure='value',
            further={'seconds': round(seconds, 1), 'mib': round(sizes[-1] / MIB, 1)},
        ),
    ]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        '--starts', type=int, default=5, help='number of starts of the node (default: 5)'
    )
    parser.add_argument(
        '--turns',
        type=int,
        default=TURNS,
        help='number of turns; each turn measures the node and the bare calls '
        '(default: %(default)s)',
    )
    parser.add_argument(
        '--changes',
        type=int,
        default=20,
        help='number of changes of a parameter (default: %(default)s)',
    )
    parser.add_argument(
        '--seconds',
        type=float,
        default=10.0,
        help='time for measuring processor time and memory in seconds (default: 10)',
    )
    parser.add_argument(
        '--overload-faces',
        type=int,
        nargs='*',
        default=[1, 8],
        metavar='N',
        help='numbers of faces in the images under overload (default: 1 8)',
    )
    add_figures_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command `node`."""
    settle_domain()
    try:
        with Camera(1, SMALL) as camera:
            rows = [start_row(camera, arguments.starts)]
            with Client() as client, emotion_node() as node:
                rows += overhead_rows(client, camera, arguments.turns)
                rows.append(cpu_row(client, camera, node.pid, arguments.seconds))
                rows.append(memory_row(node.pid))
                rows.append(parameter_row(client, camera, arguments.changes))
        for faces in arguments.overload_faces:
            rows += overload_rows(faces, arguments.seconds)
    except RuntimeError as error:
        raise ValueError(str(error)) from error
    remark = (
        f'{DEFAULT_MODEL} on LiteRT, YuNet. One face at 640x480 and {RATE:g} Hz. Overload: '
        f'1280x720 at {OVERLOAD_RATE:g} Hz, with the node on one core, and camera and subscriber '
        'on another core.'
    )
    return tell('node', rows, arguments, [remark])
