import numpy as np
import pytest

from fer_ros.perception.attention.one_euro import OneEuroFilter

RATES = (15.0, 30.0, 60.0)


def smoothed(values, rate=30.0, least=1.0, slope=1.0):
    one = OneEuroFilter(least, slope, 5.0)
    return np.array(
        [one.update(np.array([value]), 1 + i / rate)[0] for i, value in enumerate(values)]
    )


def test_the_first_value_and_a_constant_are_kept():
    assert smoothed([3.0] * 5).tolist() == [3.0] * 5


@pytest.mark.parametrize('rate', RATES)
def test_noise_at_rest_becomes_smaller(rate):
    noise = np.random.default_rng(0).normal(0, 0.01, 300)

    assert smoothed(noise, rate)[20:].std() < 0.6 * noise.std()


def test_a_fast_movement_is_followed_sooner_than_a_slow_one():
    def share(size):
        return smoothed([0.0] * 5 + [size] * 3)[-1] / size

    assert share(10.0) > 0.9
    assert share(0.01) < 0.6


def test_the_rate_of_the_frames_hardly_matters():
    at_half_a_second = [
        smoothed(np.minimum(np.arange(100) / rate, 0.3), rate)[round(rate / 2)] for rate in RATES
    ]

    assert np.ptp(at_half_a_second) < 0.03


def test_the_unit_of_speed_is_that_of_the_caller():
    def second(scale, unit):
        one = OneEuroFilter(1.0, 1.0, 5.0)
        one.update(np.zeros(2), 0.0)
        return one.update(np.array([scale, 0.0]), 0.1, unit)[0] / scale

    assert second(100.0, 100.0) == pytest.approx(second(1.0, 1.0))


def test_a_time_that_does_not_advance_starts_anew():
    one = OneEuroFilter(1.0, 1.0, 5.0)
    one.update(np.zeros(1), 1.0)

    assert one.update(np.ones(1), 1.0).tolist() == [1.0]
