"""Shared memory of Fast DDS: free space, space that a profile needs, and abandoned segments."""

from __future__ import annotations

from dataclasses import dataclass
import fcntl
import os
from pathlib import Path
import re
import stat
import time
from xml.etree import ElementTree

from fer_ros.perception.quoting import quoted

FOLDER = Path('/dev/shm')

# Environment variables for the profile of Fast DDS: the first up to Jazzy, the second from Kilted.
PROFILE_VARIABLES = ('FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE')

# Size of a Fast DDS segment if the profile does not set it [bytes].
DEFAULT_SEGMENT = 512 << 10

# Fast DDS adds an entry of 24 bytes for each 512 bytes of a segment.
ENTRY_SHARE = 24 / 512

# Memory of a process in addition to its segment [bytes]: ports and semaphores. If discovery is
# limited to this host, there is also a second segment of the default size. The total was 0.65 MiB,
# measured with Fast DDS 2.14.
BESIDES = 1 << 20

# A profile of Fast DDS has a few kilobytes. A larger file is not a profile [bytes].
LARGEST_PROFILE = 1 << 20

# The lock file of a segment, which the process holds locked while it runs. The segment has the
# same name without the suffix.
LOCK_NAME = re.compile(r'fast(?:rtps|dds)_[0-9a-f]{16}_el')
LOCK_SUFFIX = '_el'

# A new process creates its lock file before it locks it, so younger lock files are ignored [s].
YOUNGEST_LOCK = 10.0

# Shell command that removes the segments whose lock no process holds. `flock` is part of
# util-linux.
CLEAN_COMMAND = (
    f'for lock in {FOLDER}/fast*_[0-9a-f]*{LOCK_SUFFIX}; do '
    f'flock -n "$lock" rm -f "${{lock%{LOCK_SUFFIX}}}" "$lock"; done'
)

# Remedy for a container whose shared memory is too small.
ENLARGE = 'in a container, set --shm-size=256m or --ipc=host'


class ProfileError(ValueError):
    """Raised if a profile of Fast DDS cannot be read."""


@dataclass(frozen=True)
class Leftovers:
    """
    The segments of processes that no longer exist.

    :param count: number of segments.
    :param size: total size of the segments [bytes].
    """

    count: int
    size: int

    def __str__(self) -> str:
        """Describe the segments and the command that removes them."""
        return (
            f'{self.count} segments of ended processes use {mebibytes(self.size)}; remove them '
            f'with: {CLEAN_COMMAND}'
        )


def mebibytes(size: float) -> str:
    """Format a size in bytes as mebibytes."""
    return f'{size / 2**20:.1f} MiB'


def uses_fast_dds() -> bool:
    """Check whether the middleware is Fast DDS, which is the default of ROS 2."""
    middleware = os.environ.get('RMW_IMPLEMENTATION', '')
    return not middleware or 'fastrtps' in middleware


def profile_of_environment() -> tuple[str, Path] | None:
    """Return the variable that names the profile, and its path; None if none is set."""
    for name in PROFILE_VARIABLES:
        if os.environ.get(name):
            return name, Path(os.environ[name])
    return None


def free_memory(folder: Path = FOLDER) -> int:
    """
    Measure the free shared memory.

    :param folder: mount point of shared memory.
    :return: free bytes; 0 if there is no shared memory, or if no file can be created in it.
    """
    try:
        found = os.statvfs(folder)
    except OSError:
        return 0
    if not os.access(folder, os.W_OK | os.X_OK) or (found.f_files and not found.f_favail):
        return 0
    return found.f_bavail * found.f_frsize


def segments_of(profile: Path) -> list[int]:
    """
    Read the sizes of the shared memory segments in a profile.

    :param profile: path of the XML file.
    :return: size in bytes of the segment of each shared-memory transport.
    :raises ProfileError: if the file cannot be read, or is not a valid profile.
    """
    try:
        # Without O_NONBLOCK, opening a FIFO blocks until a writer opens it.
        handle = os.open(profile, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(handle, 'rb') as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ProfileError(f'{quoted(str(profile))} is not a regular file')
            content = file.read(LARGEST_PROFILE + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, 'strerror', None) or str(error)
        raise ProfileError(f'{quoted(str(profile))}: {reason}') from error
    if len(content) > LARGEST_PROFILE or b'<!DOCTYPE' in content:
        raise ProfileError(f'{quoted(str(profile))} is not a Fast DDS profile')
    try:
        root = ElementTree.fromstring(content)
    except (ElementTree.ParseError, ValueError) as error:
        raise ProfileError(f'{quoted(str(profile))} is not XML: {error}') from error
    transports = [one for one in root.iter() if _tag(one) == 'transport_descriptor']
    sizes = [
        _number(one, 'segment_size', DEFAULT_SEGMENT)
        for one in transports
        if _text(one, 'type') == 'SHM'
    ]
    if _text(root, 'useBuiltinTransports') not in ('false', '0'):
        sizes += default_segments()
    return sizes


def default_segments() -> list[int]:
    """Return the sizes of the segments that Fast DDS creates without a profile, in bytes."""
    transports = os.environ.get('FASTDDS_BUILTIN_TRANSPORTS', '')
    return [] if transports.startswith('UDP') else [DEFAULT_SEGMENT]


def needed_memory(segments: list[int]) -> int:
    """
    Compute the shared memory that a process allocates at its start.

    Fast DDS allocates all its shared memory at the start (posix_fallocate).
    A running process therefore does not fail when shared memory becomes full.

    :param segments: sizes of the segments in bytes.
    :return: number of bytes; 0 if the process uses no shared memory.
    """
    if not segments:
        return 0
    return BESIDES + sum(round(size * (1 + ENTRY_SHARE)) for size in segments)


def find_leftovers(folder: Path = FOLDER) -> Leftovers:
    """
    Find the segments of processes that no longer exist, without removing them.

    :param folder: mount point of shared memory.
    :return: number and total size of the segments.
    """
    sizes = []
    try:
        with os.scandir(folder) as entries:
            locks = [entry.path for entry in entries if LOCK_NAME.fullmatch(entry.name)]
    except OSError:
        locks = []
    for lock in locks:
        if _is_abandoned(lock):
            try:
                blocks = os.lstat(lock.removesuffix(LOCK_SUFFIX)).st_blocks
            except OSError:
                continue
            sizes.append(512 * blocks)
    return Leftovers(len(sizes), sum(sizes))


def _is_abandoned(lock: str) -> bool:
    """Check whether no process holds the lock of a segment, as its owner does while it runs."""
    try:
        handle = os.open(lock, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or time.time() - found.st_mtime < YOUNGEST_LOCK:
            return False
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True


def _tag(element: ElementTree.Element) -> str:
    """Return the name of an element without its namespace."""
    return str(element.tag).rpartition('}')[2]


def _text(root: ElementTree.Element, tag: str) -> str:
    """Return the text of the first element with a name; empty if there is none."""
    return next(((one.text or '').strip() for one in root.iter() if _tag(one) == tag), '')


def _number(root: ElementTree.Element, tag: str, default: int) -> int:
    """Return the number in the first element with a name; the default if there is none."""
    text = _text(root, tag)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else default
