"""
Reuse freed memory between training steps.

glibc returns each large block to the system when it is freed.  For the next layer, glibc requests
a new block, which the system clears page by page.  On PyTorch, a training step does this hundreds
of times, which takes as long as the computation.  Other engines have their own memory pools.
"""

from __future__ import annotations

import ctypes
import platform

# Parameters of `mallopt`, from malloc.h.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4

# The heap grows by this number of bytes at once.
_STEP = 64 * 2**20


def keep_freed_memory() -> bool:
    """
    Configure the allocator to keep freed memory until the process ends.

    :return: whether this succeeded; with a C library other than glibc nothing is changed.
    """
    if platform.libc_ver()[0] != 'glibc':
        return False
    mallopt = ctypes.CDLL(None).mallopt
    # Allocate every block on the heap, never shrink the heap, and grow it in large steps.
    return all(
        mallopt(option, value) == 1
        for option, value in ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, -1), (_TOP_PAD, _STEP))
    )
