"""
Download the weights of the YuNet detector, which the package does not contain.

The default destination is a folder in which the node searches for models.
"""

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
# The first URL is OpenCV's model zoo, which is archived and stores the file in Git LFS.
# The second URL is the successor of this zoo on Hugging Face.
URLS = (
    'https://media.githubusercontent.com/media/opencv/opencv_zoo/'
    f'966be4cb6eefc2a4f586ed0581bf4bbaa2533070/models/face_detection_yunet/{NAME}',
    'https://huggingface.co/opencv/face_detection_yunet/resolve/'
    f'3cc26e7f1014a5ee5d74a42acee58bafc9d0a310/{NAME}',
)
TIME_LIMIT = 60.0  # for each source [s]


class FetchError(Exception):
    """Raised if the file cannot be fetched; the message states the reason."""


def fetch(folder: Path, urls: Sequence[str], time_limit: float | None = None) -> bool:
    """
    Download the file to a folder, unless the folder already contains it.

    The folder never contains an incomplete file under the final name.

    :param folder: destination, created if it does not exist. A symbolic link at the place of the
        file is replaced, not followed.
    :param urls: sources, tried in this order.
    :param time_limit: maximum time for each source in seconds; None for TIME_LIMIT.
    :return: True if the file was downloaded, False if the folder already contained it.
    :raises FetchError: if no source has the file, or if the folder is not writable.
    """
    target, temporary = folder / NAME, folder / f'.{NAME}.{secrets.token_hex(8)}'
    try:
        if is_fetched(target):
            return False
        if target.exists() and not target.is_file() and not target.is_symlink():
            raise FileExistsError(
                errno.EEXIST, 'the path is not a regular file; remove it', str(target)
            )
        folder.mkdir(parents=True, exist_ok=True)
        content = download(urls, time_limit or TIME_LIMIT)
        try:
            # Mode x raises an error if the name exists, even as a symbolic link.
            with temporary.open('xb') as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        path = quoted(str(error.filename or folder), 300)
        raise FetchError(f'cannot write {path}: {error.strerror}') from error
    return True


def is_fetched(path: Path) -> bool:
    """Check whether a file exists and has the expected content."""
    try:
        # Without O_NONBLOCK, opening a FIFO blocks until a writer opens it.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), 'rb') as file:
            return is_right(file.read(SIZE + 1))
    except OSError:
        return False


def is_right(content: bytes) -> bool:
    """Check whether bytes are the content of the weights file, by their SHA-256."""
    return hashlib.sha256(content).hexdigest() == YUNET_SHA256


def download(urls: Sequence[str], time_limit: float) -> bytes:
    """
    Download the file from the first source that has it.

    :param urls: sources, tried in this order.
    :param time_limit: maximum time for each source in seconds.
    :return: content of the file.
    :raises FetchError: if no source sends the file in time.
    """
    reasons = []
    for url in urls:
        results: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()
        # Name resolution and slow responses have no time limit of their own, so a thread is used.
        Thread(target=_read, args=(url, results, time_limit), daemon=True).start()
        try:
            result = results.get(timeout=time_limit)
        except queue.Empty:
            result = TimeoutError(f'no complete response within {time_limit:g} s')
        if isinstance(result, bytes):
            return result
        reasons.append(shortened(f'{url} ({result})'))
    raise FetchError(f'cannot download {NAME} from {", ".join(reasons)}')


def _read(url: str, results: queue.SimpleQueue[bytes | Exception], time_limit: float) -> None:
    """Download the file, and put its content or the error into a queue."""
    try:
        with urlopen(url, timeout=time_limit) as answer:
            content = answer.read(SIZE + 1)
        other = ValueError(f'the server sent another file; {len(content)} bytes were read')
        results.put(content if is_right(content) else other)
    except Exception as error:
        results.put(error)


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run the command fetch_models.

    :param arguments: command-line arguments; None for those of the process.
    :return: exit status: 0 on success, 1 if the file could not be fetched, 130 after SIGINT.
    """
    parser = argparse.ArgumentParser(
        'fetch_models',
        description=f'Download the weights of the face detector YuNet, {NAME} '
        f'({SIZE >> 10} KiB, licence MIT, SHA-256 {YUNET_SHA256}), unless the folder already '
        'contains them.',
    )
    place = user_models_folder()
    parser.add_argument(
        '--folder', type=Path, default=place, help='folder for the file (default: %(default)s)'
    )
    parser.add_argument('--url', help='URL of another source, such as a mirror or file:///...')
    parser.add_argument(
        '--time-limit',
        type=float,
        metavar='SECONDS',
        help=f'maximum time for each source (default: {TIME_LIMIT:g})',
    )
    chosen = parser.parse_args(arguments)
    if chosen.time_limit is not None and not chosen.time_limit > 0:
        parser.error(f'--time-limit is {chosen.time_limit:g}, but must be above 0')
    folder = chosen.folder.expanduser().absolute()
    try:
        fetched = fetch(folder, [chosen.url] if chosen.url else URLS, chosen.time_limit)
    except FetchError as error:
        print(f'fetch_models: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('fetch_models: interrupted; nothing was changed', file=sys.stderr)
        return 130  # exit status of shells after SIGINT: 128 + 2
    print(f'{NAME} {"is downloaded" if fetched else "already exists"}: {folder / NAME}')
    if folder not in [searched.absolute() for searched in model_folders()]:
        print(f'The node searches this folder only if {MODELS_VARIABLE} contains it.')
    return 0


if __name__ == '__main__':
    sys.exit(main())
