import numpy as np
import pytest

from fer_ros.perception.emotions import FER2013_LABELS
from fer_ros.perception.emotions import FERPLUS_LABELS
from training.data.datasets import DataError
from training.data.datasets import FaceData
from training.data.labels import name_labels
from training.data.labels import recognise


def data_with(*names):
    count = len(names)
    return FaceData(
        images=np.zeros((count, 2, 2), np.uint8),
        labels=np.arange(count),
        split=np.full(count, 'train'),
        source=np.array([f'{name}/1.png' for name in names]),
        label_names=names,
    )


def named(*names, labels=(), told=''):
    data = name_labels(data_with(*names), labels, told)
    return [data.label_names[label] for label in data.labels]


@pytest.mark.parametrize(
    ('name', 'label'),
    [
        ('Anger', 'angry'),
        ('3_happy', 'happy'),
        ('03 - Happiness', 'happy'),
        ('happy faces', 'happy'),
        ('joy', 'happy'),
        ('suprise', 'surprise'),
        ('Suprised', 'surprise'),
        ('hapiness', 'happy'),
        ('nuetral', 'neutral'),
        ('contemptuous', 'contempt'),
        ('scared', 'fear'),
        ('smile', None),
        ('danger', None),
        ('bored', None),
        ('said', None),
        ('', None),
    ],
)
def test_names_of_emotions_are_recognised_where_that_is_certain(name, label):
    assert recognise(name) == label


def test_names_are_those_of_the_project_in_its_order():
    data = name_labels(data_with('Contempt', 'Joy', 'Suprise'))

    assert data.label_names == FERPLUS_LABELS
    assert [data.label_names[label] for label in data.labels] == ['contempt', 'happy', 'surprise']


def test_a_word_beside_its_synonym_is_a_label_of_its_own():
    assert named('calm', 'neutral', 'happy') == ['calm', 'neutral', 'happy']
    assert named('calm', 'happy') == ['neutral', 'happy']
    assert named('Angry', 'anger', 'happy') == ['angry', 'angry', 'happy']


def test_other_names_are_kept():
    assert named('Smile', 'frown') == ['smile', 'frown']


def test_what_was_recognised_is_reported(capsys):
    named('suprise', 'joy', '3_happy', 'Sad')

    told = capsys.readouterr().err
    assert "'suprise' as surprise" in told
    assert 'happy' not in told
    assert 'Sad' not in told


@pytest.mark.parametrize(
    ('numbers', 'told', 'labels'),
    [
        ('0123456', '', FER2013_LABELS),
        ('1234567', 'RAF-DB/DATASET', ('surprise', 'fear', 'disgust', 'happy', 'sad', 'angry')),
        ('01234567', 'AffectNet', ('neutral', 'happy', 'sad', 'surprise', 'fear', 'disgust')),
        ('0123456', 'archive/affectnet', ('neutral', 'happy', 'sad', 'surprise', 'fear')),
    ],
)
def test_numbers_are_recognised_where_the_order_is_certain(numbers, told, labels):
    assert named(*numbers, told=told)[: len(labels)] == list(labels)


def test_the_meaning_of_numbers_is_reported(capsys):
    named(*'0123456')

    assert "'0' as angry" in capsys.readouterr().err


@pytest.mark.parametrize(
    ('numbers', 'message'),
    [
        ('1234567', 'may be shifted by one: --labels angry,disgust'),
        ('01234567', r'not certain; give a data set with --labels \(ferplus, affectnet\)'),
        ('0123456789', 'none fits'),
    ],
)
def test_numbers_with_several_meanings_are_refused(numbers, message):
    with pytest.raises(DataError, match=message):
        named(*numbers, told='graffiti')


def test_the_user_names_all_labels_in_their_order():
    assert named('10', '9', labels=('sad', 'happy')) == ['happy', 'sad']


def test_the_user_names_some_labels():
    found = named('1', 'Joy', 'other', labels=('1=angry', 'OTHER=neutral'))

    assert found == ['angry', 'happy', 'neutral']


@pytest.mark.parametrize(
    ('labels', 'message'),
    [
        (('sad',), "is 'sad', but must be one of fer2013"),
        (('raf-db',), "numbers its labels from 1 to 7, but the data has the label '0'"),
        (('sad', 'happy', 'fear'), '3 names, but the data has 2 labels'),
        (('0=sad', 'happy'), 'only pairs'),
        (('0=sad', '5=fear'), "names '5', but the labels of the data are '0', '1'"),
    ],
)
def test_names_that_do_not_fit_are_refused(labels, message):
    with pytest.raises(DataError, match=message):
        named('0', '1', labels=labels)
