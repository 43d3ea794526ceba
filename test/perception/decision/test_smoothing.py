import numpy as np
import pytest

from fer_ros.perception.decision.smoothing import EmotionSmoother

hypothesis = pytest.importorskip('hypothesis')
strategies = hypothesis.strategies

LABELS = ('happy', 'sad', 'neutral')
HAPPY = np.array([0.8, 0.1, 0.1])
SAD = np.array([0.1, 0.8, 0.1])
FLAT = np.array([0.34, 0.33, 0.33])


def show(smoother, scores, time, smoothing=0.4, min_confidence=0.4, hold=0.3):
    return smoother.update(scores, time, smoothing, min_confidence, hold)


def test_the_first_frame_is_taken_as_it_is():
    probabilities, decided = show(EmotionSmoother(LABELS), HAPPY, 7.0)

    np.testing.assert_allclose(probabilities, HAPPY)
    assert decided == 'happy'


def test_probabilities_always_sum_to_one():
    smoother = EmotionSmoother(LABELS)
    random = np.random.default_rng(0)

    for step in range(50):
        scores = random.dirichlet([0.2, 0.2, 0.2])
        probabilities, _ = show(smoother, scores, step / 30)
        assert probabilities.sum() == pytest.approx(1)
        assert np.isfinite(probabilities).all()


def test_after_the_time_constant_63_percent_of_the_logarithm_is_new():
    smoother = EmotionSmoother(LABELS)
    show(smoother, HAPPY, 0.0, smoothing=0.5)

    probabilities, _ = show(smoother, SAD, 0.5, smoothing=0.5)

    kept = np.exp(-1)
    old, new = np.log(HAPPY[0] / HAPPY[1]), np.log(SAD[0] / SAD[1])
    ratio = np.log(probabilities[0] / probabilities[1])
    assert ratio == pytest.approx(kept * old + (1 - kept) * new)


def test_smoothing_depends_on_time_and_not_on_the_number_of_frames():
    few, many = EmotionSmoother(LABELS), EmotionSmoother(LABELS)
    show(few, HAPPY, 0.0)
    show(many, HAPPY, 0.0)

    for step in range(1, 31):
        often, _ = show(many, SAD, step / 30)
    once, _ = show(few, SAD, 1.0)

    np.testing.assert_allclose(often, once)


def test_without_smoothing_each_frame_stands_for_itself():
    smoother = EmotionSmoother(LABELS)
    show(smoother, HAPPY, 0.0, smoothing=0.0)

    probabilities, _ = show(smoother, SAD, 0.01, smoothing=0.0)

    np.testing.assert_allclose(probabilities, SAD)


def test_a_certain_network_does_not_freeze_the_result():
    smoother = EmotionSmoother(LABELS)
    show(smoother, np.array([1.0, 0.0, 0.0]), 0.0)

    probabilities, _ = show(smoother, np.array([0.0, 1.0, 0.0]), 5.0)

    assert probabilities[1] > 0.99


def test_a_face_without_a_likely_emotion_is_uncertain():
    _, decided = show(EmotionSmoother(LABELS), FLAT, 0.0)

    assert decided == 'uncertain'


def test_a_new_emotion_is_decided_once_it_has_lasted():
    smoother = EmotionSmoother(LABELS)
    show(smoother, HAPPY, 0.0, smoothing=0.0)

    decided = [show(smoother, SAD, time, smoothing=0.0)[1] for time in (0.1, 0.2, 0.39, 0.41)]

    assert decided == ['happy', 'happy', 'happy', 'sad']


def test_a_flicker_changes_nothing_and_starts_the_clock_anew():
    smoother = EmotionSmoother(LABELS)
    seen = [HAPPY, SAD, HAPPY, SAD, SAD, SAD]

    decided = [
        show(smoother, scores, 0.2 * step, smoothing=0.0)[1] for step, scores in enumerate(seen)
    ]

    assert decided == ['happy'] * 5 + ['sad']


@pytest.mark.parametrize('rate', [10, 15, 30])
def test_a_hold_of_some_frames_is_over_with_the_last_of_them(rate):
    smoother = EmotionSmoother(LABELS)
    # Realistic timestamps of cameras: large, and rounded to a nanosecond.
    times = [round((1.8e9 + step / rate) * 1e9) / 1e9 for step in range(rate)]
    show(smoother, HAPPY, times[0], smoothing=0.0)

    decided = [show(smoother, SAD, time, smoothing=0.0, hold=0.6)[1] for time in times[1:]]

    assert decided.index('sad') == 0.6 * rate


def test_what_is_suggested_no_more_does_not_stay_decided_though_nothing_else_lasts():
    smoother = EmotionSmoother(LABELS)
    show(smoother, HAPPY, 0.0, smoothing=0.0)
    others = [SAD, np.array([0.1, 0.1, 0.8])]

    decided = [
        show(smoother, others[step % 2], 0.2 * step, smoothing=0.0, hold=0.5)[1]
        for step in range(1, 20)
    ]

    assert decided == ['happy'] * 5 + ['uncertain'] * 14


def test_at_a_frame_a_second_a_change_does_not_go_through_uncertain():
    smoother = EmotionSmoother(LABELS)

    decided = [
        show(smoother, scores, float(step))[1] for step, scores in enumerate([HAPPY, SAD, SAD])
    ]

    assert decided == ['happy', 'happy', 'sad']


