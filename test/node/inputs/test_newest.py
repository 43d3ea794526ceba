from threading import Event
from threading import Thread

import pytest

from fer_ros.node.inputs import newest as module
from fer_ros.node.inputs.newest import Newest


class Clock:
    """A controlled clock that reports when it was read."""

    def __init__(self):
        self.now = 0.0
        self.seen = Event()

    def __call__(self):
        self.seen.set()
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def left(clock, monkeypatch):
    """Put items at intervals of 100 s, and leave the last one, put at the time 0."""
    # The test does not wait for this time, so it may be long.
    monkeypatch.setattr(module, 'FARTHEST', 1000.0)
    newest = Newest(clock)
    for clock.now in (-400.0, -300.0, -200.0, -100.0):
        newest.put('taken')
        newest.take()
    clock.now = 0.0
    newest.put('waiting')
    return newest


def begun_to_take(newest, clock):
    """Start a thread that takes an item. Return once the thread has read the clock."""
    clock.seen.clear()
    taken = []
    taker = Thread(target=lambda: taken.append(newest.take()))
    taker.start()
    assert clock.seen.wait(30)
    return taker, taken


def test_what_was_put_is_taken_once():
    newest = Newest()

    assert newest.put('a') is False
    assert newest.take() == 'a'
    assert newest.put('b') is False


def test_only_the_newest_is_left_and_the_loss_is_told():
    newest = Newest()
    newest.put('old')

    assert newest.put('new') is True
    assert newest.take() == 'new'


def test_closing_lets_a_waiting_thread_go():
    newest = Newest()
    taken = []
    waiting = Thread(target=lambda: taken.append(newest.take()))
    waiting.start()

    newest.close()
    waiting.join(30)

    assert taken == [None]


def test_nothing_is_taken_after_closing():
    newest = Newest()
    newest.put('a')
    newest.close()

    assert newest.take() is None
    assert newest.wait_closed(1000.0) is True


def test_a_wait_that_is_not_closed_ends():
    assert Newest().wait_closed(0.01) is False


def test_what_has_waited_for_long_is_given_up_for_what_is_about_to_come(clock, left):
    clock.now = 50.0
    taker, taken = begun_to_take(left, clock)

    clock.now = 100.0
    replaced = left.put('fresh')
    taker.join(30)

    assert replaced is True
    assert taken == ['fresh']


def test_what_has_waited_but_a_moment_is_taken(clock, left):
    clock.now = 30.0

    assert left.take() == 'waiting'


def test_nothing_that_should_have_come_long_ago_is_waited_for(clock, left):
    clock.now = 126.0

    assert left.take() == 'waiting'


def test_what_is_a_little_late_is_waited_for(clock, left):
    clock.now = 110.0
    taker, taken = begun_to_take(left, clock)

    left.put('late')
    taker.join(30)

    assert taken == ['late']


def test_one_that_came_early_or_was_lost_changes_nothing(clock, left):
    clock.now = 1.0
    left.put('early')

    clock.now = 31.0

    assert left.take() == 'early'


def test_what_is_far_off_is_not_waited_for(clock, left, monkeypatch):
    monkeypatch.setattr(module, 'FARTHEST', 49.0)
    clock.now = 50.0

    assert left.take() == 'waiting'


def test_what_does_not_come_is_waited_for_no_longer_than_that(clock, left, monkeypatch):
    # The period of the clock is 100 s, and the negative delay shortens the wait.
    monkeypatch.setattr(module, 'DELAY', -0.4999)
    clock.now = 50.0

    assert left.take() == 'waiting'


def test_closing_lets_who_waits_for_the_next_go(clock, left):
    clock.now = 50.0
    taker, taken = begun_to_take(left, clock)

    left.close()
    taker.join(30)

    assert taken == [None]
