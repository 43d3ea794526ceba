"""Find and open the files of a bag."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Iterator
import os
from pathlib import Path
import re
import sqlite3
from typing import Any

import yaml

from fer_ros.perception.quoting import quoted
from fer_ros.perception.quoting import shortened
from fer_ros.sources.bags.mcap_file import McapFile
from fer_ros.sources.bags.raw import BagFile
from fer_ros.sources.bags.raw import RawMessage
from fer_ros.sources.bags.raw import ZSTD_START
from fer_ros.sources.bags.ros1_file import Ros1File
from fer_ros.sources.bags.ros1_file import START as ROS1_START
from fer_ros.sources.bags.sqlite_file import SqliteFile
from fer_ros.sources.base import shown
from fer_ros.sources.base import SourceError

METADATA = 'metadata.yaml'

# The first bytes of the formats.
MCAP_START = b'\x89MCAP0\r\n'
SQLITE_START = b'SQLite format 3\0'

# Names of the files of bags.
BAG_FILE = re.compile(r'.*\.(mcap|db3|bag|bag\.active)(\.zstd|\.zst)?', re.IGNORECASE)

# Names of the parts of a ROS 2 bag. Each part of a ROS 1 bag is a bag of its own.
SPLIT_FILE = re.compile(r'(.*)_[0-9]+\.(?:mcap|db3)(?:\.zstd|\.zst)?', re.IGNORECASE)

# Larger metadata are not read [bytes].
MOST_METADATA = 2**22


def is_bag(path: Path) -> bool:
    """
    Check whether a path is a bag by the names of files.

    A folder with metadata is a bag. Without metadata, which a recorder writes at its end, a folder
    is a bag if all its files are numbered parts of one recording.
    """
    if not path.is_dir():
        return BAG_FILE.fullmatch(path.name) is not None
    if (path / METADATA).is_file():
        return True
    parts = [SPLIT_FILE.fullmatch(one.name) for one in _files_in(path)]
    return bool(parts) and len({part and part[1] for part in parts}) == 1 and parts[0] is not None


class Bag:
    """
    A bag of ROS 2, which is a folder or a single file, or a bag of ROS 1.

    :param path: path of the folder or the file.
    :raises SourceError: if nothing in the bag can be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._notes: list[str] = []
        self._files: list[BagFile] = []
        self.topics: dict[str, str] = {}
        paths = self._listed() if path.is_dir() else [path]
        for one in paths:
            try:
                file = _open_file(one)
                topics = file.topics()
            except Exception as error:  # SourceError, OSError, sqlite3.Error, zstandard's own
                if len(paths) == 1 and isinstance(error, ImportError):
                    raise
                self._notes.append(f'{one.name}: {reason_of(error)}')
                continue
            self._files.append(file)
            self.topics.update(topics)
        if not self._files:
            reasons = '; '.join(self._notes) or 'the folder has no files of a bag'
            raise SourceError(f'cannot read the bag {shown(path)}: {reasons}')

    @property
    def faults(self) -> list[str]:
        """Return sentences about parts of the bag that cannot be read."""
        return self._notes + [fault for file in self._files for fault in file.faults]

    @property
    def done(self) -> float:
        """Return the part of the bag that was read, 0 to 1."""
        return sum(file.done for file in self._files) / len(self._files)

    def messages(self, wanted: Collection[str]) -> Iterator[RawMessage]:
        """
        Iterate over the messages, as far as they can be read.

        :param wanted: names of the topics.
        """
        for file in self._files:
            try:
                yield from file.messages(wanted)
            except (OSError, sqlite3.Error) as error:
                self._notes.append(f'{file.path.name}: {reason_of(error)}')
            file.done = 1.0

    def _listed(self) -> list[Path]:
        """List the files of a folder, in the order of their recording."""
        found = _files_in(self.path)
        names = _names_in_metadata(self.path / METADATA)
        missing = [name for name in names if not (self.path / name).is_file()]
        # Whole-file compression is not always recorded in the names.
        missing = [name for name in missing if not list(self.path.glob(f'{_glob(name)}.zst*'))]
        if missing:
            named = ', '.join(quoted(name) for name in missing[:3])
            self._notes.append(
                f'{len(missing)} of {len(names)} files of the bag are missing ({named})'
            )
        order = {name: index for index, name in enumerate(names)}
        return sorted(found, key=lambda one: order.get(one.name, len(order)))


def reason_of(error: Exception) -> str:
    """Describe an error of a file in a clause."""
    if isinstance(error, OSError) and error.errno:
        # Some libraries have a text of their own in place of that of the system.
        return os.strerror(error.errno)
    return shortened(error) or type(error).__name__


def _glob(name: str) -> str:
    """Escape a name for a pattern of files."""
    return re.sub(r'([*?\[])', r'[\1]', name)


def _files_in(folder: Path) -> list[Path]:
    """List the files of bags in a folder, in natural order."""
    files = [
        path
        for path in folder.iterdir()
        if BAG_FILE.fullmatch(path.name) and not path.name.startswith('.') and path.is_file()
    ]
    return sorted(files, key=_natural_order)


def _natural_order(path: Path) -> tuple[list[str | int], str]:
    """Return a sort key for a file name that compares digits as numbers."""
    parts = re.split('([0-9]+)', path.name)
    return [int(part) if part.isdecimal() else part for part in parts], path.name


def _names_in_metadata(path: Path) -> list[str]:
    """Return the names of the files of a bag by its metadata; empty if they cannot be read."""
    try:
        if path.stat().st_size > MOST_METADATA:
            return []
        content: Any = yaml.safe_load(path.read_bytes())
        names = content['rosbag2_bagfile_information']['relative_file_paths']
        return [Path(str(name)).name for name in names]
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError, RecursionError):
        return []


def _open_file(path: Path) -> BagFile:
    """Open a file by its first bytes."""
    with path.open('rb') as stream:
        start = stream.read(32)
    if not start:
        raise SourceError('the file is empty (0 bytes)')
    compressed = start.startswith(ZSTD_START)
    if compressed:
        import zstandard

        with path.open('rb') as stream:
            start = zstandard.ZstdDecompressor().stream_reader(stream).read(32)
    if start.startswith(MCAP_START):
        return McapFile(path, compressed)
    if start.startswith(SQLITE_START):
        return SqliteFile(path, compressed)
    if start.startswith(ROS1_START) and not compressed:
        return Ros1File(path)
    raise SourceError(
        f'the file begins with {quoted(start[:12])}, unlike an MCAP file, an SQLite '
        'file or a ROS 1 bag'
    )
