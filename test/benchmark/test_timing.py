from benchmark.timing import how_much_faster
from benchmark.timing import machine
from benchmark.timing import time_in_turns
from benchmark.timing import Timing


def test_ways_are_timed_in_turns():
    seen = []

    timings = time_in_turns({'a': lambda: seen.append('a'), 'b': lambda: seen.append('b')}, 3)

    assert seen == ['a', 'b'] * 3
    assert all(len(timing.wall) == len(timing.cpu) == 3 for timing in timings.values())


def test_the_median_counts_and_not_the_worst_turn():
    slow = Timing((10.0, 90.0, 12.0), (9.0, 9.0, 8.0))
    fast = Timing((1.0, 2.0, 8.0), (1.0, 3.0, 1.0))

    assert slow.summary() == {'seconds': 12.0, 'cpu_seconds': 9.0}
    assert how_much_faster(slow, fast) == {
        'times_as_fast': 6.0,
        'times_as_fast_by_cpu': 9.0,
        'times_as_fast_by_turn': [10.0, 45.0, 1.5],
    }


def test_the_machine_is_named_with_its_cores():
    assert ' cores of ' in machine()
