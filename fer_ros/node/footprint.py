"""How a process that looks at images, and sends little, takes little memory."""

from __future__ import annotations

from contextlib import suppress
import ctypes
import math
import os
from pathlib import Path

# Where Fast DDS looks for its profiles: the first up to Jazzy, the second from Kilted on.
PROFILE_VARIABLES = ('FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE')

# The profile for who sends the images of a camera, and the one beside it for who does not.
LARGE, SMALL = 'fastdds.xml', 'fastdds_small.xml'

# glibc's numbers for what `mallopt` sets (malloc.h), and what they are set to: one heap for all
# threads; blocks of up to 32 MiB in it, 64 MiB of it kept when they are freed.
HEAP = {-8: 1, -3: 32 << 20, -1: 64 << 20}

# An image with fewer bytes than the largest one before it, divided by this, leaves most of the
# heap unused.
MOST_SHRINKAGE = 2


def take_little_memory() -> None:
    """
    Do with 25 MiB less of shared memory from here on, and keep the heap that an image needs.

    This has to come before rclpy.init, when Fast DDS reads its profile.
    """
    for variable in PROFILE_VARIABLES:
        profile = Path(os.environ.get(variable, ''))
        # A profile of the user's own stays: it has no such neighbour.
        if profile.name == LARGE and profile.with_name(SMALL).is_file():
            os.environ[variable] = str(profile.with_name(SMALL))
    # glibc gives each of twenty threads, most of which sleep, a heap of its own, 5 MiB in all; and
    # what an image needs back to the system after it, which costs a tenth of the node's time.
    # Other C libraries have no such thing, or no such name.
    with suppress(OSError, AttributeError):
        for parameter, value in HEAP.items():
            ctypes.CDLL(None).mallopt(parameter, value)


def return_freed_memory() -> None:
    """Return freed memory to the system, also that between blocks in use; takes about 0.2 ms."""
    # Other C libraries have no such function.
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


class FreedMemory:
    """
    Returns freed memory to the system when images need less of it than before.

    The heap keeps up to 64 MiB for the next image (`HEAP`).  A camera's images, which have one
    size, keep that heap; large images among small ones, and malformed ones, do not.  The first
    image returns the memory that loading the models needed.
    """

    def __init__(self) -> None:
        self._largest = math.inf

    def settle(self, size: int) -> None:
        """
        Compare an image with those before it, after the work on it.

        :param size: of the image in bytes; 0 for an image that was refused or lost.
        """
        if size == 0 or MOST_SHRINKAGE * size < self._largest:
            return_freed_memory()
            self._largest = size
        self._largest = max(self._largest, size)
