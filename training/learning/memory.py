"""
Keep the memory of one training step for the next.

glibc gives each large block back to the system when it is freed, and gets a new one, page by page
and cleared, for the next layer.  A network in training frees and takes hundreds of them a step,
which takes as long as computing does (on PyTorch; other engines have pools of their own).
"""

from __future__ import annotations

import ctypes
import platform

# Of malloc.h.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4

# The heap grows by this much at once, in bytes.
_STEP = 64 * 2**20


def keep_freed_memory() -> bool:
    """
    Tell the allocator not to give memory back before the process ends.

    :return: whether it did; with another C library than glibc nothing is changed.
    """
    if platform.libc_ver()[0] != 'glibc':
        return False
    mallopt = ctypes.CDLL(None).mallopt
    # No block outside the heap; a heap that is never cut; and that grows by large steps.
    return all(
        mallopt(option, value) == 1
        for option, value in ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, -1), (_TOP_PAD, _STEP))
    )
