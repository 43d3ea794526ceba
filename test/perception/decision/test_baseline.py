import numpy as np
import pytest

from fer_ros.perception.decision.baseline import check_baseline
from fer_ros.perception.decision.baseline import MOST_CORRECTION
from fer_ros.perception.decision.baseline import MOST_SLOTS
from fer_ros.perception.decision.baseline import NeutralBaseline
from fer_ros.perception.settings import SettingError

hypothesis = pytest.importorskip('hypothesis')
strategies = hypothesis.strategies

LABELS = ('happy', 'sad', 'neutral')
SMILE = np.array([0.9, 0.02, 0.08])
REST = np.array([0.1, 0.15, 0.75])
SAD_REST = np.array([0.05, 0.6, 0.35])


def live(baseline, shown, seconds, began=0.0, duration=10.0, rate=10):
    """Show an expression for some seconds, and return the last corrected scores."""
    for step in range(round(seconds * rate)):
        corrected = baseline.correct(shown, began + step / rate, duration)
    return corrected


def after(shown, seconds=20.0, **others):
    baseline = NeutralBaseline(LABELS)
    live(baseline, shown, seconds, **others)
    return lambda scores: baseline.correct(scores, 1000.0, others.get('duration', 10.0))


def best(scores):
    return LABELS[int(np.argmax(scores))]


def test_who_always_looks_sad_is_neutral_at_rest_and_can_still_smile_and_be_sad():
    corrected = after(SAD_REST)

    assert best(SAD_REST) == 'sad'
    assert best(corrected(SAD_REST)) == 'neutral'
    # Test a smile of a face that looks sad at rest, and an expression sadder than this rest.
    assert best(np.array([0.42, 0.5, 0.08])) == 'sad'
    assert best(corrected(np.array([0.42, 0.5, 0.08]))) == 'happy'
    assert best(corrected(np.array([0.02, 0.9, 0.08]))) == 'sad'


def test_who_looks_neutral_at_rest_is_left_as_he_is():
    corrected = after(REST)

    for scores in (REST, SMILE, SAD_REST):
        np.testing.assert_allclose(corrected(scores), scores)


def test_who_smiles_for_most_of_the_time_but_not_all_is_left_as_he_is():
    baseline = NeutralBaseline(LABELS)
    for second in range(20):
        live(baseline, REST if second % 10 < 3 else SMILE, 1.0, second, duration=20.0)

    np.testing.assert_allclose(baseline.correct(SMILE, 20.0, 20.0), SMILE)


def test_an_expression_shown_for_four_fifths_of_the_time_is_the_rest():
    baseline = NeutralBaseline(LABELS)
    for second in range(20):
        live(baseline, REST if second % 10 < 2 else SAD_REST, 1.0, second, duration=20.0)

    assert best(baseline.correct(SAD_REST, 20.0, 20.0)) == 'neutral'


def test_who_smiles_for_the_whole_time_is_neutral_afterwards_and_not_sad():
    corrected = after(SMILE)

    for scores in (REST, np.array([0.05, 0.45, 0.5])):
        assert best(corrected(scores)) == 'neutral'
    # A smile that is more than ten times as likely as neutral is never corrected to neutral.
    assert best(corrected(SMILE)) == 'happy'
    assert best(corrected(np.array([0.6, 0.1, 0.3]))) == 'neutral'


def test_without_a_time_of_learning_nothing_changes():
    corrected = after(SAD_REST, duration=0.0)

    np.testing.assert_array_equal(corrected(SAD_REST), SAD_REST)


@pytest.mark.parametrize('duration', [1e-300, 0.1, 0.2, 0.24])
def test_a_short_time_of_learning_is_used(duration):
    corrected = after(SAD_REST, seconds=1.0, duration=duration, rate=30)

    assert best(SAD_REST) == 'sad'
    assert best(corrected(SAD_REST)) == 'neutral'


def test_it_comes_little_by_little():
    baseline = NeutralBaseline(LABELS)

    shares = [live(baseline, SAD_REST, 1.0, second, duration=20.0)[1] for second in range(30)]

    steps = -np.diff(shares)
    assert (steps > -1e-9).all()
    assert steps.max() < 0.05
    assert steps[21:].max() == pytest.approx(0, abs=1e-9)


def test_what_comes_after_the_learning_changes_it_no_more():
    baseline = NeutralBaseline(LABELS)
    live(baseline, REST, 11.0)
    live(baseline, SAD_REST, 100.0, began=11.0)

    assert best(baseline.correct(SAD_REST, 200.0, 10.0)) == 'sad'


def test_learning_depends_on_time_and_not_on_the_number_of_frames():
    few, many = (after(SAD_REST, rate=rate)(SAD_REST) for rate in (4, 60))

    np.testing.assert_allclose(few, many, atol=1e-6)


def test_time_in_which_nobody_saw_the_face_is_no_time_of_learning():
    baseline = NeutralBaseline(LABELS)
    live(baseline, SAD_REST, 1.0, duration=100.0)
    before = baseline.correct(SAD_REST, 1.0, 100.0)

    later = baseline.correct(SAD_REST, 500.0, 100.0)

    assert later[1] == pytest.approx(before[1], abs=0.02)


def test_the_first_minutes_of_a_long_learning_count_as_much_as_the_last():
    baseline = NeutralBaseline(LABELS)
    # The face is at rest for a third of the time, because a smile does not count as rest.
    live(baseline, REST, 40.0, duration=120.0)
    live(baseline, SMILE, 80.0, began=40.0, duration=120.0)

    np.testing.assert_allclose(baseline.correct(SMILE, 120.0, 120.0), SMILE)


def test_ten_minutes_take_no_more_memory_than_one():
    baseline = NeutralBaseline(LABELS)
    live(baseline, SAD_REST, 600.0, duration=600.0)

    assert len(baseline._slots) < MOST_SLOTS
    assert best(baseline.correct(SAD_REST, 600.0, 600.0)) == 'neutral'


probabilities = strategies.lists(strategies.floats(1e-9, 1), min_size=3, max_size=3).map(
    lambda raw: np.array(raw) / sum(raw)
)


@hypothesis.given(
    strategies.lists(
        strategies.tuples(strategies.floats(1e-3, 30), probabilities), min_size=1, max_size=60
    ),
    strategies.floats(0, 60),
    probabilities,
)
def test_no_neutral_face_becomes_anything_else_and_no_correction_has_no_end(
    frames, duration, scores
):
    baseline = NeutralBaseline(LABELS)
    time = 0.0
    for elapsed, shown in frames:
        time += elapsed
        baseline.correct(shown, time, duration)

    corrected = baseline.correct(scores, time + 0.1, duration)

    assert corrected.sum() == pytest.approx(1)
    neutral = LABELS.index('neutral')
    odds, odds_before = corrected / corrected[neutral], scores / scores[neutral]
    assert (odds <= odds_before * (1 + 1e-9)).all()
    assert (odds >= odds_before / MOST_CORRECTION * (1 - 1e-9)).all()
    if best(scores) == 'neutral':
        assert best(corrected) == 'neutral'


def test_a_model_without_neutral_has_none_to_learn():
    check_baseline(0.0, ('happy', 'sad'))
    check_baseline(10.0, LABELS)

    with pytest.raises(SettingError, match="no label 'neutral'; its labels are: happy, sad"):
        check_baseline(10.0, ('happy', 'sad'))
