"""Check the shared memory that carries images between processes."""

from __future__ import annotations

from collections.abc import Iterator
import os

from fer_ros.doctor.finding import FAIL
from fer_ros.doctor.finding import Finding
from fer_ros.doctor.finding import OK
from fer_ros.doctor.finding import WARN
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

# Segment sizes in config/fastdds.xml and config/fastdds_small.xml, for camera and node [bytes].
SHIPPED_SEGMENTS = [33554432, 6815744]

# Size of a 1280x720 colour image [bytes]. The default segment has 0.5 MB.
LEAST_SEGMENT = 1280 * 720 * 3


def check_shared_memory() -> Iterator[Finding]:
    """Check the shared memory that carries images between processes."""
    if not uses_fast_dds():
        middleware = quoted(os.environ.get('RMW_IMPLEMENTATION', ''))
        yield Finding(OK, 'shared memory', f'not checked, because {middleware} is not Fast DDS')
        return
    yield _judge_profile()
    free = free_memory()
    needed = sum(needed_memory([size]) for size in SHIPPED_SEGMENTS)
    room = f'{mebibytes(free)} are free; a camera and the node need {mebibytes(needed)}'
    if free < needed:
        room = (
            f'{room}. With less, both use only UDP, which loses large images. Enlarge it: '
            f'{ENLARGE}'
        )
    yield Finding(OK if free >= needed else WARN, str(FOLDER), room)
    leftovers = find_leftovers()
    if leftovers.count:
        yield Finding(WARN, str(FOLDER), str(leftovers))


def _judge_profile() -> Finding:
    """Check the Fast DDS profile that the environment selects."""
    found = profile_of_environment()
    if found is None:
        return Finding(
            OK,
            'shared memory',
            'no Fast DDS profile is set in this shell. The launch files set config/fastdds.xml. '
            f'To start a camera or node without them, set {PROFILE_VARIABLES[0]} to that file',
        )
    name, profile = found
    try:
        segments = segments_of(profile)
    except ProfileError as error:
        told = (
            f'cannot read the Fast DDS profile in {name}: {error}; set {name} to '
            'config/fastdds.xml'
        )
        return Finding(FAIL, 'shared memory', told)
    largest = max(segments, default=0)
    if largest < LEAST_SEGMENT:
        return Finding(
            WARN,
            'shared memory',
            f'{quoted(str(profile))} sets a segment of {largest} bytes. Large images are lost '
            f'below {LEAST_SEGMENT} bytes; use config/fastdds.xml',
        )
    told = f'{quoted(str(profile))} sets a segment of {mebibytes(largest)}'
    return Finding(OK, 'shared memory', told)
