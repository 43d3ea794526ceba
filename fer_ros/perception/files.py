"""Read untrusted files safely: regular files of limited size, read once into memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import hashlib
import os
from pathlib import Path
import stat
import tempfile

from fer_ros.perception.quoting import shortened

# Size limits in bytes. The largest shipped network has 10 MB. The largest weights of a detector
# have 1 MB.
LARGEST_NETWORK = 256 << 20
LARGEST_WEIGHTS = 16 << 20

_KINDS = (
    (stat.S_ISDIR, 'a folder'),
    (stat.S_ISFIFO, 'a pipe (FIFO)'),
    (stat.S_ISSOCK, 'a socket'),
    (stat.S_ISCHR, 'a device'),
    (stat.S_ISBLK, 'a device'),
)


class FileError(RuntimeError):
    """A file that cannot be read, is not a regular file, or is too large."""


def read_file(path: Path, most: int) -> bytes:
    """
    Read a regular file, or a symbolic link to a regular file, without blocking.

    Parsers receive the returned bytes and never the path. A file can therefore not be replaced
    between the check of its hash and its use.

    :param path: path of the file.
    :param most: largest allowed size of the file in bytes.
    :return: the content of the file.
    :raises FileError: if the file cannot be opened or read, is not regular, or is too large.
    """
    try:
        # Without O_NONBLOCK, opening a FIFO blocks until another process opens it for writing.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    try:
        content = _read_regular(descriptor, most)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    finally:
        os.close(descriptor)
    return content


def _read_regular(descriptor: int, most: int) -> bytes:
    """Read an open file; raise ValueError if it is not regular or has more than `most` bytes."""
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        kind = next((kind for is_kind, kind in _KINDS if is_kind(status.st_mode)), 'special')
        raise ValueError(f'the path is {kind}, not a regular file')
    with open(descriptor, 'rb', closefd=False) as file:
        # Some files report a size of 0, and a file may grow while it is read.
        content = file.read(most + 1) if status.st_size <= most else None
    if content is None or len(content) > most:
        raise ValueError(f'the file has more than {most} bytes, the limit for this kind of file')
    return content


def _unreadable(path: Path, error: OSError | ValueError) -> FileError:
    """Create the error for a file that cannot be read."""
    reason = getattr(error, 'strerror', None) or error
    return FileError(f'cannot read {shortened(path)}: {reason}')


def sha256_of_bytes(content: bytes) -> str:
    """Compute the SHA-256 of bytes as 64 hexadecimal digits in lower case."""
    return hashlib.sha256(content).hexdigest()


@contextmanager
def private_copy(content: bytes, name: str) -> Iterator[Path]:
    """
    Write bytes to a temporary file that only this user can read.

    Some libraries accept only a path, and no bytes.

    :param content: content of the file.
    :param name: name of the file; some libraries derive the format from the suffix.
    :return: a context manager that yields the path. When the context ends, the file and its
        folder (mode 0700) are removed.
    :raises FileError: if the file cannot be written.
    """
    try:
        folder = tempfile.TemporaryDirectory(prefix='fer_ros_')
    except OSError as error:
        raise FileError(f'cannot create a temporary folder: {error.strerror}') from error
    with folder:
        path = Path(folder.name) / name
        try:
            path.write_bytes(content)
        except OSError as error:
            raise FileError(f'cannot write to {folder.name}: {error.strerror}') from error
        yield path


def anonymous_file(content: bytes) -> int:
    """
    Create a file without a name, which no other process can open by a path.

    The file is on the disk of the temporary folder, so that the system can drop its pages from
    memory. If the temporary folder is not writable, the file is in memory.

    :param content: content of the file.
    :return: a file descriptor positioned at the beginning of the file; the caller closes it.
    :raises OSError: if there is not enough space for the content.
    """
    try:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    except OSError:
        descriptor = os.memfd_create('fer_ros', os.MFD_CLOEXEC)
    try:
        view = memoryview(content)
        while view:
            written = os.write(descriptor, view)
            view = view[written:]
        os.lseek(descriptor, 0, os.SEEK_SET)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
