import numpy as np
import pytest

from brightness import brightness_classifier
from fer_ros.perception.crops.alignment import FER2013_CROP
from training.evaluation.degradations import DEGRADATIONS
from training.evaluation.real_path import FoundEyes
from training.evaluation.real_path import scene_of
from training.evaluation.robustness import AS_IT_IS
from training.evaluation.robustness import CKPLUS
from training.evaluation.robustness import condition_figures
from training.evaluation.robustness import measure_robustness
from training.evaluation.robustness import REAL_PATH
from training.evaluation.robustness import robustness_inputs

COUNT = 21


@pytest.fixture
def classifier():
    return brightness_classifier()


@pytest.fixture
def data(made_up):
    return made_up(COUNT, 'public')


@pytest.fixture
def found(data):
    """Return the correct eyes; faces 3 and 4 are not detected."""
    geometry = np.array([FER2013_CROP.right_eye, FER2013_CROP.left_eye])
    eyes = np.empty((COUNT, 2, 2), np.float32)
    for index, picture in enumerate(data.images):
        _, (left, top, right, _) = scene_of(picture, index)
        eyes[index] = np.array([left, top]) + geometry * (right - left)
    eyes[[3, 4]] = np.nan
    return FoundEyes(eyes, np.zeros(COUNT, np.float32))


def test_each_condition_is_given_once_and_the_first_has_all_pictures(data, found):
    inputs = list(robustness_inputs(data.images, found))

    assert [one.name for one in inputs] == [AS_IT_IS, REAL_PATH, *DEGRADATIONS]
    assert (inputs[0].images == data.images).all()
    for one in inputs[1:]:
        assert one.where.tolist() == [i for i in range(COUNT) if i not in (3, 4)]
        assert one.images.shape == (COUNT - 2, 48, 48)
        assert one.images.dtype == np.uint8


def test_crops_of_the_real_path_are_the_pictures_again(data, found):
    _, crops, *_ = robustness_inputs(data.images, found)

    means = data.images[crops.where].mean(axis=(1, 2))
    assert crops.images.mean(axis=(1, 2)) == pytest.approx(means, abs=2)


def test_the_inputs_are_the_same_each_time(data, found):
    first, again = (list(robustness_inputs(data.images, found)) for _ in range(2))

    assert all((a.images == b.images).all() for a, b in zip(first, again, strict=True))


@pytest.mark.parametrize('threads', [1, 2])
def test_the_score_is_the_mean_of_the_conditions_and_ckplus_is_none_to_choose_by(
    made_up, classifier, data, found, threads
):
    others = made_up(14, 'train')

    report = measure_robustness([classifier] * threads, data, found, others, draws=20)

    rows = report['conditions']
    assert list(rows) == [CKPLUS, AS_IT_IS, REAL_PATH, *DEGRADATIONS]
    assert rows[CKPLUS]['pictures'] == 14
    assert rows[AS_IT_IS]['accuracy'] == rows[REAL_PATH]['accuracy'] == 1
    # A darkened image looks like the label of dark images.
    assert rows['a quarter of the light']['accuracy'] < 0.5
    accuracies = [row['accuracy'] for row in rows.values()]
    assert report['score'] == pytest.approx(np.mean(accuracies))
    assert report['score_to_choose_by'] == pytest.approx(np.mean(accuracies[1:]))
    lower, upper = report['ci95']['score']
    assert lower <= report['score'] <= upper
    assert (report['pictures'], report['found']) == (COUNT, COUNT - 2)


def test_without_ckplus_both_scores_are_one(classifier, data, found):
    report = measure_robustness([classifier], data, found, None, draws=20)

    assert CKPLUS not in report['conditions']
    assert report['score'] == report['score_to_choose_by']


def test_a_wrong_answer_of_six_tenths_is_wrong_and_sure_and_an_unsure_one_is_no_answer():
    truth = np.array([0, 0, 0, 0])
    probabilities = np.array(
        [[0.8, 0.1, 0.1], [0.1, 0.6, 0.3], [0.2, 0.55, 0.25], [0.3, 0.39, 0.31]]
    )

    figures = condition_figures(probabilities, truth)

    assert figures['pictures'] == 4
    assert figures['accuracy'] == 0.25
    assert figures['wrong_and_sure'] == 0.25
    assert figures['answered'] == 0.75
    assert figures['right_of_these'] == pytest.approx(1 / 3)
