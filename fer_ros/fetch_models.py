"""Fetch the weights of the YuNet detector, which are not shipped, to where the node finds them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import hashlib
import os
from pathlib import Path
import queue
import secrets
import sys
from threading import Thread
import time
from urllib.parse import urlsplit
from urllib.request import urlopen

from fer_ros.perception.models.known_files import YUNET_SHA256
from fer_ros.perception.models.model_files import model_folders
from fer_ros.perception.models.model_files import MODELS_VARIABLE
from fer_ros.perception.models.model_files import user_models_folder
from fer_ros.perception.quoting import quoted
from fer_ros.perception.quoting import shortened

NAME = 'face_detection_yunet_2023mar.onnx'
SIZE = 232589  # bytes
# OpenCV's model zoo stores the file in Git LFS, which the first host serves. The zoo is closed to
# changes; the second host is its successor.
URLS = (
    'https://media.githubusercontent.com/media/opencv/opencv_zoo/'
    f'966be4cb6eefc2a4f586ed0581bf4bbaa2533070/models/face_detection_yunet/{NAME}',
    'https://huggingface.co/opencv/face_detection_yunet/resolve/'
    f'3cc26e7f1014a5ee5d74a42acee58bafc9d0a310/{NAME}',
)
USE = "YuNet, the face detector 'yunet' (runs on LiteRT, else on OpenCV 4.8 or later)"

# Time for all sources together [s].
TIME_LIMIT = 120.0

# Longest path that a message shows in full.
PATH_LENGTH = 300

# Exit status after the signal INT, by the convention of shells.
INTERRUPTED = 130


class FetchError(Exception):
    """The file could not be fetched; the message names the reason."""


def fetch(folder: Path, urls: Sequence[str]) -> bool:
    """
    Download the file to a folder, unless the folder has it; never leave an incomplete file.

    :param folder: made if it does not exist. A symbolic link in the file's place is replaced, and
        its target stays as it is.
    :param urls: sources, tried in this order.
    :return: False if the folder had the file.
    :raises FetchError: if no source has the file, or the folder cannot be written to.
    """
    target = folder / NAME
    temporary = folder / f'.{NAME}.{secrets.token_hex(8)}'
    try:
        if is_fetched(target):
            return False
        if target.exists() and not target.is_file() and not target.is_symlink():
            path = quoted(str(target), PATH_LENGTH)
            raise FetchError(f'{path} is not a regular file; remove it')
        folder.mkdir(parents=True, exist_ok=True)
        content = download(urls)
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            with open(os.open(temporary, flags, 0o666), 'wb') as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        path = quoted(str(error.filename or folder), PATH_LENGTH)
        raise FetchError(f'{path} cannot be written: {error.strerror}') from error
    return True


def is_fetched(path: Path) -> bool:
    """Return whether a file exists and has the right content."""
    try:
        # Without O_NONBLOCK, opening a FIFO waits for its writer.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), 'rb') as file:
            return hashlib.sha256(file.read(SIZE + 1)).hexdigest() == YUNET_SHA256
    except OSError:
        return False


def download(urls: Sequence[str]) -> bytes:
    """
    Return the file's content from the first source that has it.

    :raises FetchError: if no source has it, or the time is over.
    """
    end = time.monotonic() + TIME_LIMIT
    reasons = []
    for index, url in enumerate(urls):
        results: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()
        # A thread, as name resolution and slow answers have no time limit of their own.
        Thread(target=_read, args=(url, results), daemon=True).start()
        # The remaining sources share the remaining time, so that one that hangs cannot use it all.
        seconds = (end - time.monotonic()) / (len(urls) - index)
        try:
            result = results.get(timeout=seconds)
        except queue.Empty:
            result = TimeoutError(f'no complete answer within {seconds:.0f} s')
        if isinstance(result, bytes):
            return result
        reasons.append(shortened(f'{url} ({result})'))
    raise FetchError(f'{NAME} cannot be fetched from {", ".join(reasons)}')


def _read(url: str, results: queue.SimpleQueue[bytes | Exception]) -> None:
    """Put the file's content, or the error, into a queue."""
    try:
        with urlopen(url, timeout=TIME_LIMIT) as answer:
            content = answer.read(SIZE + 1)
        if len(content) != SIZE:
            count = f'more than {SIZE}' if len(content) > SIZE else len(content)
            raise ValueError(f'it sent {count} bytes, not {SIZE}')
        if hashlib.sha256(content).hexdigest() != YUNET_SHA256:
            raise ValueError(f'the SHA-256 of its file is not {YUNET_SHA256[:12]}…')
        results.put(content)
    except Exception as error:
        results.put(error)


def show_list(folder: Path) -> None:
    """Print what can be fetched, and whether a folder has it."""
    target = folder / NAME
    state = 'there' if is_fetched(target) else 'not there'
    if state == 'not there' and os.path.lexists(target):
        state = 'there, but damaged or of another version'
    print(f'{NAME}: {USE}')
    print(f'  {SIZE >> 10} KiB, licence MIT, SHA-256 {YUNET_SHA256}')
    for url in URLS:
        print(f'  from {url}')
    print(f'  {state}: {target}')


def _url(text: str) -> str:
    """Return a command-line argument if it is a URL."""
    if urlsplit(text).scheme not in ('http', 'https', 'file'):
        raise argparse.ArgumentTypeError(f'{quoted(text)} does not begin with http, https or file')
    return text


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Fetch the file.

    :param arguments: of the command line, None for the process's own.
    :return: the exit status: 1 if the file could not be fetched, 130 after the signal INT.
    """
    parser = argparse.ArgumentParser(
        prog='fetch_models',
        description='Fetch the weights of the face detector YuNet, which are not shipped. '
        'If they are there already, nothing is fetched.',
    )
    parser.add_argument('--list', action='store_true', help='only show what can be fetched')
    parser.add_argument(
        '--folder', type=Path, help=f'destination (default: {user_models_folder()})'
    )
    parser.add_argument('--url', type=_url, help='another source: a server, or file:///...')
    chosen = parser.parse_args(arguments)
    folder = (chosen.folder or user_models_folder()).expanduser().absolute()
    if chosen.list:
        show_list(folder)
        return 0
    try:
        fetched = fetch(folder, [chosen.url] if chosen.url else URLS)
    except FetchError as error:
        print(f'fetch_models: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('fetch_models: interrupted; nothing was changed', file=sys.stderr)
        return INTERRUPTED
    print(f'{NAME} {"is here now" if fetched else "was there already"}: {folder / NAME}')
    if folder not in [searched.absolute() for searched in model_folders()]:
        print(f'The node searches this folder only if {MODELS_VARIABLE} names it.')
    return 0


if __name__ == '__main__':
    sys.exit(main())
