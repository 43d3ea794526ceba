"""Limit the memory of a process that processes images and sends little."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
import ctypes
import math
import os
from pathlib import Path

from fer_ros.node.life.shared_memory import default_segments
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

# The profiles of this package, in one folder: for a process that sends the images of a camera, for
# a process that does not, and for either if shared memory has no room.
LARGE, SMALL, UDP = 'fastdds.xml', 'fastdds_small.xml', 'fastdds_udp.xml'

# Without a profile, this variable keeps Fast DDS (from Jazzy on) away from shared memory.
TRANSPORTS_VARIABLE = 'FASTDDS_BUILTIN_TRANSPORTS'

# Larger blocks, in bytes, are not in the heap: when they are freed, the system has their memory.
LARGEST_KEPT = 32 << 20

# Parameters of `mallopt` by glibc's numbers (malloc.h), with their values: M_ARENA_MAX, one heap
# for all threads; M_MMAP_THRESHOLD, which blocks are in that heap; M_TRIM_THRESHOLD, up to 64 MiB
# of freed memory stays in it.
HEAP = {-8: 1, -3: LARGEST_KEPT, -1: 64 << 20}

# By how much the process grows before memory is returned, in bytes. The heap of a camera's images
# shrinks only when memory is returned, so that images alone do this once.
MOST_GROWTH = 32 << 20

# How often the memory is returned then: what made it grow may still be in use at first.
RETURNS = 3

# An image with fewer bytes than the largest one before it, divided by this, leaves most of the
# heap unused.
MOST_SHRINKAGE = 2


def take_little_memory() -> None:
    """
    Reduce shared memory by 25 MiB, and keep the heap of an image for the next image.

    Call this before rclpy.init, when Fast DDS reads its profile.
    """
    for variable in PROFILE_VARIABLES:
        profile = Path(os.environ.get(variable, ''))
        # A profile of the user's own has no such file beside it, and stays.
        if profile.name == LARGE and profile.with_name(SMALL).is_file():
            os.environ[variable] = str(profile.with_name(SMALL))
    # By default glibc makes a heap for each of twenty threads, which takes 5 MiB more. It also
    # returns the memory of each image to the system, which costs a tenth of the node's time.
    # Other C libraries have no `mallopt`, or do not have these parameters.
    with suppress(OSError, AttributeError):
        for parameter, value in HEAP.items():
            ctypes.CDLL(None).mallopt(parameter, value)


def return_freed_memory() -> None:
    """Return freed memory to the system, also that between blocks in use; takes about 0.2 ms."""
    # Other C libraries have no such function.
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def resident_memory() -> int:
    """Measure the resident memory of this process in bytes; 0 if the system does not report it."""
    with suppress(OSError, ValueError, IndexError):
        fields = Path('/proc/self/statm').read_text(encoding='ascii').split()
        return int(fields[1]) * os.sysconf('SC_PAGE_SIZE')
    return 0


class FreedMemory:
    """
    Returns freed memory to the system when images need less of it than before.

    The heap keeps up to 64 MiB for the next image (`HEAP`).  A camera's images, which have one
    size, keep that heap; large images among small ones, and malformed ones, do not.  Images that
    do not fit into the heap do not keep it either.  The first image returns the memory that
    loading the models needed.
    """

    def __init__(self) -> None:
        self._largest = math.inf

    def settle(self, size: int) -> None:
        """
        Compare an image with those before it, after the work on it.

        :param size: of the image in bytes; 0 for an image that was refused or lost.
        """
        if size == 0 or size > LARGEST_KEPT or MOST_SHRINKAGE * size < self._largest:
            return_freed_memory()
            self._largest = size
        self._largest = max(self._largest, size)


class GrownMemory:
    """
    Returns freed memory to the system after the process has grown.

    A request of a service may have any size, and nobody tells the node of its end.  Look at the
    memory about once per second: images cost nothing then.
    """

    def __init__(self, resident: Callable[[], int] = resident_memory) -> None:
        """
        Begin without a level.

        :param resident: measures the resident memory in bytes.
        """
        self._resident = resident
        self._level = math.inf
        self._returns = 0

    def look(self) -> None:
        """Compare the memory with that of the last time."""
        resident = self._resident()
        if resident > self._level + MOST_GROWTH:
            self._returns = RETURNS
        if self._returns:
            self._returns -= 1
            return_freed_memory()
            # What is in use then, or in the heap of a camera's images, is the level from then on.
            self._level = math.inf
        else:
            self._level = min(self._level, resident)


def fit_shared_memory(folder: Path = FOLDER) -> str:
    """
    Make Fast DDS use UDP alone if the segments of its profile do not fit into shared memory.

    Call this before rclpy.init, when Fast DDS reads its profile. A profile of the user's own
    stays.

    :param folder: where shared memory is mounted.
    :return: a warning about shared memory with its remedy, in one sentence; empty if all is well.
    """
    if not uses_fast_dds():
        return ''
    found = profile_of_environment()
    try:
        needed = needed_memory(default_segments() if found is None else segments_of(found[1]))
    except ProfileError as error:
        return f'Fast DDS cannot use the profile that {found[0]} names: {error}' if found else ''
    free, leftovers = free_memory(folder), find_leftovers(folder)
    remedy = str(leftovers) if leftovers.count else ENLARGE
    if free >= needed:
        return f'{folder}: {leftovers}' if leftovers.count else ''
    short = f'{folder} has {mebibytes(free)} free and Fast DDS needs {mebibytes(needed)}'
    if found is not None and not _is_shipped(found[1]):
        profile = quoted(str(found[1]))
        return f'{short} for the profile {profile}: messages to other nodes may get lost; {remedy}'
    _use_udp_alone(None if found is None else found[1])
    return f'{short}: this node uses UDP alone, which loses large images; {remedy}'


def _is_shipped(profile: Path) -> bool:
    """Check whether a profile is one of this package."""
    return profile.name in (LARGE, SMALL) and profile.with_name(UDP).is_file()


def _use_udp_alone(profile: Path | None) -> None:
    """
    Keep Fast DDS away from shared memory.

    :param profile: of this package, as set by the environment; None if none is set.
    """
    if profile is None:
        os.environ[TRANSPORTS_VARIABLE] = 'UDPv4'
        return
    for variable in PROFILE_VARIABLES:
        if os.environ.get(variable) == str(profile):
            os.environ[variable] = str(profile.with_name(UDP))
