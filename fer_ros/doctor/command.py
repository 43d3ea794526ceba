"""
Say what is wrong with a set-up before the first frame: `ros2 run fer_ros doctor`.

What needs no ROS is checked without it; no node need be running.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
import importlib
import importlib.util
import math
import os
import sys

from fer_ros.node.life.shared_memory import ENLARGE
from fer_ros.node.life.shared_memory import find_leftovers
from fer_ros.node.life.shared_memory import FOLDER
from fer_ros.node.life.shared_memory import free_memory
from fer_ros.node.life.shared_memory import mebibytes
from fer_ros.node.life.shared_memory import needed_memory
from fer_ros.node.life.shared_memory import profile_of_environment
from fer_ros.node.life.shared_memory import PROFILE_VARIABLES
from fer_ros.node.life.shared_memory import ProfileError
from fer_ros.node.life.shared_memory import segments_of
from fer_ros.node.life.shared_memory import uses_fast_dds
from fer_ros.perception.quoting import quoted
from fer_ros.perception.quoting import shortened

OK, WARN, FAIL = 'ok', 'warn', 'FAIL'

PYTHONS = ((3, 10), (3, 13))

# The segments of config/fastdds.xml and config/fastdds_small.xml, for camera and node [bytes].
SHIPPED_SEGMENTS = [33554432, 6815744]

# The longest sentence of a finding, in characters: paths, hashes and remedies have room.
LONGEST_LINE = 1000

# The longest time to listen to a camera [s].
LONGEST = 3600.0

# What a frame of 1280x720 in colour takes [bytes]; the default segment has 0.5 MB.
LEAST_SEGMENT = 1280 * 720 * 3

# Of OpenCV: what has which name, and for what it is there.
CAPABILITIES = {
    'FaceDetectorYN': 'YuNet',
    'CascadeClassifier': 'Haar',
    'dnn': 'networks',
}


@dataclass(frozen=True)
class Finding:
    """
    What was found of one thing.

    :param level: OK; WARN if the node works without it, but less well; FAIL if it does not work.
    :param subject: what was looked at.
    :param sentence: what was found, and what to do.
    """

    level: str
    subject: str
    sentence: str


def check_python() -> Iterator[Finding]:
    """Look at Python and the libraries that perception stands on."""
    version = sys.version_info
    found = f'{version.major}.{version.minor}.{version.micro}'
    if PYTHONS[0] <= version[:2] <= PYTHONS[1]:
        yield Finding(OK, 'Python', found)
    else:
        yield Finding(WARN, 'Python', f'{found}; tested with 3.10 to 3.13')
    for module, name, remedy in (
        ('numpy', 'NumPy', 'apt install python3-numpy'),
        ('yaml', 'PyYAML', 'apt install python3-yaml'),
        ('cv2', 'OpenCV', 'apt install python3-opencv'),
    ):
        try:
            library = importlib.import_module(module)
            told = str(library.__version__)
        except Exception as error:  # a broken library raises anything
            yield Finding(FAIL, name, f'{type(error).__name__}: {error}; {remedy}')
            continue
        if module == 'cv2':
            runs = [what for member, what in CAPABILITIES.items() if hasattr(library, member)]
            told += f', which can run {", ".join(runs) or "none of the detectors"}'
        yield Finding(OK, name, told)


def check_detectors() -> Iterator[Finding]:
    """Load each detector."""
    from fer_ros.perception.detection.choice import create_detector
    from fer_ros.perception.detection.choice import DetectorError
    from fer_ros.perception.detection.choice import NAMES

    found = []
    for name in NAMES:
        try:
            detector = create_detector(name)
        except DetectorError as error:
            found.append(Finding(WARN, f'detector {name}', str(error)))
        else:
            found.append(Finding(OK, f'detector {name}', detector.reason))
    yield from found
    if all(finding.level != OK for finding in found):
        yield Finding(FAIL, 'detectors', 'none can run; do what one of them asks for')


def check_models() -> Iterator[Finding]:
    """Read each bundle, and compare its files with their hashes."""
    from fer_ros.perception.models.bundle import BundleError
    from fer_ros.perception.models.bundle import load_card
    from fer_ros.perception.models.model_files import bundle_folders

    for folder in bundle_folders():
        try:
            card = load_card(folder)
            hashes = []
            for kind in card.kinds:
                card.file(kind)
                hashes.append(f'{kind} {card.sha256(kind)[:12]}…')
        except BundleError as error:
            yield Finding(FAIL, f'model {shortened(folder.name)}', str(error))
        else:
            told = f'{", ".join(hashes)} match the card, in {shortened(folder)}'
            yield Finding(OK, f'model {card.name}', told)


def check_backends(model: str) -> Iterator[Finding]:
    """
    Run a model on each back end.

    :param model: its name, or the path of its bundle.
    """
    from fer_ros.perception.backends import BackendError
    from fer_ros.perception.backends import create_backend
    from fer_ros.perception.backends.choice import ENGINES
    from fer_ros.perception.backends.choice import gpu_present
    from fer_ros.perception.classification.classifier import Classifier
    from fer_ros.perception.models.bundle import BundleError
    from fer_ros.perception.models.bundle import find_bundle
    from fer_ros.perception.models.bundle import load_card

    try:
        card = load_card(find_bundle(model))
    except BundleError as error:
        yield Finding(FAIL, f'model {shortened(model)}', str(error))
        return
    gpu = gpu_present()
    yield Finding(OK, 'GPU', 'a driver is loaded' if gpu else 'none: the CPU does the work')
    works = False
    for name in ('litert', 'opencv', *ENGINES):
        if name in ENGINES and importlib.util.find_spec(name) is None:
            level = WARN if gpu else OK
            yield Finding(level, f'back end {name}', 'not installed; it is for GPUs')
            continue
        if name in ENGINES and not gpu:
            yield Finding(OK, f'back end {name}', 'installed; not tried, as there is no GPU')
            continue
        try:
            backend = create_backend(name, card)
            Classifier(card, backend)
        except (BackendError, BundleError) as error:
            yield Finding(WARN, f'back end {name}', str(error))
        else:
            works = True
            yield Finding(OK, f'back end {name}', f'runs {card.name} on {backend.device}')
    if not works:
        yield Finding(FAIL, 'back ends', f'none runs {card.name}; do what one of them asks for')


def check_shared_memory() -> Iterator[Finding]:
    """Check the shared memory that carries images between processes."""
    if not uses_fast_dds():
        middleware = quoted(os.environ.get('RMW_IMPLEMENTATION', ''))
        yield Finding(OK, 'shared memory', f'not checked: {middleware} is not Fast DDS')
        return
    yield _judge_profile()
    free = free_memory()
    needed = sum(needed_memory([size]) for size in SHIPPED_SEGMENTS)
    room = f'{mebibytes(free)} free; a camera and the node need {mebibytes(needed)}'
    if free < needed:
        room = f'{room}; with less, both use UDP alone, which loses large images; {ENLARGE}'
    yield Finding(OK if free >= needed else WARN, str(FOLDER), room)
    leftovers = find_leftovers()
    if leftovers.count:
        yield Finding(WARN, str(FOLDER), str(leftovers))


def _judge_profile() -> Finding:
    """Check the profile of Fast DDS that the environment names."""
    found = profile_of_environment()
    if found is None:
        return Finding(
            OK,
            'shared memory',
            'no Fast DDS profile is set here; the launch files set config/fastdds.xml. A camera '
            f'or node started without them needs {PROFILE_VARIABLES[0]} set to that file',
        )
    name, profile = found
    try:
        segments = segments_of(profile)
    except ProfileError as error:
        told = f'cannot read the profile that {name} names: {error}; set it to config/fastdds.xml'
        return Finding(FAIL, 'shared memory', told)
    largest = max(segments, default=0)
    if largest < LEAST_SEGMENT:
        return Finding(
            WARN,
            'shared memory',
            f'{quoted(str(profile))} asks for a segment of {largest} bytes, not at least '
            f'{LEAST_SEGMENT}: large images are lost; use config/fastdds.xml',
        )
    told = f'{quoted(str(profile))} asks for a segment of {mebibytes(largest)}'
    return Finding(OK, 'shared memory', told)


def check_ros(
    topic: str, seconds: float, args: list[str] | None = None, required: bool = False
) -> Iterator[Finding]:
    """
    Check ROS, and listen to the camera.

    :param topic: of the images.
    :param seconds: how long to listen.
    :param args: from '--ros-args' on, for remapping; None for none.
    :param required: whether it is a failure if nobody publishes the topic.
    """
    try:
        importlib.import_module('rclpy')
        graph = importlib.import_module('fer_ros.doctor.graph_check')
    except ImportError as error:
        reason = shortened(error)
        yield Finding(FAIL, 'ROS 2', f'{reason}; source its setup.bash, and that of the workspace')
        return
    distribution = os.environ.get('ROS_DISTRO') or 'ROS_DISTRO is not set'
    yield Finding(OK, 'ROS 2', shortened(distribution))
    yield from graph.check_messages()
    yield from graph.check_camera(topic, seconds, args, required)


def diagnose(checks: Sequence[Callable[[], Iterator[Finding]]]) -> int:
    """
    Carry out checks and print what they find as they find it.

    :param checks: each yields findings; one that breaks is a finding itself.
    :return: the exit status: 1 if something keeps the node from working, else 0.
    """
    worst = OK
    order = (OK, WARN, FAIL)
    for check in checks:
        try:
            for finding in check():
                worst = max(worst, finding.level, key=order.index)
                subject, sentence = (
                    shortened(text, LONGEST_LINE) for text in (finding.subject, finding.sentence)
                )
                print(f'{finding.level:5} {subject}: {sentence}', flush=True)
        except Exception as error:  # whatever is broken here is what was to be found
            worst = FAIL
            print(f'{FAIL:5} {type(error).__name__}: {shortened(error)}', flush=True)
    print(
        {
            OK: 'all is well',
            WARN: 'the node will work; it would work better without the warnings',
            FAIL: 'the node will not work as it is',
        }[worst]
    )
    return 1 if worst == FAIL else 0


def main(args: Sequence[str] | None = None) -> int:
    """Check everything; the exit status is 1 if something keeps the node from working."""
    parser = argparse.ArgumentParser(prog='doctor', description=__doc__.split(':')[0].strip())
    parser.add_argument(
        '--topic',
        help='image topic; the exit status is 1 if nobody publishes it (default: image, for which '
        'the exit status stays 0)',
    )
    parser.add_argument(
        '--seconds', type=_seconds, default=3.0, help='how long to listen (default: 3)'
    )
    parser.add_argument('--model', default='', help='a model to try (default: the default one)')
    parser.add_argument('--no-ros', action='store_true', help='leave out what needs ROS')
    words = list(sys.argv[1:] if args is None else args)
    own = words.index('--ros-args') if '--ros-args' in words else len(words)
    ros_args = words[own:]
    given = parser.parse_args(words[:own])
    checks: list[Callable[[], Iterator[Finding]]] = [
        check_python,
        check_detectors,
        check_models,
        lambda: check_backends(given.model or _default_model()),
    ]
    if not given.no_ros:
        topic, required = given.topic or 'image', given.topic is not None
        checks += [
            check_shared_memory,
            lambda: check_ros(topic, given.seconds, ros_args, required),
        ]
    return diagnose(checks)


def _seconds(text: str) -> float:
    """Read a time from the command line [s]."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= LONGEST:
        raise argparse.ArgumentTypeError(
            f'{quoted(text)} is not a number from 0 to {LONGEST:.0f} seconds'
        )
    return seconds


def _default_model() -> str:
    """Name the model that the node starts with."""
    from fer_ros.perception.settings import DEFAULT_MODEL

    return DEFAULT_MODEL
