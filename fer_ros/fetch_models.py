"""Fetch the weights of the YuNet detector, which are not shipped, to where the node finds them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import errno
import hashlib
import os
from pathlib import Path
import queue
import secrets
import sys
from threading import Thread
from urllib.request import urlopen

from fer_ros.perception.models.known_files import YUNET_SHA256
from fer_ros.perception.models.model_files import model_folders
from fer_ros.perception.models.model_files import MODELS_VARIABLE
from fer_ros.perception.models.model_files import user_models_folder
from fer_ros.perception.quoting import quoted
from fer_ros.perception.quoting import shortened

NAME = 'face_detection_yunet_2023mar.onnx'
SIZE = 232589  # bytes
# OpenCV's model zoo, closed to changes, stores the file in Git LFS; the second is its successor.
URLS = (
    'https://media.githubusercontent.com/media/opencv/opencv_zoo/'
    f'966be4cb6eefc2a4f586ed0581bf4bbaa2533070/models/face_detection_yunet/{NAME}',
    'https://huggingface.co/opencv/face_detection_yunet/resolve/'
    f'3cc26e7f1014a5ee5d74a42acee58bafc9d0a310/{NAME}',
)
TIME_LIMIT = 60.0  # for each source [s]


class FetchError(Exception):
    """The file could not be fetched; the message names the reason."""


def fetch(folder: Path, urls: Sequence[str]) -> bool:
    """
    Download the file to a folder, unless the folder has it; never leave an incomplete file.

    :param folder: made if it does not exist. A link in the file's place is replaced, not followed.
    :param urls: sources, tried in this order.
    :return: False if the folder had the file.
    :raises FetchError: if no source has the file, or the folder cannot be written to.
    """
    target, temporary = folder / NAME, folder / f'.{NAME}.{secrets.token_hex(8)}'
    try:
        if is_fetched(target):
            return False
        if target.exists() and not target.is_file() and not target.is_symlink():
            raise FileExistsError(errno.EEXIST, 'it is not a regular file; remove it', str(target))
        folder.mkdir(parents=True, exist_ok=True)
        content = download(urls)
        try:
            # Mode x fails if the name exists, also as a link.
            with temporary.open('xb') as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        path = quoted(str(error.filename or folder), 300)
        raise FetchError(f'{path} cannot be written: {error.strerror}') from error
    return True


def is_fetched(path: Path) -> bool:
    """Return whether a file exists and has the right content."""
    try:
        # Without O_NONBLOCK, opening a FIFO waits for its writer.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), 'rb') as file:
            return is_right(file.read(SIZE + 1))
    except OSError:
        return False


def is_right(content: bytes) -> bool:
    """Return whether content is that of the file."""
    return hashlib.sha256(content).hexdigest() == YUNET_SHA256


def download(urls: Sequence[str]) -> bytes:
    """Return the content from the first source that has it; FetchError if none has it in time."""
    reasons = []
    for url in urls:
        results: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()
        # A thread, as name resolution and slow answers have no time limit of their own.
        Thread(target=_read, args=(url, results), daemon=True).start()
        try:
            result = results.get(timeout=TIME_LIMIT)
        except queue.Empty:
            result = TimeoutError(f'no complete answer within {TIME_LIMIT:g} s')
        if isinstance(result, bytes):
            return result
        reasons.append(shortened(f'{url} ({result})'))
    raise FetchError(f'{NAME} cannot be fetched from {", ".join(reasons)}')


def _read(url: str, results: queue.SimpleQueue[bytes | Exception]) -> None:
    """Put the file's content, or the error, into a queue."""
    try:
        with urlopen(url, timeout=TIME_LIMIT) as answer:
            content = answer.read(SIZE + 1)
        other = ValueError(f'it sent another file; {len(content)} bytes were read')
        results.put(content if is_right(content) else other)
    except Exception as error:
        results.put(error)


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Fetch the file.

    :param arguments: of the command line, None for the process's own.
    :return: the exit status: 1 if the file could not be fetched, 130 after the signal INT.
    """
    parser = argparse.ArgumentParser(
        'fetch_models',
        description=f'Fetch {NAME}, the weights of the face detector YuNet ({SIZE >> 10} KiB, '
        f'licence MIT, SHA-256 {YUNET_SHA256}), unless they are there already.',
    )
    place = user_models_folder()
    parser.add_argument('--folder', type=Path, default=place, help='default: %(default)s')
    parser.add_argument('--url', help='another source: a server, or file:///...')
    chosen = parser.parse_args(arguments)
    folder = chosen.folder.expanduser().absolute()
    try:
        fetched = fetch(folder, [chosen.url] if chosen.url else URLS)
    except FetchError as error:
        print(f'fetch_models: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('fetch_models: interrupted; nothing was changed', file=sys.stderr)
        return 130  # by the convention of shells
    print(f'{NAME} {"is here now" if fetched else "was there already"}: {folder / NAME}')
    if folder not in [searched.absolute() for searched in model_folders()]:
        print(f'The node searches this folder only if {MODELS_VARIABLE} names it.')
    return 0


if __name__ == '__main__':
    sys.exit(main())
