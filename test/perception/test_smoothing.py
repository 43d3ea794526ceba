import numpy as np
import pytest

from fer_ros.perception.smoothing import EmotionSmoother

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


def test_a_decision_is_not_lost_for_a_little_doubt():
    smoother = EmotionSmoother(LABELS)
    show(smoother, np.array([0.41, 0.3, 0.29]), 0.0, smoothing=0.0, hold=0.0)

    _, little = show(smoother, np.array([0.37, 0.32, 0.31]), 1.0, smoothing=0.0, hold=0.0)
    _, much = show(smoother, np.array([0.34, 0.33, 0.33]), 2.0, smoothing=0.0, hold=0.0)

    assert (little, much) == ('happy', 'uncertain')
