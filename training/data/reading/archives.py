"""The files of a data set in an archive (ZIP, tar, .gz, .bz2), listed without unpacking."""

from __future__ import annotations

import bz2
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import ExitStack
from functools import partial
import gzip
from io import BufferedIOBase
from io import BufferedReader
from io import RawIOBase
from pathlib import Path
from pathlib import PurePosixPath
import re
import tarfile
from typing import BinaryIO
from typing import cast
import zipfile
import zlib

from fer_ros.perception.quoting import shortened
from training.data.datasets import DataError
from training.data.reading.faults import Faults
from training.data.reading.files import DataFile
from training.data.reading.files import in_order
from training.data.reading.files import is_of_tools
from training.data.reading.files import MOST_FILES

# Errors of a file or an archive that is damaged, encrypted or compressed by an unknown method.
READ_ERRORS = (
    OSError,
    EOFError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
    tarfile.TarError,
    NotImplementedError,
)

# How to open a compressed file, by its first bytes.
_OPENERS: dict[bytes, Callable[[Path], BinaryIO]] = {
    b'\x1f\x8b': lambda path: cast(BinaryIO, gzip.GzipFile(path)),
    b'BZh': lambda path: cast(BinaryIO, bz2.BZ2File(path)),
}

# Position and content of the magic bytes of a tar archive.
_TAR_PLACE, _TAR_MAGIC = 257, b'ustar'

# Maximum size of a header in a tar archive. `tarfile` reads a header into memory at once.
_MOST_HEADER_BYTES = 1 << 20

# An archive is refused if a part of it unpacks to more than these bytes, and to more than this
# multiple of its packed size. Text of pixels is packed to about a third.
FREE_BYTES = 256 << 20
MOST_RATIO = 100

# Suffixes of archives, to find an archive that is alone in a folder.
SUFFIXES = ('.zip', '.tar', '.gz', '.tgz', '.bz2', '.tbz2')

# Archives that are not read.
FOREIGN_SUFFIXES = ('.rar', '.7z', '.xz', '.txz', '.zst', '.001')

# Bit of a file in a ZIP archive that needs a password.
_ENCRYPTED = 1

# Methods of compression in a ZIP archive. Others may need any amount of memory.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)


class _Limited(RawIOBase):
    """A compressed file that ends with an error if it unpacks to far more than its packed size."""

    def __init__(self, opened: BinaryIO, packed: int, name: str, most_at_once: int) -> None:
        super().__init__()
        self._opened = opened
        self._most = max(FREE_BYTES, MOST_RATIO * packed)
        self._packed = packed
        self._name = name
        self._most_at_once = most_at_once

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True; going back unpacks from the beginning again."""
        return True

    def tell(self) -> int:
        """Return the position in the unpacked data."""
        return self._opened.tell()

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move to a position in the unpacked data."""
        place = self._opened.seek(offset, whence)
        self._check(place)
        return place

    def read(self, size: int = -1) -> bytes:
        """Read and unpack at most some bytes."""
        if not 0 <= size <= self._most_at_once:
            raise DataError(
                f'{self._name} has a header of {size} bytes, not at most {self._most_at_once}'
            )
        content = self._opened.read(size)
        self._check(self._opened.tell())
        return content

    def readinto(self, buffer: object) -> int:
        """Read and unpack as many bytes as fit into a buffer."""
        count = cast(BufferedIOBase, self._opened).readinto(cast(bytearray, buffer))
        self._check(self._opened.tell())
        return count

    def close(self) -> None:
        """Close the file."""
        self._opened.close()
        super().close()

    def _check(self, place: int) -> None:
        if place > self._most:
            raise DataError(_swollen(self._name, place, self._packed))


@contextmanager
def opened_archive(path: Path, faults: Faults) -> Iterator[list[DataFile]]:
    """
    List the files of an archive, without those of tools.

    :param path: path of a ZIP archive, a tar archive, or another compressed file.
    :param faults: collects everything that is no file to read.
    :return: context manager of the files, in the order of their names.  Their names have `/`
        between the folders, although archives from Windows may have a backslash.
    :raises DataError: if the file is no archive, or has too many files, or is damaged.
    """
    with ExitStack() as stack:
        try:
            files = list(_listed(path, faults, stack))
        except READ_ERRORS as error:
            raise DataError(f'cannot read {path}: {_reason(path, error)}') from error
        yield in_order(file for file in files if not any(map(is_of_tools, _parts(file.name))))


def is_archive(path: Path) -> bool:
    """Check whether a file is an archive, by its first bytes. It may be damaged."""
    try:
        with open(path, 'rb') as opened:
            start = opened.read(_TAR_PLACE + len(_TAR_MAGIC))
    except OSError:
        return False
    return start.startswith((b'PK\3\4', b'PK\5\6', *_OPENERS)) or start.endswith(_TAR_MAGIC)


