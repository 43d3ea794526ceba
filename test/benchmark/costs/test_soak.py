import argparse

import numpy as np
import pytest

from benchmark.costs.soak import add_arguments
from benchmark.costs.soak import judge
from benchmark.rig.usage import MIB

# One sample per second for half an hour.
TIMES = np.arange(0.0, 1800.0)


def test_memory_that_is_taken_in_the_first_five_minutes_is_no_growth():
    sizes = np.minimum(145.7 + 100 * TIMES / 300, 245.7) * MIB

    verdict = judge(TIMES, sizes)

    assert verdict.flat
    assert verdict.last == verdict.settled == pytest.approx(245.7 * MIB)


def test_the_memory_of_a_real_run_is_flat():
    # Measured values of minutes 0, 4, 20 and 30. A fitted straight line misjudges these values as
    # growth.
    sizes = np.interp(TIMES, [0, 240, 1200, 1800], [145.7, 156.6, 156.6, 157.2]) * MIB

    assert judge(TIMES, sizes).flat


@pytest.mark.parametrize(('mebibytes', 'flat'), [(1.9, True), (2.0, True), (2.1, False)])
@pytest.mark.parametrize('when', [365, 900, 1735])
def test_the_limit_is_two_mebibytes_after_minute_five(mebibytes, flat, when):
    sizes = (150 + mebibytes * (when <= TIMES)) * MIB

    assert judge(TIMES, sizes).flat == flat


@pytest.mark.parametrize(('a_minute', 'flat'), [(0.05, True), (0.1, False), (1.0, False)])
def test_a_slow_leak_is_growth(a_minute, flat):
    assert judge(TIMES, (150 + a_minute * TIMES / 60) * MIB).flat == flat


def test_noise_and_single_peaks_are_no_growth():
    sizes = 200 * MIB + np.random.default_rng(1).normal(0, MIB, len(TIMES))
    sizes[-20:-10] += 50 * MIB
    sizes[310:320] -= 50 * MIB

    assert judge(TIMES, sizes).flat


def test_memory_that_is_given_back_is_no_growth():
    assert judge(TIMES, 300 * MIB - TIMES * 0.1 * MIB).flat


def test_the_verdict_shows_both_minutes_and_the_limit():
    sizes = np.where(TIMES < 1000, 150, 153) * MIB

    assert str(judge(TIMES, sizes)) == (
        'memory 150.0 MiB in the minute after minute 5, 153.0 MiB in the last minute: +3.0 MiB '
        '(at most +2.0): GROWS'
    )


@pytest.mark.parametrize(
    'times', [[0.0], np.arange(0.0, 400.0), np.array([0.0, 100.0, 500.0, 600.0])]
)
def test_too_few_samples_give_no_verdict(times):
    with pytest.raises(ValueError, match='too few for a result; run for at least 7 minutes'):
        judge(times, np.full(len(times), 150 * MIB))


def test_the_shortest_run_that_the_command_takes_gives_a_verdict():
    # The last sample may be up to one period before the end of the run.
    assert judge(np.arange(0.0, 420.0, 1.01), np.full(416, 150 * MIB)).flat


@pytest.mark.parametrize('minutes', ['6.9', '0', '-1', 'nan', 'inf'])
def test_the_command_refuses_a_run_that_gives_no_verdict(minutes, capsys):
    parser = argparse.ArgumentParser()
    add_arguments(parser)

    with pytest.raises(SystemExit):
        parser.parse_args(['--minutes', minutes])

    assert 'at least 7 minutes' in capsys.readouterr().err
    assert parser.parse_args([]).minutes == 30
    assert parser.parse_args(['--minutes', '7']).minutes == 7
