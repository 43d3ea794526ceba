"""The folder with the results of a call."""

from __future__ import annotations

from contextlib import suppress
import fcntl
import hashlib
import os
from pathlib import Path
import re
import shutil

from fer_ros.perception.quoting import quoted

# The tables, each a folder with one file per recording.
TABLES = ('faces', 'changes')

# The folder with the other files of each recording.
RECORDINGS = 'recordings'

# Maximum length of the name of a recording in the names of folders.
NAME_LENGTH = 40


class FolderError(ValueError):
    """Raised if the output folder cannot be used; the message gives a remedy."""


def key_of(path: Path) -> str:
    """
    Return the name of a recording in the output folder.

    The name depends only on the path, so that each call and each machine uses the same.
    """
    place = str(Path(os.path.abspath(path)))
    name = re.sub(r'[^A-Za-z0-9._-]+', '_', path.name.partition('.')[0])[:NAME_LENGTH].strip('._')
    return f'{name or "recording"}-{hashlib.sha256(os.fsencode(place)).hexdigest()[:8]}'


def state_of(path: Path) -> str:
    """
    Return a hash of the names, sizes and times of the files of a recording.

    :param path: a file or a folder; empty if it does not exist.
    """
    found = hashlib.sha256()
    try:
        files = [path]
        if path.is_dir():
            files = sorted(one for one in path.iterdir() if one.is_file())
        for file in files:
            state = file.stat()
            found.update(f'{file.name}\0{state.st_size}\0{state.st_mtime_ns}\n'.encode())
    except (OSError, UnicodeError):
        return ''
    return found.hexdigest()[:16]


def size_of(path: Path) -> int:
    """Return the size of the files of a recording in bytes, at least 1."""
    with suppress(OSError):
        files = [one for one in path.iterdir() if one.is_file()] if path.is_dir() else [path]
        return max(1, sum(file.stat().st_size for file in files))
    return 1


def is_output_folder(path: Path) -> bool:
    """Check whether a folder has results of an earlier call."""
    return any((path / f'{table}.parquet').is_dir() for table in TABLES)


def keys_in(path: Path) -> set[str]:
    """
    Return the names of the recordings with rows in an output folder.

    :param path: the output folder.
    """
    found = (part.name for table in TABLES for part in path.glob(f'{table}.parquet/recording=*'))
    return {name.partition('=')[2] for name in found}


class OutputFolder:
    """
    The output folder of a call, which no other call uses at the same time.

    :param path: the folder; it is created.
    :param shard: number and count of the part of the recordings, or None for all.
    :raises FolderError: if the folder cannot be created, or another call uses it.
    """

    def __init__(self, path: Path, shard: tuple[int, int] | None = None) -> None:
        self.path = path
        label = f'-{shard[0]}-of-{shard[1]}' if shard else ''
        self.manifest = path / f'manifest{label}.json'
        # Results are written here first, and moved when they are complete.
        self.staging = path / f'.work{label}'
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock = (path / f'.lock{label}').open('w')
        except OSError as error:
            raise FolderError(
                f'cannot write into the folder {quoted(str(path))}: {error.strerror}'
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise FolderError(
                f'another call is writing into the folder {quoted(str(path))}: wait for its end, '
                'or choose another folder with --output'
            ) from error
        try:
            # The remains of a call that was killed.
            shutil.rmtree(self.staging, ignore_errors=True)
            self.staging.mkdir()
        except OSError as error:
            self._lock.close()
            raise FolderError(
                f'cannot write into the folder {quoted(str(path))}: {error.strerror}'
            ) from error

    def close(self) -> None:
        """Remove temporary files, and let other calls use the folder."""
        shutil.rmtree(self.staging, ignore_errors=True)
        self._lock.close()

    def part_of(self, table: str, key: str) -> Path:
        """Return the file with the rows of a recording."""
        return self.path / f'{table}.parquet' / f'recording={key}' / 'part-0.parquet'

    def files_of(self, key: str) -> Path:
        """Return the folder with the other files of a recording."""
        return self.path / RECORDINGS / key

    def commit(self, key: str, staged: Path) -> None:
        """
        Move the results of a recording to their places.

        A call that is killed meanwhile repeats the recording, as the manifest does not have it.

        :param key: name of the recording.
        :param staged: folder with its complete files.
        :raises OSError: if a file cannot be moved.
        """
        for table in TABLES:
            part = self.part_of(table, key)
            part.parent.mkdir(parents=True, exist_ok=True)
            _move(staged / f'{table}.parquet', part)
        folder = self.files_of(key)
        folder.mkdir(parents=True, exist_ok=True)
        names = {file.name for file in staged.iterdir()}
        for name in sorted(names):
            _move(staged / name, folder / name)
        for old in folder.iterdir():
            if old.name not in names:
                old.unlink()
        if not names:
            folder.rmdir()
        shutil.rmtree(staged, ignore_errors=True)

    def discard(self, key: str) -> None:
        """Remove the results of a recording, which are outdated."""
        for table in TABLES:
            shutil.rmtree(self.part_of(table, key).parent, ignore_errors=True)
        shutil.rmtree(self.files_of(key), ignore_errors=True)


def _move(old: Path, new: Path) -> None:
    """Move a file to a place on the same file system, after its content is on the disk."""
    with old.open('rb') as stream:
        os.fsync(stream.fileno())
    os.replace(old, new)
