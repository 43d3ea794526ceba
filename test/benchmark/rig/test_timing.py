from benchmark.rig.timing import how_much_faster
from benchmark.rig.timing import machine
from benchmark.rig.timing import time_frames
from benchmark.rig.timing import time_in_turns
from benchmark.rig.timing import Timing


def test_ways_are_timed_in_turns():
    seen = []

    timings = time_in_turns({'a': lambda: seen.append('a'), 'b': lambda: seen.append('b')}, 3)

    assert seen == ['a', 'b'] * 3
    assert all(len(timing.wall) == len(timing.cpu) == 3 for timing in timings.values())


def test_every_way_sees_every_frame_and_none_is_always_the_first():
    seen = []
    ways = {'a': lambda frame: seen.append(('a', frame)), 'b': lambda f: seen.append(('b', f))}

    times = time_frames(ways, 3, warm_up=0)

    assert seen == [('a', 0), ('b', 0), ('b', 1), ('a', 1), ('a', 2), ('b', 2)]
    assert all(len(seconds) == 3 for seconds in times.values())


def test_a_turn_may_have_several_frames_and_the_warm_up_is_not_timed():
    seen = []
    ways = {'a': lambda frame: seen.append(('a', frame)), 'b': lambda f: seen.append(('b', f))}

    times = time_frames(ways, 3, block=2, warm_up=1)

    assert ''.join(name for name, _ in seen) == 'abaabbba'
    assert all(len(seconds) == 3 for seconds in times.values())


def test_a_pause_comes_before_each_frame_and_does_not_count(monkeypatch):
    slept = []
    monkeypatch.setattr('benchmark.rig.timing.time.sleep', slept.append)

    times = time_frames({'a': lambda frame: None}, 3, warm_up=2, pause=60.0)

    assert slept == [60.0] * 3
    assert max(times['a']) < 60


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
