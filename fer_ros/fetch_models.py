"""Bring models that are not shipped from the internet to where the node finds them."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass
import fcntl
from http.client import HTTPException
import os
from pathlib import Path
import re
import sys
from typing import Any
from typing import BinaryIO
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request
from urllib.request import urlopen

from fer_ros.perception.model_files import model_folders
from fer_ros.perception.model_files import MODELS_VARIABLE
from fer_ros.perception.model_files import sha256_of
from fer_ros.perception.model_files import user_models_folder

# How long a server may say nothing [s].
TIMEOUT = 30.0
# How often a transfer is gone on with that breaks off on its way.
ATTEMPTS = 5
BLOCK = 1 << 16  # bytes
PARTIAL_CONTENT = 206
RANGE_NOT_SATISFIABLE = 416
BAR_WIDTH = 30  # characters

# Exit status of a program that INT ends, as shells have it.
INTERRUPTED = 130

# Called with the bytes that are there and those that there will be.
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ModelFile:
    """
    A file that can be fetched.

    :param name: of the file, by which the node looks for it.
    :param size: in bytes.
    :param sha256: 64 hexadecimal digits; whatever comes from elsewhere is refused.
    :param urls: where it is, tried in this order.
    :param what: what it is and what for.
    :param licence: of the file.
    """

    name: str
    size: int
    sha256: str
    urls: tuple[str, ...]
    what: str
    licence: str


MODEL_FILES = (
    ModelFile(
        name='face_detection_yunet_2023mar.onnx',
        size=232589,
        sha256='8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4',
        # OpenCV's model zoo keeps it in Git LFS, whose files this host gives; the zoo is closed
        # to changes by now, and goes on at the second.
        urls=(
            'https://media.githubusercontent.com/media/opencv/opencv_zoo/'
            '966be4cb6eefc2a4f586ed0581bf4bbaa2533070/models/face_detection_yunet/'
            'face_detection_yunet_2023mar.onnx',
            'https://huggingface.co/opencv/face_detection_yunet/resolve/'
            '3cc26e7f1014a5ee5d74a42acee58bafc9d0a310/face_detection_yunet_2023mar.onnx',
        ),
        what="YuNet, the face detector 'yunet' (runs on LiteRT, else on OpenCV 4.8 or later)",
        licence='MIT',
    ),
)


class FetchError(Exception):
    """A file that could not be fetched; the message says why, and what to do."""


def fetch(model: ModelFile, folder: Path, urls: Sequence[str], progress: Progress) -> bool:
    """
    Bring a file into a folder, unless it is there.

    What has come stays in a file of the same name with .part behind it, until all is there and
    its hash is right; a later call goes on from there.

    :param model: the file.
    :param folder: where to; made if it is not there.
    :param urls: where from, tried in this order.
    :param progress: called as bytes come in.
    :return: False if it was there already.
    :raises FetchError: if no URL gives the file, or the folder cannot be written to.
    """
    target = folder / model.name
    partial = folder / f'{model.name}.part'
    try:
        if target.is_file() and sha256_of(target) == model.sha256:
            return False
        folder.mkdir(parents=True, exist_ok=True)
        with partial.open('ab') as part:
            _lock(part, model)
            try:
                _fetch_from_any(urls, model, part, progress)
                os.fsync(part.fileno())
                # Whoever looks for the file finds it whole, or not at all.
                partial.replace(target)
            finally:
                if not _size_of(part):
                    partial.unlink()
    except OSError as error:
        where = error.filename or folder
        raise FetchError(f'{where} cannot be written: {error.strerror}') from error
    return True


def _lock(part: BinaryIO, model: ModelFile) -> None:
    """Keep others from writing to the same file."""
    try:
        fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise FetchError(f'{model.name} is being fetched already, by another process') from None


def _fetch_from_any(
    urls: Sequence[str], model: ModelFile, part: BinaryIO, progress: Progress
) -> None:
    """
    Make a partial file whole from the first URL that can.

    :raises FetchError: if none can.
    """
    reasons = []
    for url in urls:
        try:
            _fetch_from(url, model, part, progress)
            return
        except FetchError as error:
            reasons.append(str(error))
    hint = '; run it again to go on' if _size_of(part) else ''
    raise FetchError(f'{model.name} cannot be fetched: {", ".join(reasons)}{hint}')


def _fetch_from(url: str, model: ModelFile, part: BinaryIO, progress: Progress) -> None:
    """
    Make a partial file whole.

    :raises FetchError: if the URL does not give the file.
    """
    if _size_of(part) > model.size:
        part.truncate(0)
    begun = _size_of(part)
    _transfer(url, model, part, progress)
    if _is_right(part, model):
        return
    part.truncate(0)
    if begun:
        # The first bytes were of another file, so it is fetched from its beginning.
        _transfer(url, model, part, progress)
        if _is_right(part, model):
            return
        part.truncate(0)
    raise FetchError(f'{url} gives another file than it should (its SHA-256 is wrong)')


def _transfer(url: str, model: ModelFile, part: BinaryIO, progress: Progress) -> None:
    """
    Append to a partial file until it is as large as it should be.

    :raises FetchError: if the URL does not give as many bytes.
    """
    for _ in range(ATTEMPTS):
        before = _size_of(part)
        if before == model.size:
            return
        try:
            _append(url, model, part, progress)
            reason = 'the connection was cut'
        except _ConnectionLostError as error:
            reason = str(error)
        if _size_of(part) <= before:
            break
    done = _size_of(part)
    if done < model.size:
        host = urlsplit(url).netloc or url
        gave = f'gave only {done} of {model.size} bytes' if done else 'cannot be reached'
        raise FetchError(f'{host} {gave} ({reason})')


class _ConnectionLostError(Exception):
    """A connection that could not be made, or broke."""


def _append(url: str, model: ModelFile, part: BinaryIO, progress: Progress) -> None:
    """
    Ask for what is missing of a partial file, and append what comes.

    :raises FetchError: if the URL has no file of that size.
    :raises _ConnectionLostError: if nothing comes, or no more.
    """
    done = _size_of(part)
    with _open(url, done) as response:
        if done and _first_byte(response) != done:
            # The server takes no ranges, or has fewer bytes: from the beginning.
            part.truncate(0)
            done = 0
            if response.status == RANGE_NOT_SATISFIABLE:
                _append(url, model, part, progress)
                return
        length = response.headers.get('Content-Length') or ''
        if length.isdecimal() and done + int(length) != model.size:
            part.truncate(0)
            raise FetchError(f'{url} has {done + int(length)} bytes, not {model.size}')
        while block := _read(response):
            done += len(block)
            if done > model.size:
                part.truncate(0)
                raise FetchError(f'{url} has more than {model.size} bytes')
            part.write(block)
            part.flush()
            progress(done, model.size)


def _open(url: str, begin: int) -> Any:
    """
    Ask for a file.

    :param url: of the file.
    :param begin: the first byte that is wanted.
    :return: the answer; not all servers begin at that byte.
    :raises FetchError: if the server says that it has no such file.
    :raises _ConnectionLostError: if no server answers.
    """
    headers = {'User-Agent': 'fer_ros', 'Accept-Encoding': 'identity'}
    if begin:
        headers['Range'] = f'bytes={begin}-'
    try:
        return urlopen(Request(url, headers=headers), timeout=TIMEOUT)
    except HTTPError as error:
        if error.code == RANGE_NOT_SATISFIABLE and begin:
            return error
        raise FetchError(f'{url} answers {error.code} {error.reason}') from error
    except (OSError, HTTPException) as error:
        raise _ConnectionLostError(_reason(error)) from error


def _read(response: Any) -> bytes:
    """
    Read a block of an answer.

    :return: nothing at its end.
    :raises _ConnectionLostError: if the connection breaks.
    """
    try:
        return response.read1(BLOCK)
    except (OSError, HTTPException) as error:
        raise _ConnectionLostError(_reason(error)) from error


def _reason(error: Exception) -> str:
    """Say in a few words why a connection failed."""
    cause = getattr(error, 'reason', error)
    return getattr(cause, 'strerror', None) or str(cause) or type(cause).__name__


def _first_byte(response: Any) -> int:
    """Say which byte of the file an answer begins with."""
    found = re.match(r'bytes (\d+)-', response.headers.get('Content-Range') or '')
    return int(found[1]) if response.status == PARTIAL_CONTENT and found else 0


def _size_of(file: BinaryIO) -> int:
    """Give the size of a file in bytes."""
    return os.fstat(file.fileno()).st_size


def _is_right(part: BinaryIO, model: ModelFile) -> bool:
    """Say whether a file is what it should be."""
    return sha256_of(Path(part.name)) == model.sha256


class ProgressBar:
    """
    Shows on a terminal how far a transfer is; elsewhere it is silent.

    :param name: of the file.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._shown = False

    def __call__(self, done: int, total: int) -> None:
        """Show that so many bytes of all are there."""
        if not sys.stderr.isatty():
            return
        filled = BAR_WIDTH * done // total
        bar = '#' * filled + ' ' * (BAR_WIDTH - filled)
        kibibytes = f'{done >> 10} of {total >> 10} KiB'
        print(f'\r{self._name} [{bar}] {kibibytes}', end='', file=sys.stderr, flush=True)
        self._shown = True

    def close(self) -> None:
        """Go on in a new line."""
        if self._shown:
            print(file=sys.stderr)


