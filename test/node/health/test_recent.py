import pytest

from fer_ros.node.health.recent import MOST
from fer_ros.node.health.recent import Recent
from fer_ros.node.health.recent import WINDOW


def test_what_is_older_than_the_window_is_forgotten():
    recent = Recent()
    for moment in (0.0, 1.0, WINDOW, WINDOW + 0.5):
        recent.add(moment, 10 * moment)

    assert recent.values() == [10.0, 10 * WINDOW, 10 * WINDOW + 5]


def test_the_newest_is_kept_however_rare_they_are():
    recent = Recent()
    for moment in (0.0, 100.0, 200.0):
        recent.add(moment, moment)

    assert recent.values() == [200.0]


def test_there_is_a_limit_at_any_rate():
    recent = Recent()
    for _ in range(2 * MOST):
        recent.add(1.0, 2.0)

    assert len(recent.values()) == MOST


def test_nothing_is_left_after_clearing():
    recent = Recent()
    recent.add(1.0, 2.0)

    recent.clear()

    assert recent.values() == []


@pytest.mark.parametrize('rate', [1, 30, 200])
def test_a_change_is_followed_as_fast_at_any_rate(rate):
    recent = Recent()
    for number in range(20 * rate):
        recent.add(number / rate, 0.0)
    changed = 20.0

    number = 0
    while sorted(recent.values())[len(recent.values()) // 2] == 0.0:
        recent.add(changed + number / rate, 60.0)
        number += 1

    assert (number - 1) / rate == pytest.approx(WINDOW / 2, abs=1.0)
