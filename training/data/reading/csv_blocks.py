"""Read the lines of a CSV file in blocks, whatever its encoding, with a limit for each line."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from io import BufferedIOBase
from io import RawIOBase
from typing import BinaryIO
from typing import cast

from training.data.datasets import DataError
from training.data.progress_bar import progress_bar
from training.data.reading.archives import READ_ERRORS
from training.data.reading.archives import unreadable
from training.data.reading.files import DataFile

# Bytes read at once: enough rows for NumPy to be fast, few enough for the CPU cache.
BLOCK_BYTES = 1 << 18

# Number of blanks before the text, which the parser needs before the first number.
MARGIN = 4

# Maximum length of a line in bytes; 512x512 pixels need 1 MiB.  A longer line is cut to its first
# bytes, and ends with a mark that no text contains.
MOST_LINE_BYTES = 8 << 20
KEPT_BYTES = 64
CUT_MARK = b'\0'


class _Transcoded(RawIOBase):
    """Text in UTF-16, read as UTF-8."""

    def __init__(self, opened: BinaryIO) -> None:
        super().__init__()
        self._opened = opened
        self._decoder = codecs.getincrementaldecoder('utf-16')(errors='replace')
        self._ready = b''

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: object) -> int:
        """Read as many bytes as fit into a buffer."""
        view = memoryview(cast(bytearray, buffer))
        while not self._ready:
            content = self._opened.read(BLOCK_BYTES)
            self._ready = self._decoder.decode(content, final=not content).encode()
            if not content:
                break
        count = min(len(view), len(self._ready))
        view[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count


def blocks(file: DataFile) -> Iterator[tuple[bytearray, int]]:
    """
    Read the lines of a file in blocks of some hundred kilobytes.

    :param file: the file; UTF-8, or UTF-16 with a byte-order mark.
    :return: iterator over a buffer and the number of its valid bytes.  The buffer has whole lines
        from `MARGIN` on, and blanks before.  The buffer is the same array each time, and may be
        modified.
    :raises DataError: if the file cannot be read.
    """
    text = bytearray(b' ' * MARGIN + bytes(2 * BLOCK_BYTES))
    filled, dropping = MARGIN, False
    total = file.size if file.size >= 0 else None
    try:
        with _opened(file) as opened, progress_bar(f'reading {file.name}', total, 'B') as progress:
            while True:
                if len(text) - filled <= BLOCK_BYTES:
                    text += bytes(len(text))
                begin = filled
                count = opened.readinto(memoryview(text)[filled:][:BLOCK_BYTES])
                if not count:
                    break
                progress.update(count)
                filled += count
                if dropping:
                    end = text.find(b'\n', begin, filled)
                    if end < 0:
                        filled = begin
                        continue
                    rest = bytes(memoryview(text)[end:filled])
                    filled, dropping = begin + len(rest), False
                    text[begin:filled] = rest
                size = text.rfind(b'\n', begin, filled) + 1
                if size:
                    rest = bytes(memoryview(text)[size:filled])
                    yield text, size
                    text[:MARGIN] = b' ' * MARGIN
                    filled = MARGIN + len(rest)
                    text[MARGIN:filled] = rest
                elif filled - MARGIN > MOST_LINE_BYTES:
                    end = MARGIN + KEPT_BYTES
                    filled = end + len(CUT_MARK)
                    text[end:filled] = CUT_MARK
                    dropping = True
            text[filled:] = b'\n'
            yield text, filled + 1
    except READ_ERRORS as error:
        raise DataError(f'cannot read {file.name}: {unreadable(error)}') from error


def _opened(file: DataFile) -> BufferedIOBase:
    """Open a file as UTF-8."""
    with file.open_file() as opened:
        start = opened.read(2)
    opened = file.open_file()
    if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return cast(BufferedIOBase, _Transcoded(opened))
    return cast(BufferedIOBase, opened)
