import numpy as np
import pytest

from benchmark.soak import growth
from benchmark.soak import MIB

TIMES = np.arange(0.0, 600.0)


def test_memory_that_is_taken_at_the_beginning_is_no_growth():
    sizes = np.where(TIMES < 60, 200 * MIB + TIMES * MIB, 260 * MIB)

    found = growth(TIMES, sizes)

    assert found.flat
    assert found.slope == pytest.approx(0, abs=1)


def test_a_leak_is_told_by_its_slope():
    sizes = 200 * MIB + TIMES * 0.1 * MIB

    found = growth(TIMES, sizes)

    assert not found.flat
    assert found.slope == pytest.approx(0.1 * MIB)
    assert found.grown == pytest.approx(0.1 * MIB * 479)


def test_noise_is_no_growth():
    noise = np.random.default_rng(1).normal(0, MIB, len(TIMES))

    assert growth(TIMES, 200 * MIB + noise).flat


def test_memory_that_is_given_back_is_no_growth():
    assert growth(TIMES, 300 * MIB - TIMES * 0.1 * MIB).flat


def test_a_few_samples_are_no_answer():
    with pytest.raises(ValueError, match='run longer'):
        growth([0.0, 1.0], [MIB, MIB])