def _listed(path: Path, faults: Faults, stack: ExitStack) -> Iterator[DataFile]:
    """Iterate over the files of an archive, in the order in which it stores them."""
    with open(path, 'rb') as opened:
        start = opened.read(_TAR_PLACE + len(_TAR_MAGIC))
    if start.startswith(b'PK') or path.suffix.lower() == '.zip':
        return _in_zip(stack.enter_context(zipfile.ZipFile(path)), path, faults)
    size = path.stat().st_size
    for magic, opener in _OPENERS.items():
        if start.startswith(magic):
            begin = stack.enter_context(opener(path)).read(_TAR_PLACE + len(_TAR_MAGIC))
            limited = partial(_limited, opener, path, size)
            if begin.endswith(_TAR_MAGIC):
                return _in_tar(limited(_MOST_HEADER_BYTES), path, faults, stack)
            name = re.sub(r'\.(gz|bz2)$', '', path.name, flags=re.IGNORECASE)
            return iter([DataFile(name, -1, partial(limited, FREE_BYTES))])
    if start.endswith(_TAR_MAGIC):
        plain = partial(_limited, _open, path, size)
        return _in_tar(plain(_MOST_HEADER_BYTES), path, faults, stack)
    raise DataError(
        f'cannot read {path}: its first bytes are not those of a ZIP or tar archive or of a '
        '.gz or .bz2 file'
    )


def _open(path: Path) -> BinaryIO:
    """Open a file for reading, in binary mode."""
    return open(path, 'rb')


def _limited(
    opener: Callable[[Path], BinaryIO], path: Path, size: int, most_at_once: int
) -> BinaryIO:
    """Open a compressed file with limits."""
    return cast(BinaryIO, _Limited(opener(path), size, str(path), most_at_once))


def _in_zip(archive: zipfile.ZipFile, path: Path, faults: Faults) -> Iterator[DataFile]:
    """Iterate over the files of a ZIP archive."""
    members = archive.infolist()
    if len(members) > MOST_FILES:
        raise DataError(_too_many(path))
    for member in members:
        name = _plain_name(member.filename)
        if member.is_dir() or not name or member.filename.endswith('\\'):
            continue
        if member.flag_bits & _ENCRYPTED:
            raise DataError(
                f'{path} is encrypted; unpack it with its password, and give the path of the '
                'folder'
            )
        if member.file_size > max(FREE_BYTES, MOST_RATIO * member.compress_size):
            faults.skip(name, _swollen('the file', member.file_size, member.compress_size))
            continue
        if member.compress_type not in _METHODS:
            faults.skip(name, 'the archive compresses it by a method that is not Deflate or bzip2')
            continue
        opened = partial(archive.open, member)
        yield DataFile(
            name,
            member.file_size,
            cast(Callable[[], BinaryIO], opened),
            member.header_offset,
        )


def _in_tar(limited: BinaryIO, path: Path, faults: Faults, stack: ExitStack) -> Iterator[DataFile]:
    """Iterate over the files of a tar archive."""
    stack.enter_context(limited)
    archive = stack.enter_context(tarfile.TarFile(fileobj=limited))
    count = 0
    while (member := archive.next()) is not None:
        # The list of all members would need more memory than the files listed here.
        vars(archive)['members'].clear()
        count += 1
        if count > MOST_FILES:
            raise DataError(_too_many(path))
        name = _plain_name(member.name)
        if member.isdir():
            continue
        if not member.isreg() or member.issparse():
            faults.skip(name, 'it is a link, a device or a sparse file in a tar archive')
            continue
        opened = partial(_part, limited, member.offset_data, member.size)
        yield DataFile(name, member.size, opened, member.offset_data)


def _part(limited: BinaryIO, begin: int, size: int) -> BinaryIO:
    """Open a part of a file as a buffered file of its own."""
    return BufferedReader(_Part(limited, begin, size))


class _Part(RawIOBase):
    """A part of an open file."""

    def __init__(self, opened: BinaryIO, begin: int, size: int) -> None:
        super().__init__()
        self._opened = opened
        self._place = begin
        self._end = begin + size

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: object) -> int:
        """Read as many bytes as fit into a buffer and are in the part."""
        view = memoryview(cast(bytearray, buffer))[: self._end - self._place]
        self._opened.seek(self._place)
        count = cast(BufferedIOBase, self._opened).readinto(view)
        self._place += count
        return count


def _plain_name(name: str) -> str:
    """Return the name of a member with `/` between its folders, without a drive or a root."""
    return '/'.join(part for part in _parts(name) if part not in ('', '.', '..', '/'))


def _parts(name: str) -> tuple[str, ...]:
    """Split the name of a member into its folders and its own name."""
    return PurePosixPath(re.sub(r'^[A-Za-z]:', '', name).replace('\\', '/')).parts


def _swollen(name: str, unpacked: int, packed: int) -> str:
    """Format the refusal of a file that unpacks to far more than its packed size."""
    return (
        f'{name} unpacks to more than {unpacked / 2**20:.0f} MiB from {packed / 2**20:.1f} MiB, '
        f'but a data set unpacks to at most {MOST_RATIO} times its packed size'
    )


def _too_many(path: Path) -> str:
    """Format the refusal of an archive with too many files."""
    return f'{path} has more than {MOST_FILES:,} files; a data set has fewer'


def unreadable(error: BaseException) -> str:
    """Format one of `READ_ERRORS`."""
    return shortened(getattr(error, 'strerror', None) or error)


def _reason(path: Path, error: BaseException) -> str:
    """Format the error of an archive."""
    if not path.stat().st_size:
        return 'the file is empty; copy or download it again'
    damaged = 'the archive is damaged or incomplete; copy or download it again'
    return f'{damaged} ({unreadable(error)})'
