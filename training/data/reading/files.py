"""The files of a data set in a folder, listed without reading them."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
import os
from pathlib import Path
from pathlib import PurePosixPath
import re
import stat
from typing import BinaryIO

from fer_ros.perception.quoting import shortened
from training.data.datasets import DataError
from training.data.reading.faults import Faults

# Maximum number of files of a data set. Loops of links can have any number.
MOST_FILES = 2_000_000

# Names that tools create beside the files of their user. Other names of tools begin with a dot.
_OF_TOOLS = re.compile(
    r'\..*|__.*|thumbs\.db|ehthumbs\.db|desktop\.ini|icon\r|@eadir|\$recycle\.bin', re.IGNORECASE
)


class FileTooLargeError(OSError):
    """A file is larger than its use allows."""


@dataclass(frozen=True)
class DataFile:
    """
    A file of a data set, on disk or in an archive.

    :param name: path relative to the data set, with `/` between the folders.
    :param size: size in bytes; -1 if it is unknown before the file is read.
    :param open_file: opens the file for reading.
    :param position: position in its archive; reading in this order is the fastest.
    """

    name: str
    size: int
    open_file: Callable[[], BinaryIO]
    position: int = 0

    @property
    def folders(self) -> tuple[str, ...]:
        """Return the names of the folders that contain the file, outermost first."""
        return PurePosixPath(self.name).parts[:-1]

    @property
    def suffix(self) -> str:
        """Return the last suffix of the name in lower case, with its dot."""
        return PurePosixPath(self.name).suffix.lower()

    @property
    def stem(self) -> str:
        """Return the name without its folders and its last suffix."""
        return PurePosixPath(self.name).stem

    def read(self, most: int) -> bytes:
        """
        Read the whole file.

        :param most: maximum size in bytes; a larger file is not read.
        :return: content of the file.
        :raises FileTooLargeError: if the file is larger.
        :raises OSError: if the file cannot be read.
        """
        if self.size <= most:
            with self.open_file() as opened:
                # Without a declared size, one byte more shows whether the file is too large.
                content = opened.read(most + 1 if self.size < 0 else self.size)
            if len(content) <= most:
                return content
        size = f'{self.size / 2**20:.0f} MiB, not' if self.size > most else 'more than'
        raise FileTooLargeError(f'the file has {size} at most {most / 2**20:.0f} MiB')


def is_of_tools(name: str) -> bool:
    """
    Check whether a file or a folder was created by a tool and not by its user.

    :param name: name without its folders, such as `.DS_Store`, `Thumbs.db` or `__MACOSX`.
    """
    return _OF_TOOLS.fullmatch(name) is not None


def file_on_disk(path: Path, name: str = '') -> DataFile:
    """
    Describe a file on disk.

    :param path: path of the file.
    :param name: path relative to the data set; empty for the name of the file.
    :return: description of the file.
    """
    return DataFile(name or path.name, path.stat().st_size, partial(_open, path))


def _open(path: Path) -> BinaryIO:
    """Open a file without a buffer, because it is read in large blocks."""
    return open(path, 'rb', buffering=0)


def files_below(folder: Path, faults: Faults) -> list[DataFile]:
    """
    List the files in a folder and in its subfolders, also behind links, but not those of tools.

    :param folder: path of the folder.
    :param faults: collects everything that is no file to read, such as a device.
    :return: the files, in the order of their names.
    :raises DataError: if the folder has more than `MOST_FILES` entries.
    """
    files = []
    for count, file in enumerate(_walk(folder, faults)):
        if count >= MOST_FILES:
            raise DataError(
                f'{folder} has more than {MOST_FILES:,} files; give a folder that contains only '
                'the data set'
            )
        if file is not None:
            files.append(file)
    return in_order(files)


def in_order(files: Iterable[DataFile]) -> list[DataFile]:
    """Order files by the names of their folders, and then by their own names."""
    return sorted(files, key=lambda file: PurePosixPath(file.name).parts)


def _walk(folder: Path, faults: Faults) -> Iterator[DataFile | None]:
    """Iterate over the files of a folder; None stands for each other entry."""
    stack: list[tuple[str, Path, frozenset[tuple[int, int]]]] = [('', folder, frozenset())]
    while stack:
        prefix, current, above = stack.pop()
        try:
            found = os.stat(current)
            children = sorted(os.scandir(current), key=lambda child: child.name)
        except OSError as error:
            faults.skip(prefix.rstrip('/'), f'the folder cannot be read ({error.strerror})')
            continue
        inside = above | {(found.st_dev, found.st_ino)}
        for child in children:
            if is_of_tools(child.name):
                continue
            # A name that is not UTF-8 could not be written into a report.
            name = prefix + os.fsencode(child.name).decode(errors='backslashreplace')
            yield _file_of(child, name, inside, faults)
            if _leads_down(child, inside):
                stack.append((f'{name}/', Path(child.path), inside))


def _leads_down(child: os.DirEntry[str], inside: frozenset[tuple[int, int]]) -> bool:
    """Check whether an entry is a folder that does not contain itself."""
    try:
        found = child.stat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and (found.st_dev, found.st_ino) not in inside


def _file_of(
    child: os.DirEntry[str], name: str, inside: frozenset[tuple[int, int]], faults: Faults
) -> DataFile | None:
    """Describe an entry of a folder, or record why it is no file to read."""
    try:
        found = child.stat()
    except OSError as error:
        reason = 'the link leads nowhere' if child.is_symlink() else shortened(error.strerror)
        faults.skip(name, reason)
        return None
    if stat.S_ISREG(found.st_mode):
        return DataFile(name, found.st_size, partial(_open, Path(child.path)))
    if not stat.S_ISDIR(found.st_mode):
        faults.skip(name, 'it is a device, a pipe or a socket, and no file')
    elif (found.st_dev, found.st_ino) in inside:
        faults.skip(name, 'the link leads to a folder that contains it')
    return None
