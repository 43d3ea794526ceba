"""Lock the folder of a run, so that only one process trains in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import fcntl
import os
from pathlib import Path

# File that the process with the lock keeps open; it remains in the folder.
LOCK = 'lock'


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """
    Lock a folder while the `with` statement runs.  The lock ends with the process at the latest.

    :param folder: folder of a run; it is created if needed.
    :raises ValueError: if another process has the lock.
    :raises OSError: if the folder cannot be created or written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / LOCK, 'a+', encoding='utf-8') as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            process = file.read(20).strip()
            raise ValueError(
                f'another process ({process or "unknown"}) trains in {folder}; wait until it '
                'ends, or set another --output'
            ) from None
        except OSError:
            # A network file system may have no locks.
            pass
        file.truncate(0)
        file.write(f'{os.getpid()}\n')
        file.flush()
        yield
