from fer_ros.perception.timeline import Timeline


def times_of(stamps):
    timeline = Timeline()
    return [timeline.advance(stamp) for stamp in stamps]


def test_time_passes_as_the_stamps_say():
    times = times_of([100.0, 100.5, 102.0])

    assert [time - times[0] for time in times] == [0, 0.5, 2.0]


def test_time_passes_where_stamps_stand_still():
    first, second, third = times_of([0.0, 0.0, 0.0])

    assert first < second < third < first + 1


def test_a_frame_overtaken_on_its_way_does_not_turn_time_back():
    first, second, third = times_of([5.0, 4.9, 5.1])

    assert first < second < third < first + 1


def test_a_recording_that_begins_anew_ends_all_that_was():
    first, second, third = times_of([50.0, 10.0, 10.1])

    assert second - first > 60
    assert abs(third - second - 0.1) < 1e-9
