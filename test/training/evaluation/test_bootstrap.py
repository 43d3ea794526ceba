import numpy as np
import pytest

from training.evaluation.bootstrap import Bootstrap
from training.evaluation.bootstrap import interval
from training.evaluation.bootstrap import mirrored_interval
from training.evaluation.calibration import softmax
from training.evaluation.report import classification_report


def drawn_pictures(count, seed, sharpness=2.0):
    """Return random probabilities, and labels drawn from these probabilities."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=(count, 4)) * sharpness
    truth = (logits + generator.gumbel(size=logits.shape)).argmax(axis=1)
    return softmax(logits), truth


def test_the_interval_of_an_accuracy_has_the_width_of_its_sampling_error():
    right = np.arange(1000) < 700

    lower, upper = interval(Bootstrap(1000).means(right))

    error = 1.96 * np.sqrt(0.7 * 0.3 / 1000)
    assert lower == pytest.approx(0.7 - error, abs=0.005)
    assert upper == pytest.approx(0.7 + error, abs=0.005)


def test_every_draw_has_as_many_pictures_as_there_are():
    bootstrap = Bootstrap(50, draws=20)

    assert (bootstrap.sums(np.ones(50)) == 50).all()
    assert bootstrap.sums(np.ones((50, 3))).shape == (20, 3)


def test_the_same_seed_draws_the_same():
    values = np.arange(30.0)

    assert (Bootstrap(30, seed=1).means(values) == Bootstrap(30, seed=1).means(values)).all()
    assert (Bootstrap(30, seed=1).means(values) != Bootstrap(30, seed=2).means(values)).any()


def test_the_mean_of_the_first_share_counts_pictures_as_often_as_they_were_drawn():
    bootstrap = Bootstrap(40, draws=30)
    values = np.arange(40.0)

    everything = bootstrap.means_of_first(values, np.arange(40), 1.0)
    first = bootstrap.means_of_first(values, np.arange(40), 0.25)

    np.testing.assert_allclose(everything, bootstrap.means(values), rtol=1e-5)
    for row, found in zip(bootstrap._weights, first, strict=True):
        assert np.repeat(values, row.astype(int))[:10].mean() == pytest.approx(found)


def test_a_figure_that_noise_only_raises_lies_within_its_mirrored_interval():
    lower, upper = mirrored_interval(np.linspace(0.03, 0.05, 100), found=0.02)

    assert (lower, upper) == (0, pytest.approx(0.01, abs=0.001))


def test_every_figure_lies_in_its_interval():
    report = classification_report(*drawn_pictures(800, 0), ('a', 'b', 'c', 'd'))

    for name in ('accuracy', 'balanced_accuracy', 'macro_f1', 'top2', 'log_loss'):
        lower, upper = report['ci95'][name]
        assert lower < report[name] < upper, name
    for coverage, value in report['accuracy_at_coverage'].items():
        lower, upper = report['ci95']['accuracy_at_coverage'][coverage]
        assert lower <= value <= upper, coverage
    for row in report['per_class'].values():
        for name in ('precision', 'recall', 'f1'):
            lower, upper = row['ci95'][name]
            assert lower < row[name] < upper


def test_about_95_of_100_intervals_hold_what_many_pictures_would_give():
    exact = classification_report(*drawn_pictures(100_000, 0), tuple('abcd'), draws=2)
    held = dict.fromkeys(('accuracy', 'macro_f1', 'log_loss'), 0)

    for seed in range(1, 61):
        report = classification_report(*drawn_pictures(300, seed), tuple('abcd'), draws=300)
        for name in held:
            lower, upper = report['ci95'][name]
            held[name] += lower <= exact[name] <= upper

    # Of 60 intervals, 57 are expected to contain the value. Fewer than 51 have a probability of 1
    # in 300.
    assert min(held.values()) >= 51


def test_the_interval_of_the_calibration_error_reaches_down_to_a_calibrated_model():
    report = classification_report(*drawn_pictures(2000, 3), tuple('abcd'))

    assert report['ci95']['ece'][0] < 0.01


def test_a_label_that_a_draw_misses_does_not_count_in_its_mean():
    truth = np.array([0] * 50 + [1] * 50 + [2])
    probabilities = np.eye(3)[truth]

    report = classification_report(probabilities, truth, ('a', 'b', 'c'))

    assert report['ci95']['macro_f1'] == [1, 1]
