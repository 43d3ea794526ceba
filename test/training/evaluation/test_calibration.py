import numpy as np
import pytest

from training.evaluation.calibration import calibration_figures
from training.evaluation.calibration import calibration_images
from training.evaluation.calibration import cross_validated
from training.evaluation.calibration import DEGRADED
from training.evaluation.calibration import fit_temperature
from training.evaluation.calibration import Logits
from training.evaluation.calibration import MIXED
from training.evaluation.calibration import PLAIN
from training.evaluation.calibration import softmax
from training.evaluation.metrics import log_loss


def test_a_temperature_undoes_what_was_done_to_the_logits():
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(20000, 3)) * 2
    truth = (logits + generator.gumbel(size=logits.shape)).argmax(axis=1)

    assert fit_temperature(logits, truth) == pytest.approx(1, abs=0.05)
    assert fit_temperature(3 * logits, truth) == pytest.approx(3, abs=0.15)


@pytest.mark.parametrize('scale', [0.1, 1.0, 9.0])
def test_no_temperature_nearby_fits_better(scale):
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(500, 7)) * 2
    truth = (logits + generator.gumbel(size=logits.shape)).argmax(axis=1)
    logits *= scale

    found = fit_temperature(logits, truth)

    best = log_loss(softmax(logits, found), truth)
    assert best < log_loss(softmax(logits, 1.001 * found), truth)
    assert best < log_loss(softmax(logits, found / 1.001), truth)


@pytest.mark.parametrize(('says', 'temperature'), [(0, 0.05), (1, 20)])
def test_a_network_that_is_always_right_or_always_wrong_has_a_temperature_at_the_end(
    says, temperature
):
    logits = np.tile(np.eye(2)[says], (50, 1))

    found = fit_temperature(logits, np.zeros(50, np.int64))

    assert found == pytest.approx(temperature, rel=1e-3)


def test_softmax_stands_large_logits_and_sums_to_one():
    probabilities = softmax(np.array([[1000.0, 999.0]]), 0.5)

    assert probabilities.sum() == pytest.approx(1)
    assert probabilities[0, 0] == pytest.approx(1 / (1 + np.exp(-2)))


@pytest.fixture
def logits():
    """
    Return logits that are calibrated for plain images, but too large for degraded images.

    The logits of the degraded images are three times as large as the calibrated logits.
    """
    generator = np.random.default_rng(0)
    plain = generator.normal(size=(8000, 3)) * 2
    truth = (plain + generator.gumbel(size=plain.shape)).argmax(axis=1)
    return Logits(plain, 3 * plain, truth)


def test_the_pictures_of_a_calibration_are_as_they_are_degraded_or_both(made_up):
    images = made_up(33).images

    plain, degraded, mixed = (calibration_images(images, on) for on in (PLAIN, DEGRADED, MIXED))

    assert (plain == images).all()
    assert degraded.shape == images.shape
    assert (degraded != images).any(axis=(1, 2)).all()
    assert (mixed == np.concatenate([plain, degraded])).all()


def test_a_temperature_lies_between_those_of_what_it_is_fitted_on(logits):
    fitted = [fit_temperature(*logits.of(on)) for on in (PLAIN, MIXED, DEGRADED)]

    assert fitted[0] == pytest.approx(1, abs=0.08)
    assert fitted[2] == pytest.approx(3, abs=0.25)
    assert fitted[0] < fitted[1] < fitted[2]


def test_the_figures_tell_which_pictures_a_temperature_fits(logits):
    on_plain = calibration_figures(cross_validated(logits, PLAIN), 0.4)
    on_degraded = calibration_figures(cross_validated(logits, DEGRADED), 0.4)

    assert on_plain['plain']['ece'] < 0.03 < on_plain['degraded']['ece']
    assert on_degraded['degraded']['ece'] < 0.03 < on_degraded['plain']['ece']
    assert on_plain['plain']['log_loss'] < on_degraded['plain']['log_loss']
    # The label order is the same, but the confidence is lower.
    assert on_degraded['plain']['answered'] < on_plain['plain']['answered']


def test_a_part_is_not_calibrated_by_itself():
    # All predictions except one are correct. Without this sample, no confidence would be too high.
    plain = np.tile([2.0, 0.0], (50, 1))
    truth = np.zeros(50, np.int64)
    truth[7] = 1

    divided = cross_validated(Logits(plain, plain, truth), PLAIN)

    sureness = divided.plain[:, 0]
    own = np.isclose(sureness, sureness[7])
    assert own.sum() == 10
    assert sureness[7] > 5 * sureness[~own].max()
