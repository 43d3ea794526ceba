"""The own figures equal those of scikit-learn, which shares no code with them."""

import numpy as np
import pytest

from training.evaluation.metrics import confusion_matrix
from training.evaluation.metrics import expected_calibration_error
from training.evaluation.metrics import log_loss
from training.evaluation.metrics import per_class
from training.evaluation.metrics import reliability
from training.evaluation.report import classification_report

metrics = pytest.importorskip('sklearn.metrics')
calibration = pytest.importorskip('sklearn.calibration')

LABELS = ('angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral')
EVERY = np.arange(len(LABELS))


@pytest.fixture(params=['every label', 'a label that is never true', 'a label that is never said'])
def answers(request):
    """Give (400, 7) probabilities and (400,) labels that they are often right about."""
    generator = np.random.default_rng(0)
    truth = generator.integers(len(LABELS), size=400)
    logits = generator.normal(size=(400, len(LABELS))) + 2 * np.eye(len(LABELS))[truth]
    if 'true' in request.param:
        truth[truth == 1] = 2
    if 'said' in request.param:
        logits[:, 1] -= 20
    probabilities = np.exp(logits)
    return probabilities / probabilities.sum(axis=1, keepdims=True), truth


def test_the_confusion_matrix_and_the_figures_of_each_label(answers):
    probabilities, truth = answers
    said = probabilities.argmax(axis=1)

    found = confusion_matrix(truth, said, len(LABELS))

    assert found.tolist() == metrics.confusion_matrix(truth, said, labels=EVERY).tolist()
    expected = metrics.precision_recall_fscore_support(truth, said, labels=EVERY, zero_division=0)
    classes = per_class(found)
    for name, values in zip(('precision', 'recall', 'f1', 'support'), expected, strict=True):
        np.testing.assert_allclose(classes[name], values, err_msg=name)


# scikit-learn warns of a label that is said and never true, and leaves it out as well.
@pytest.mark.filterwarnings('ignore:y_pred contains classes not in y_true')
def test_the_figures_of_all_labels(answers):
    probabilities, truth = answers
    said, there = probabilities.argmax(axis=1), np.unique(truth)

    found = classification_report(probabilities, truth, LABELS, draws=2)

    macro_f1 = metrics.f1_score(truth, said, labels=there, average='macro', zero_division=0)
    top2 = metrics.top_k_accuracy_score(truth, probabilities, k=2, labels=EVERY)
    assert found['accuracy'] == pytest.approx(metrics.accuracy_score(truth, said))
    assert found['balanced_accuracy'] == pytest.approx(
        metrics.balanced_accuracy_score(truth, said)
    )
    assert found['macro_f1'] == pytest.approx(macro_f1)
    assert found['top2'] == pytest.approx(top2)


def test_the_log_loss(answers):
    probabilities, truth = answers

    expected = metrics.log_loss(truth, probabilities, labels=EVERY)

    assert log_loss(probabilities, truth) == pytest.approx(expected)


def test_the_calibration(answers):
    probabilities, truth = answers
    right = probabilities.argmax(axis=1) == truth

    found = reliability(probabilities, truth, bins=10)

    accuracy, confidence = calibration.calibration_curve(
        right, probabilities.max(axis=1), n_bins=10
    )
    counts = np.array([count for count in found['pictures'] if count])
    assert [value for value in found['accuracy'] if value is not None] == pytest.approx(accuracy)
    assert [v for v in found['confidence'] if v is not None] == pytest.approx(confidence)
    gaps = np.abs(accuracy - confidence) * counts / len(truth)
    error = expected_calibration_error(probabilities, truth, bins=10)
    assert error == pytest.approx(gaps.sum())