def list_models(folder: Path) -> None:
    """Print what can be fetched, and what of it is there."""
    for model in MODEL_FILES:
        target = folder / model.name
        if not target.is_file():
            state = 'not there'
        elif sha256_of(target) == model.sha256:
            state = 'there'
        else:
            state = 'there, but broken or another version'
        print(f'{model.name}: {model.what}')
        print(f'  {model.size >> 10} KiB, licence {model.licence}, SHA-256 {model.sha256}')
        for url in model.urls:
            print(f'  from {url}')
        print(f'  {state}: {target}')


def _url(text: str) -> str:
    """Take an argument for a URL, or refuse it."""
    if urlsplit(text).scheme not in ('http', 'https', 'file'):
        raise argparse.ArgumentTypeError(f"'{text}' does not begin with http, https or file")
    return text


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Fetch all models that are not shipped.

    :param arguments: of the command line, None for the process's own.
    :return: the exit status: 1 if one could not be fetched, 130 if somebody interrupted it.
    """
    parser = argparse.ArgumentParser(
        prog='fetch_models',
        description='Fetch the models that are not shipped, above all the face detector YuNet. '
        'What is there already is not fetched again, and what was interrupted is gone on with.',
    )
    parser.add_argument('--list', action='store_true', help='only show what there is to fetch')
    parser.add_argument('--folder', type=Path, help=f'where to (default: {user_models_folder()})')
    parser.add_argument(
        '--url', type=_url, help='where from instead: a copy on a server, or file:///...'
    )
    given = parser.parse_args(arguments)
    folder = (given.folder or user_models_folder()).expanduser().absolute()
    if given.list:
        list_models(folder)
        return 0
    try:
        for model in MODEL_FILES:
            bar = ProgressBar(model.name)
            try:
                fetched = fetch(model, folder, [given.url] if given.url else model.urls, bar)
            finally:
                bar.close()
            state = 'is here now' if fetched else 'was there already'
            print(f'{model.name} {state}: {folder / model.name}')
    except FetchError as error:
        print(f'fetch_models: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('fetch_models: interrupted; run it again to go on', file=sys.stderr)
        return INTERRUPTED
    if folder not in [searched.absolute() for searched in model_folders()]:
        print(f'The node searches this folder only if it stands in {MODELS_VARIABLE}.')
    return 0


if __name__ == '__main__':
    sys.exit(main())
