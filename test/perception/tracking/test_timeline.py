from itertools import pairwise

import pytest

from fer_ros.perception.tracking.timeline import Timeline

hypothesis = pytest.importorskip('hypothesis')
strategies = hypothesis.strategies


def times_of(stamps):
    timeline = Timeline()
    return [timeline.advance(stamp) for stamp in stamps]


def test_time_passes_as_the_stamps_say():
    times = times_of([100.0, 100.5, 102.0])

    assert [time - times[0] for time in times] == [0, 0.5, 2.0]


def test_time_passes_where_stamps_stand_still():
    first, second, third = times_of([0.0, 0.0, 0.0])

    # The interval of two frames is one period of a 30 Hz camera.
    assert second - first == pytest.approx(1 / 30)
    assert third - second == pytest.approx(1 / 30)


def test_a_frame_overtaken_on_its_way_does_not_turn_time_back():
    first, second, third = times_of([5.0, 4.9, 5.1])

    assert first < second < third
    assert third - first == pytest.approx(0.1, abs=0.01)


def test_two_clocks_that_differ_by_a_moment_do_not_make_time_run_faster():
    stamps = [step / 30 - 0.4 * (step % 2) for step in range(300)]

    assert times_of(stamps)[-1] == pytest.approx(10, rel=0.1)


def test_a_clock_set_back_by_a_moment_is_followed_again():
    stamps = [step / 30 for step in range(60)] + [1.5 + step / 30 for step in range(60)]

    assert times_of(stamps)[-1] == pytest.approx(1.5 + 59 / 30, abs=0.1)


def test_a_recording_that_begins_anew_ends_all_that_was():
    first, second, third = times_of([50.0, 10.0, 10.1])

    assert second - first > 60
    assert abs(third - second - 0.1) < 1e-9


def test_a_known_new_recording_ends_all_that_was_at_once():
    timeline = Timeline()
    first = timeline.advance(50.0)

    second = timeline.advance(50.1, new_recording=True)
    third = timeline.advance(49.9, new_recording=True)

    assert second - first > 60
    assert third - second > 60


@hypothesis.given(
    strategies.lists(
        strategies.one_of(
            strategies.floats(0, 4e9), strategies.sampled_from([0.0, 1.0, 1.0 + 1e-9, 1.9])
        )
    )
)
def test_time_only_runs_forward_whatever_the_stamps_do(stamps):
    times = times_of(stamps)

    assert all(one < other for one, other in pairwise(times))
