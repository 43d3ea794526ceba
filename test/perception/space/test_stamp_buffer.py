import threading

import pytest

from fer_ros.perception.space.stamp_buffer import LENGTH
from fer_ros.perception.space.stamp_buffer import StampBuffer


@pytest.fixture
def filled():
    made = StampBuffer()
    for stamp in (10, 20, 30):
        made.put(stamp, f'at {stamp}')
    return made


@pytest.mark.parametrize(('stamp', 'nearest'), [(20, 20), (24, 20), (26, 30), (0, 10), (99, 30)])
def test_the_nearest_is_found_on_either_side(filled, stamp, nearest):
    assert filled.nearest(stamp) == (nearest, f'at {nearest}')


def test_of_equally_near_ones_the_newest_is_taken():
    buffer = StampBuffer()
    for number in range(3):
        buffer.put(0, number)

    assert buffer.nearest(0) == (0, 2)


def test_nothing_is_found_in_an_empty_one(filled):
    assert StampBuffer().nearest(5) is None
    filled.clear()
    assert filled.nearest(20) is None


def test_what_is_expected_stays_however_much_comes_after_it(filled):
    filled.expect(21)
    for stamp in range(100, 100 + 10 * LENGTH):
        filled.put(stamp, f'at {stamp}')

    assert filled.nearest(21) == (20, 'at 20')
    assert filled.nearest(100 + 10 * LENGTH)[0] == 99 + 10 * LENGTH


def test_the_oldest_of_a_full_buffer_stays_when_it_is_expected():
    full = StampBuffer()
    for stamp in range(LENGTH):
        full.put(stamp, f'at {stamp}')

    full.expect(0)
    full.put(100, 'at 100')

    assert full.nearest(0) == (0, 'at 0')


@pytest.mark.parametrize(
    'use',
    [
        lambda buffer: buffer.put(40, 'at 40'),
        lambda buffer: buffer.expect(20),
        lambda buffer: buffer.nearest(20),
        lambda buffer: buffer.clear(),
    ],
    ids=['put', 'expect', 'nearest', 'clear'],
)
def test_only_one_thread_at_a_time_uses_the_buffer(filled, use):
    done = threading.Event()
    other = threading.Thread(target=lambda: (use(filled), done.set()))

    with filled._lock:
        other.start()
        # A thread that ignored the lock would finish much earlier.
        assert not done.wait(0.2)
    other.join()

    assert done.is_set()


def test_what_is_expected_may_come_later(filled):
    filled.expect(50)
    for stamp in (49, 70, 80, 90, 100, 110):
        filled.put(stamp, f'at {stamp}')

    assert filled.nearest(50) == (49, 'at 49')


def test_no_more_is_held_than_the_newest_and_what_is_expected(filled):
    filled.expect(10)
    for stamp in range(1000):
        filled.put(stamp, stamp)

    known = {filled.nearest(stamp)[0] for stamp in range(1000)}
    assert len(known) == LENGTH + 1


def test_a_recording_that_begins_anew_is_followed(filled):
    for stamp in (1, 2):
        filled.put(stamp, f'at {stamp}')

    assert filled.nearest(2) == (2, 'at 2')
