"""Limit the memory of a process that processes images and sends little data."""

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

# The profiles of this package, in one folder: for a process that publishes camera images, for a
# process that does not, and for both if shared memory is too small.
LARGE, SMALL, UDP = 'fastdds.xml', 'fastdds_small.xml', 'fastdds_udp.xml'

# Without a profile, this variable makes Fast DDS use UDP instead of shared memory, from Jazzy on.
TRANSPORTS_VARIABLE = 'FASTDDS_BUILTIN_TRANSPORTS'

# Larger blocks are allocated outside the heap, and their memory returns to the system as soon as
# they are freed [bytes].
LARGEST_KEPT = 32 << 20

# Parameters of `mallopt` by their numbers in glibc (malloc.h), with their values. M_ARENA_MAX: one
# heap for all threads. M_MMAP_THRESHOLD: maximum size of a block in that heap. M_TRIM_THRESHOLD:
# the heap keeps up to 64 MiB of freed memory.
HEAP = {-8: 1, -3: LARGEST_KEPT, -1: 64 << 20}

# Freed memory is returned to the system after the process has grown by this much [bytes]. A heap
# that holds camera images shrinks only at such a return, so images alone cause one return.
MOST_GROWTH = 32 << 20

# Number of returns after a growth: the memory may still be in use during the first ones.
RETURNS = 3

# If an image has fewer bytes than the largest previous image divided by this factor, most of the
# heap is unused.
MOST_SHRINKAGE = 2


def take_little_memory() -> None:
    """
    Reduce shared memory by 25 MiB, and keep the heap of an image for the next image.

    Call this function before rclpy.init, because Fast DDS reads its profile then.
    """
    for variable in PROFILE_VARIABLES:
        profile = Path(os.environ.get(variable, ''))
        # The small profile is only in the folder of this package's profiles. The user's own
        # profile is therefore not replaced.
        if profile.name == LARGE and profile.with_name(SMALL).is_file():
            os.environ[variable] = str(profile.with_name(SMALL))
    # By default, glibc creates a heap for each of twenty threads, which needs 5 MiB more. By
    # default, glibc also returns the memory of each image to the system, which costs a tenth of
    # the node's time. Other C libraries have no `mallopt`, or do not have these parameters.
    with suppress(OSError, AttributeError):
        for parameter, value in HEAP.items():
            ctypes.CDLL(None).mallopt(parameter, value)


def return_freed_memory() -> None:
    """
    Return freed memory to the system, including gaps between used blocks.

    The call takes about 0.2 ms.
    """
    # Other C libraries do not have `malloc_trim`.
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
    Returns freed memory to the system when images need less memory than before.

    The heap keeps up to 64 MiB for the next image (`HEAP`).
    Memory is returned after a small image that follows larger ones, after an invalid image, and
    after an image that does not fit into the heap.
    Memory is not returned while all images have the same size, as images of one camera do.
    After the first image, the memory that was needed for loading the models is returned.
    """

    def __init__(self) -> None:
        self._largest = math.inf

    def settle(self, size: int) -> None:
        """
        Compare the size of a processed image with the previous sizes, and return memory if needed.

        :param size: size of the image in bytes; 0 for an image that was refused or lost.
        """
        if size == 0 or size > LARGEST_KEPT or MOST_SHRINKAGE * size < self._largest:
            return_freed_memory()
            self._largest = size
        self._largest = max(self._largest, size)


class GrownMemory:
    """
    Returns freed memory to the system after the process has grown.

    A service request may have any size, and the node is not notified when its memory is freed.
    The memory is therefore checked about once per second, which adds no cost per image.
    """

    def __init__(self, resident: Callable[[], int] = resident_memory) -> None:
        """
        Create the object, without a reference value.

        :param resident: returns the resident memory in bytes.
        """
        self._resident = resident
        self._level = math.inf
        self._returns = 0

    def look(self) -> None:
        """Return memory to the system if the resident memory has grown."""
        resident = self._resident()
        if resident > self._level + MOST_GROWTH:
            self._returns = RETURNS
        if self._returns:
            self._returns -= 1
            return_freed_memory()
            # The memory that is still in use after the returns becomes the new reference value.
            self._level = math.inf
        else:
            self._level = min(self._level, resident)


def fit_shared_memory(folder: Path = FOLDER) -> str:
    """
    Make Fast DDS use only UDP if the segments of its profile do not fit into shared memory.

    Call this function before rclpy.init, because Fast DDS reads its profile then.
    The user's own profile is not replaced.

    :param folder: mount point of shared memory.
    :return: a warning about shared memory with its remedy, in one sentence; empty if there is no
        problem.
    """
    if not uses_fast_dds():
        return ''
    found = profile_of_environment()
    try:
        needed = needed_memory(default_segments() if found is None else segments_of(found[1]))
    except ProfileError as error:
        return f'Fast DDS cannot use the profile in {found[0]}: {error}' if found else ''
    free, leftovers = free_memory(folder), find_leftovers(folder)
    remedy = str(leftovers) if leftovers.count else ENLARGE
    if free >= needed:
        return f'{folder}: {leftovers}' if leftovers.count else ''
    short = f'{folder} has {mebibytes(free)} free, but Fast DDS needs {mebibytes(needed)}'
    if found is not None and not _is_shipped(found[1]):
        profile = quoted(str(found[1]))
        return f'{short} for the profile {profile}: messages to other nodes may be lost; {remedy}'
    _use_udp_alone(None if found is None else found[1])
    return f'{short}: this node uses only UDP, which loses large images; {remedy}'


def _is_shipped(profile: Path) -> bool:
    """Check whether a profile belongs to this package."""
    return profile.name in (LARGE, SMALL) and profile.with_name(UDP).is_file()


def _use_udp_alone(profile: Path | None) -> None:
    """
    Make Fast DDS use UDP instead of shared memory.

    :param profile: profile of this package that the environment selects; None if none is set.
    """
    if profile is None:
        os.environ[TRANSPORTS_VARIABLE] = 'UDPv4'
        return
    for variable in PROFILE_VARIABLES:
        if os.environ.get(variable) == str(profile):
            os.environ[variable] = str(profile.with_name(UDP))