def test_a_decision_is_not_lost_for_a_little_doubt():
    smoother = EmotionSmoother(LABELS)
    show(smoother, np.array([0.41, 0.3, 0.29]), 0.0, smoothing=0.0, hold=0.0)

    _, little = show(smoother, np.array([0.37, 0.32, 0.31]), 1.0, smoothing=0.0, hold=0.0)
    _, much = show(smoother, np.array([0.34, 0.33, 0.33]), 2.0, smoothing=0.0, hold=0.0)

    assert (little, much) == ('happy', 'uncertain')


def certain(label, rest):
    """
    Create probabilities with 0.9 for one label.

    The other labels share the remaining 0.1 in the given proportions.
    """
    others = np.insert(np.array(rest) / sum(rest) * 0.1, label, 0.0)
    return others + 0.9 * (np.arange(len(others)) == label)


shares = strategies.lists(strategies.floats(1e-6, 1), min_size=6, max_size=6)


@pytest.mark.parametrize('rate', [10, 15, 30])
@hypothesis.given(shares, shares, strategies.floats(0, 1), strategies.booleans())
def test_a_step_to_certainty_is_told_in_time_whatever_was_before(rate, before, after, hold, sure):
    labels = ('angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral')
    smoother = EmotionSmoother(labels)
    old = np.eye(7)[3] if sure else certain(3, before)
    for step in range(3 * rate):
        show(smoother, old, step / rate, hold=hold)
    deadline = 0.4 + hold + 0.2

    # The first frame of an emotion may come slightly after the change of the face.
    decided = [
        show(smoother, certain(4, after), 3 + step / rate, hold=hold)[1]
        for step in range(int((deadline + 1e-6) * rate) + 1)
    ]

    assert decided[-1] == 'sad'
    # During the change, the decision may briefly be uncertain.
    assert hold < 0.2 or set(decided) == {'happy', 'sad'}


steps = strategies.lists(
    strategies.tuples(
        strategies.sampled_from([1 / 60, 1 / 30, 0.1, 0.25, 1.0, 30.0]),
        strategies.lists(strategies.floats(1e-9, 1), min_size=3, max_size=3),
    ),
    min_size=2,
    max_size=60,
)


@hypothesis.given(
    steps,
    strategies.sampled_from([0.0, 0.1, 0.4, 2.0]),
    strategies.sampled_from([0.0, 0.4, 0.5, 0.9]),
    strategies.sampled_from([0.0, 0.1, 0.3, 1.0]),
)
def test_what_is_decided_follows_from_what_is_published(frames, smoothing, least, hold):
    smoother = EmotionSmoother(LABELS)
    time, decided_before, history = 0.0, None, []
    for elapsed, raw in frames:
        time += elapsed
        scores = np.array(raw) / sum(raw)
        probabilities, decided = show(smoother, scores, time, smoothing, least, hold)
        best = int(np.argmax(probabilities))
        assert probabilities.sum() == pytest.approx(1)
        assert decided in (*LABELS, 'uncertain')
        history.append((time, LABELS[best], probabilities[best]))
        # Times since which the best label is continuously the best and certain enough.
        lasted = [time]
        for at, label, share in reversed(history):
            if label != LABELS[best] or share < least:
                break
            lasted.append(at)
        if decided_before is None:
            assert decided == (LABELS[best] if probabilities[best] >= least else 'uncertain')
        elif decided not in (decided_before, 'uncertain'):
            # A newly decided emotion is the best label, is certain enough, and has lasted for the
            # hold time.
            assert decided == LABELS[best]
            assert time - lasted[-1] >= hold - 1e-3
        if len(lasted) > 1 and time - lasted[-1] >= hold:
            # A label that has lasted for the hold time is decided.
            assert decided == LABELS[best]
        if decided not in (LABELS[best], 'uncertain'):
            # A decided label that is no longer the best must have been the best recently.
            since = [
                at
                for index, (at, _, _) in enumerate(history)
                if all(label != decided for _, label, _ in history[index:])
            ]
            assert time - since[0] < 2 * hold + smoothing
        decided_before = decided


# First timestamps of a camera at 10 Hz [ns]. For some of them, three and six periods are less than
# 0.3 s and 0.6 s in floating-point numbers.
STARTS = [0, 1_100_000_000, 2_200_000_000, 3_200_000_000, 1_700_000_000_100_000_000]


def stamps(start, count):
    return [(start + step * 100_000_000) / 1e9 for step in range(count)]


def test_rounded_stamps_fall_short_of_the_hold():
    all_times = [stamps(start, 7) for start in STARTS]

    assert any(times[3] - times[0] < 0.3 and times[6] - times[0] < 0.6 for times in all_times)


@pytest.mark.parametrize('start', STARTS)
def test_an_emotion_is_decided_after_the_hold_whatever_the_rounding_of_the_stamps(start):
    smoother = EmotionSmoother(LABELS)
    show(smoother, HAPPY, start / 1e9 - 1.0, smoothing=0.0)

    decided = [show(smoother, SAD, time, smoothing=0.0)[1] for time in stamps(start, 4)]

    assert decided == ['happy', 'happy', 'happy', 'sad']


@pytest.mark.parametrize('start', STARTS)
def test_a_disputed_emotion_is_given_up_in_time_whatever_the_rounding_of_the_stamps(start):
    smoother = EmotionSmoother(LABELS)
    show(smoother, HAPPY, start / 1e9 - 1.0, smoothing=0.0)
    neutral = np.array([0.1, 0.1, 0.8])

    # No emotion lasts for the hold time. The limit of two hold times is 0.6 s.
    decided = [
        show(smoother, (SAD, neutral)[step % 2], time, smoothing=0.0)[1]
        for step, time in enumerate(stamps(start, 7))
    ]

    assert decided == ['happy'] * 6 + ['uncertain']
