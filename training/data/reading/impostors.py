"""Recognise files that have the name of data, but the content of something else."""

from __future__ import annotations

from training.data.datasets import DataError

# Begin of the text file that Git LFS leaves in place of a file that it has not downloaded.
LFS_POINTER = b'version https://git-lfs'

# Number of bytes to check.
START_BYTES = 64


def check_start(start: bytes, name: str) -> None:
    """
    Check that a file is not the pointer of Git LFS, a web page, or empty.

    :param start: first bytes of the file.
    :param name: name of the file, for messages.
    :raises DataError: if it is one of these.
    """
    text = start.lstrip(b'\xef\xbb\xbf \t\r\n').lower()
    if text.startswith(LFS_POINTER):
        raise DataError(
            f'{name} is a pointer of Git LFS, and not the file itself; fetch the file with '
            '`git lfs pull`'
        )
    if text.startswith((b'<!doctype', b'<html', b'<?xml')):
        raise DataError(
            f'{name} is a web page, and not the file itself; perhaps the download needs a login'
        )
