"""Find the recordings that the arguments of the command line name."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
import os
from pathlib import Path

from fer_ros.offline.folder import is_output_folder
from fer_ros.perception.quoting import quoted
from fer_ros.perception.quoting import shortened
from fer_ros.sources.bags.bag import BAG_FILE
from fer_ros.sources.bags.bag import is_bag
from fer_ros.sources.pictures import PICTURE_SUFFIXES

# Suffixes of videos that are searched in folders. A video that is named itself may have any name.
NAMES = 'avi m2ts m4v mjpeg mjpg mkv mov mp4 mpeg mpg mts ogv ts webm wmv'
VIDEO_SUFFIXES = frozenset(f'.{name}' for name in NAMES.split(' '))


class InputError(ValueError):
    """Raised if a list of recordings cannot be read; the message names it and the reason."""


def find_recordings(arguments: Iterable[str]) -> list[Path]:
    """
    List the recordings of the arguments.

    A folder that is neither a bag nor a folder of pictures stands for all recordings below it.
    `@FILE` stands for the paths in a file, one in each line.

    :param arguments: arguments of the command line.
    :return: paths of recordings, each once. A path that does not exist is included.
    :raises InputError: if an argument is empty, a list cannot be read, or a folder contains no
        recording.
    """
    found: dict[Path, None] = {}
    for argument in arguments:
        if not argument:
            # It would stand for the current folder; an unset variable of a shell is empty.
            raise InputError('the path of an input is empty; the current folder is "."')
        for path in _paths_of(argument):
            recordings = list(_below(path)) if path.is_dir() else [path]
            if not recordings:
                raise InputError(
                    f'the folder {quoted(str(path))} contains no videos, bags or pictures'
                )
            found.update(dict.fromkeys(recordings))
    return list(found)


def _paths_of(argument: str) -> list[Path]:
    """Return the path of an argument, or the paths in a list."""
    if not argument.startswith('@') or Path(argument).exists():
        return [Path(argument).expanduser()]
    path = Path(argument[1:])
    try:
        lines = path.read_text(encoding='utf-8').splitlines()
    except (OSError, ValueError) as error:
        reason = shortened(getattr(error, 'strerror', None) or error)
        raise InputError(f'cannot read the list {quoted(str(path))}: {reason}') from error
    return [Path(line.strip()).expanduser() for line in lines if line.strip()]


def _below(folder: Path, above: frozenset[str] = frozenset()) -> Iterator[Path]:
    """
    Iterate over the recordings in a folder, in the order of their names.

    :param folder: the folder; links to folders in it are followed.
    :param above: real paths of the folders that contain it, to which a link does not lead back.
    """
    real = os.path.realpath(folder)
    if real in above or is_output_folder(folder):
        return
    try:
        entries = sorted(os.scandir(folder), key=lambda one: one.name)
        bag = is_bag(folder)
    except OSError:
        # The recording with this path fails with the reason.
        yield folder
        return
    if bag:
        yield folder
        return
    pictures = False
    for entry in entries:
        path = Path(entry.path)
        if entry.name.startswith('.'):
            continue
        if path.is_dir():
            yield from _below(path, above | {real})
        elif BAG_FILE.fullmatch(entry.name) or path.suffix.lower() in VIDEO_SUFFIXES:
            yield path
        else:
            pictures = pictures or path.suffix.lower() in PICTURE_SUFFIXES
    if pictures:
        yield folder
