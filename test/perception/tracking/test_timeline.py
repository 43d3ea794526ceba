from itertools import pairwise

import pytest

from fer_ros.perception.tracking.timeline import Timeline

hypothesis = pytest.importorskip('hypothesis')
strategies = hypothesis.strategies

# The longest plausible time without a frame [s].
GAP = 3.0


def times_of(stamps):
    timeline = Timeline()
    return [timeline.advance(stamp, GAP) for stamp in stamps]


def stamps_with(wrong, index=30, rate=30, first=5000.0):
    """Return two seconds of timestamps, one of which is wrong by some seconds."""
    stamps = [first + step / rate for step in range(2 * rate)]
    stamps[index] += wrong
    return stamps


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


@pytest.mark.parametrize('wrong', [-5000.0, -3600.0, -1.4, -1.0, 2.0, 4.0, 3600.0, 1e9])
@pytest.mark.parametrize('index', [0, 1, 30])
def test_a_single_wrong_stamp_does_not_disturb_the_time(wrong, index):
    times = times_of(stamps_with(wrong, index))

    # A gap that the tracker bridges is accepted at first.
    longest = abs(wrong) + 0.1 if abs(wrong) <= GAP else 0.1
    assert max(later - one for one, later in pairwise(times)) <= longest
    second = index + 2
    after = times[second:]
    assert min(later - one for one, later in pairwise(after)) > 0.03


def test_a_wrong_first_stamp_does_not_disturb_the_time_after_an_activation():
    timeline = Timeline()
    timeline.resume()

    times = [timeline.advance(stamp, GAP) for stamp in (0.0, 5000.0, 5000.033, 5000.066)]

    assert max(later - one for one, later in pairwise(times)) < 0.1


@pytest.mark.parametrize('wrong', [-3600.0, -1.4, 3600.0])
def test_a_frame_with_a_wrong_stamp_gets_the_expected_time(wrong):
    times = times_of(stamps_with(wrong, index=9, rate=10))

    assert times == pytest.approx([step / 10 for step in range(20)])


def test_wrong_stamps_that_differ_are_all_doubted():
    stamps = stamps_with(-3600.0)
    stamps[31] += 7200.0
    stamps[32] = 0.0

    assert times_of(stamps)[-1] == pytest.approx(59 / 30)


def test_a_stamp_that_stands_still_does_not_begin_a_recording():
    stamps = [5000.0, 5000.1, 0.0, 0.0, 0.0, 5000.5]

    assert times_of(stamps) == pytest.approx([step / 10 for step in range(6)])


@pytest.mark.parametrize('start', [10.0, 900.0])
def test_a_second_stamp_that_agrees_with_a_doubted_one_ends_all_that_was(start):
    times = times_of([50.0, 50.1, start, start + 0.1, start + 0.2])

    assert times[2] - times[1] == pytest.approx(0.1)
    assert times[3] - times[2] > 60
    assert times[4] - times[3] == pytest.approx(0.1)


def test_a_known_new_recording_ends_all_that_was_at_once():
    timeline = Timeline()
    first = timeline.advance(50.0, GAP)

    second = timeline.advance(50.1, GAP, new_recording=True)
    third = timeline.advance(49.9, GAP, new_recording=True)

    assert second - first > 60
    assert third - second > 60


@pytest.mark.parametrize('period', [1.0, 2.0, 10.0, 60.0])
def test_time_of_a_slow_camera_passes_as_its_stamps_say(period):
    times = times_of([period * step for step in range(9)])

    # The first gap may be a wrong timestamp if it is longer than the longest plausible gap.
    begin = 0 if period <= GAP else 2
    assert [later - one for one, later in pairwise(times[begin:])] == pytest.approx(
        [period] * (8 - begin)
    )


@pytest.mark.parametrize(('stamp', 'elapsed'), [(1000.0, 990.0), (2.0, 3600.0), (10.5, 0.5)])
def test_after_a_pause_the_first_stamp_is_not_doubted(stamp, elapsed):
    timeline = Timeline()
    timeline.advance(9.9, GAP)
    before = timeline.advance(10.0, GAP)

    timeline.resume()

    assert timeline.advance(stamp, GAP) - before == pytest.approx(elapsed)


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
