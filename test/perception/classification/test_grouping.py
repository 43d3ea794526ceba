import numpy as np
import pytest

from fer_ros.perception.classification.grouping import Grouping
from fer_ros.perception.emotions import FER2013_LABELS
from fer_ros.perception.settings import SettingError

SCORES = np.array([[0.1, 0.2, 0.05, 0.3, 0.15, 0.05, 0.15]])


@pytest.mark.parametrize('groups', [[], [''], ['', ' ']])
def test_without_groups_all_stays_as_it_is(groups):
    grouping = Grouping(groups, FER2013_LABELS)

    assert grouping.labels == FER2013_LABELS
    np.testing.assert_allclose(grouping.merge(SCORES), SCORES)


def test_merged_labels_stand_as_one_with_the_sum_of_their_scores():
    grouping = Grouping(['negative=angry,disgust,fear,sad'], FER2013_LABELS)

    assert grouping.labels == ('negative', 'happy', 'surprise', 'neutral')
    np.testing.assert_allclose(grouping.merge(SCORES), [[0.5, 0.3, 0.05, 0.15]])


def test_several_groups_may_have_room_between_their_words():
    grouping = Grouping([' up = happy, surprise ', 'down=sad,fear'], FER2013_LABELS)

    assert grouping.labels == ('angry', 'disgust', 'down', 'up', 'neutral')
    assert grouping.merge(SCORES).sum() == pytest.approx(1)


def test_a_group_may_have_the_name_of_one_of_its_labels():
    assert Grouping(['sad=sad,fear'], FER2013_LABELS).labels.count('sad') == 1


def test_no_faces_are_merged_to_none():
    assert Grouping(['up=happy,surprise'], FER2013_LABELS).merge(np.empty((0, 7))).shape == (0, 6)


@pytest.mark.parametrize(
    ('groups', 'sentence'),
    [
        (['negative'], "groups contains 'negative', but each entry must be name=label,label"),
        (['=sad'], 'each entry must be name=label,label'),
        (['a=sad,,fear'], 'each entry must be name=label,label'),
        (['a=joy'], "merges 'joy', which is not a label of the model; the labels are: angry, "),
        (['a=sad', 'b=sad'], "merges 'sad' twice"),
        (['a=sad', 'a=fear'], "the name 'a', which is used twice"),
        (['happy=sad,fear'], "the name 'happy', which is a label that the entry does not merge"),
        (['uncertain=sad,fear'], "'uncertain'"),
    ],
)
def test_groups_that_make_no_sense_are_refused_in_a_sentence(groups, sentence):
    with pytest.raises(SettingError, match=sentence):
        Grouping(groups, FER2013_LABELS)
