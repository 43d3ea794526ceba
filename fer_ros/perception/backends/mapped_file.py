"""Release the memory of a mapped file after its content has been copied."""

from __future__ import annotations

from contextlib import suppress
import ctypes
import mmap
from pathlib import Path

# The list of memory mappings of this process on Linux. Each line has the form 'first-last rights
# offset device inode path', with hexadecimal addresses.
MAPS = Path('/proc/self/maps')


def let_go_of_pages(path: Path) -> int:
    """
    Release the memory pages of a file that is mapped read-only.

    The mapping remains. If a page is read again, the system loads it from the file or from its
    cache. On systems without the required functions, no pages are released, and no error is
    raised.

    :param path: path of the file.
    :return: total size in bytes of the mappings whose pages were released.
    """
    told = 0
    # Other systems have no list of mappings, and some C libraries have no `madvise`.
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
