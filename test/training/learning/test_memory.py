import platform
import subprocess
import sys

import pytest

# The script allocates and frees 32 MiB eight times. It counts the pages that the system had to
# provide.
SCRIPT = """
import resource
import numpy as np
from training.learning.memory import keep_freed_memory

assert keep_freed_memory()
np.ones(2**22)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(8):
    np.ones(2**22)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='it is for glibc')
def test_what_was_freed_is_taken_again():
    told = subprocess.run(
        [sys.executable, '-c', SCRIPT], check=True, capture_output=True, text=True
    ).stdout

    # A single allocation has 8,192 pages of 4 KiB.
    assert int(told) < 100
