import mmap
import os
from pathlib import Path
import threading

import numpy as np
import pytest

from benchmark.rig import usage
from benchmark.rig.usage import growth
from benchmark.rig.usage import MIB

# One sample per second for ten minutes.
TIMES = np.arange(0.0, 600.0)


def test_the_processor_time_and_the_memory_of_a_process_are_read():
    used = usage.cpu_seconds(os.getpid())
    parts = usage.memory_parts(os.getpid())

    assert sum(usage.thread_seconds(os.getpid()).values()) > 0
    assert 0 < used < os.times().user + os.times().system + 1
    assert parts['rss'] == pytest.approx(parts['own'] + parts['files'] + parts['shared'], rel=0.05)
    assert usage.resident_memory(os.getpid()) == pytest.approx(parts['rss'] * MIB, rel=0.05)


def test_each_thread_has_its_number_its_name_and_its_time():
    name = Path('/proc/self/comm').read_text(encoding='utf-8').strip()
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()

    threads = usage.thread_seconds(os.getpid())
    count = usage.thread_count(os.getpid())
    end.set()
    thread.join()

    assert threads[os.getpid(), name] > 0
    assert thread.native_id in {number for number, _ in threads}
    assert len(threads) == count


@pytest.mark.parametrize(
    ('flags', 'part'), [(mmap.MAP_SHARED, 'shared'), (mmap.MAP_PRIVATE, 'own')]
)
def test_memory_counts_to_its_part(flags, part):
    before = usage.memory_parts(os.getpid())
    with mmap.mmap(-1, 64 * MIB, flags) as memory:
        for start in range(0, 64 * MIB, mmap.PAGESIZE):
            memory[start] = 1
        after = usage.memory_parts(os.getpid())

    grown = {name: after[name] - before[name] for name in before}
    assert grown['rss'] == pytest.approx(64, abs=2)
    assert grown[part] == pytest.approx(64, abs=2)
    assert sum(grown[name] for name in ('own', 'files', 'shared')) == pytest.approx(grown['rss'])


def test_an_open_file_is_counted(tmp_path):
    before = usage.file_count(os.getpid())
    with (tmp_path / 'file').open('w'):
        assert usage.file_count(os.getpid()) == before + 1
    assert usage.file_count(os.getpid()) == before


def test_memory_that_processes_share_counts_in_parts():
    whole = usage.memory_parts(os.getpid())['rss']

    assert 0 < usage.proportional_memory(os.getpid()) <= whole * 1.05


def test_memory_that_is_taken_at_the_beginning_has_no_slope():
    sizes = np.where(TIMES < 60, 200 * MIB + TIMES * MIB, 260 * MIB)

    found = growth(TIMES, sizes)

    assert found.slope == pytest.approx(0, abs=1)
    assert found.share == pytest.approx(0, abs=1e-6)


def test_a_leak_has_a_slope():
    sizes = 200 * MIB + TIMES * 0.1 * MIB

    found = growth(TIMES, sizes)

    assert found.share > 0.02
    assert found.slope == pytest.approx(0.1 * MIB)
    assert found.grown == pytest.approx(0.1 * MIB * 479)


def test_noise_is_no_growth():
    noise = np.random.default_rng(1).normal(0, MIB, len(TIMES))

    assert growth(TIMES, 200 * MIB + noise).share < 0.02


def test_memory_that_is_given_back_has_a_negative_share():
    assert growth(TIMES, 300 * MIB - TIMES * 0.1 * MIB).share < 0


def test_a_few_samples_are_no_answer():
    with pytest.raises(ValueError, match='run longer'):
        growth([0.0, 1.0], [MIB, MIB])
