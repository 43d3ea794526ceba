import numpy as np
import pytest

from training.evaluation.calibration import fit_temperature
from training.evaluation.calibration import softmax


def test_a_temperature_undoes_what_was_done_to_the_logits():
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(20000, 3)) * 2
    truth = (logits + generator.gumbel(size=logits.shape)).argmax(axis=1)

    assert fit_temperature(logits, truth) == pytest.approx(1, abs=0.05)
    assert fit_temperature(3 * logits, truth) == pytest.approx(3, abs=0.15)


def test_softmax_stands_large_logits_and_sums_to_one():
    probabilities = softmax(np.array([[1000.0, 999.0]]), 0.5)

    assert probabilities.sum() == pytest.approx(1)
    assert probabilities[0, 0] == pytest.approx(1 / (1 + np.exp(-2)))
