"""Memory that the pages of a mapped file take, after somebody has copied what is in them."""

from __future__ import annotations

from contextlib import suppress
import ctypes
import mmap
from pathlib import Path

# Where Linux lists what a process has mapped, a line each: 'first-last rights offset device inode
# path', the addresses hexadecimal.
MAPS = Path('/proc/self/maps')


def let_go_of_pages(path: Path) -> int:
    """
    Let this process hold none of the pages of a file that is mapped only to be read.

    The mapping stays: whoever reads it again gets the page from the file, or from the system's
    cache of it.  Where this cannot be done, nothing is: it saves memory, and no more.

    :param path: of the file.
    :return: the bytes of the mappings that were told.
    """
    told = 0
    # Other systems have no such list, and other C libraries no such call.
    with suppress(OSError, AttributeError):
        advise, name = ctypes.CDLL(None).madvise, str(path.resolve())
        for line in MAPS.read_text(encoding='utf-8', errors='surrogateescape').splitlines():
            addresses, rights, _, _, _, *mapped = line.split(maxsplit=5)
            if mapped != [name] or 'w' in rights:
                continue
            first, last = (int(address, 16) for address in addresses.split('-'))
            length = ctypes.c_size_t(last - first)
            if not advise(ctypes.c_void_p(first), length, mmap.MADV_DONTNEED):
                told += length.value
    return told
