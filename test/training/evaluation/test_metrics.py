import numpy as np
import pytest

from training.evaluation.metrics import accuracy_at_coverage
from training.evaluation.metrics import confusion_matrix
from training.evaluation.metrics import expected_calibration_error
from training.evaluation.metrics import log_loss
from training.evaluation.metrics import per_class
from training.evaluation.metrics import reliability
from training.evaluation.report import classification_report

LABELS = ('a', 'b', 'c')
TRUTH = np.array([0, 0, 0, 1, 1, 2])
PROBABILITIES = np.array(
    [
        [0.9, 0.1, 0.0],
        [0.8, 0.1, 0.1],
        [0.3, 0.6, 0.1],
        [0.2, 0.7, 0.1],
        [0.5, 0.4, 0.1],
        [0.4, 0.35, 0.25],
    ]
)


def test_the_confusion_matrix_has_a_row_for_each_true_label():
    found = confusion_matrix(TRUTH, PROBABILITIES.argmax(axis=1), 3)

    assert found.tolist() == [[2, 1, 0], [1, 1, 0], [1, 0, 0]]


def test_precision_recall_and_f1_are_those_of_the_definition():
    classes = per_class(np.array([[2, 1, 0], [1, 1, 0], [1, 0, 0]]))

    np.testing.assert_allclose(classes['precision'], [2 / 4, 1 / 2, 0])
    np.testing.assert_allclose(classes['recall'], [2 / 3, 1 / 2, 0])
    np.testing.assert_allclose(classes['f1'], [4 / 7, 1 / 2, 0])


def test_the_report_holds_what_is_counted_by_hand():
    report = classification_report(PROBABILITIES, TRUTH, LABELS)

    assert report['pictures'] == 6
    assert report['accuracy'] == pytest.approx(3 / 6)
    assert report['balanced_accuracy'] == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    assert report['macro_f1'] == pytest.approx((4 / 7 + 1 / 2 + 0) / 3)
    assert report['top2'] == pytest.approx(5 / 6)
    assert report['per_class']['a']['predicted'] == 4


def test_labels_that_the_truth_lacks_do_not_count_in_the_means():
    report = classification_report(PROBABILITIES[:5], TRUTH[:5], LABELS)

    assert report['balanced_accuracy'] == pytest.approx((2 / 3 + 1 / 2) / 2)


def test_the_log_loss_is_the_mean_of_the_logarithms():
    expected = -np.mean(np.log([0.9, 0.8, 0.3, 0.7, 0.4, 0.25]))

    assert log_loss(PROBABILITIES, TRUTH) == pytest.approx(expected)


def test_a_probability_of_zero_for_the_truth_costs_much_and_not_everything():
    assert 20 < log_loss(np.array([[1.0, 0.0]]), np.array([1])) < 40


def test_the_calibration_error_is_the_gap_weighted_by_the_bins():
    confident = np.tile([0.8, 0.2], (10, 1))
    truth = np.array([0] * 6 + [1] * 4)

    assert expected_calibration_error(confident, truth) == pytest.approx(0.2)


def test_gaps_of_different_bins_do_not_cancel():
    probabilities = np.array([[0.9, 0.1]] * 10 + [[0.6, 0.4]] * 10)
    truth = np.array([0] * 8 + [1] * 2 + [0] * 7 + [1] * 3)

    assert expected_calibration_error(probabilities, truth) == pytest.approx(0.1)


def test_certainty_and_success_make_no_calibration_error():
    assert expected_calibration_error(np.eye(3), np.arange(3)) == 0


def test_accuracy_at_coverage_keeps_the_surest():
    assert accuracy_at_coverage(PROBABILITIES, TRUTH, 0.5) == pytest.approx(1)
    assert accuracy_at_coverage(PROBABILITIES, TRUTH, 1.0) == pytest.approx(0.5)


def test_the_bins_of_reliability_hold_every_picture_with_its_confidence():
    found = reliability(PROBABILITIES, TRUTH, bins=10)

    assert sum(found['pictures']) == 6
    assert found['pictures'][9] == 1
    assert found['confidence'][9] == pytest.approx(0.9)
    assert found['accuracy'][9] == 1
    assert found['accuracy'][0] is None


def test_shares_tell_what_is_said_too_often():
    report = classification_report(PROBABILITIES, TRUTH, LABELS)

    # Predicted and true counts of the labels: 4 and 3, 2 and 2, 0 and 1.
    assert list(report['share_differences'].values()) == pytest.approx([1 / 6, 0, -1 / 6])
