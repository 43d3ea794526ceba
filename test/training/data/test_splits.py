from dataclasses import replace

import numpy as np
import pytest

from photographs import data_path
from training.data.datasets import DataError
from training.data.datasets import FaceData
from training.data.reading.forms import read_data
from training.data.splits import split_by_subject
from training.data.splits import split_random
from training.data.splits import subjects

pytest.importorskip('sklearn', reason='the splits are drawn by scikit-learn')


def counts(data):
    return {
        split: np.bincount(data.labels[data.split == split], minlength=7).tolist()
        for split in ('train', 'public', 'private')
    }


@pytest.fixture(scope='module')
def ckplus():
    return read_data(data_path('ckplus/CK+48.zip'))


def test_folds_at_random_have_each_label_in_the_same_proportion(made_up):
    data = split_random(made_up(700), fold=3, folds=10)

    assert counts(data) == {'train': [80] * 7, 'public': [10] * 7, 'private': [10] * 7}


def test_over_all_folds_each_picture_is_tested_on_once(made_up):
    data = made_up(70)

    tested = [split_random(data, fold, folds=5).split == 'private' for fold in range(5)]

    assert np.sum(tested, axis=0).tolist() == [1] * 70


@pytest.mark.parametrize(
    ('fractions', 'expected'),
    [((0.8, 0.1, 0.1), [80, 10, 10]), ((0.8, 0.2, 0), [80, 20, 0]), ((0.5, 0, 0.5), [50, 0, 50])],
)
def test_fractions_are_those_of_each_label(made_up, fractions, expected):
    found = counts(split_random(made_up(700), fractions=fractions))

    assert [found[split][4] for split in ('train', 'public', 'private')] == expected


def test_a_seed_tells_the_split(made_up):
    data = made_up(70)

    first = split_random(data, seed=1).split
    assert np.array_equal(first, split_random(data, seed=1).split)
    assert not np.array_equal(first, split_random(data, seed=2).split)


@pytest.mark.parametrize('fractions', [(0.8, 0.1), (0.8, 0.3, 0.1), (0, 0.5, 0.5), (1.1, 0, -0.1)])
def test_fractions_that_make_no_sense_are_refused(made_up, fractions):
    with pytest.raises(DataError, match='sum to 1'):
        split_random(made_up(70), fractions=fractions)


@pytest.mark.parametrize(('fold', 'folds'), [(0, 2), (5, 5), (-1, 5)])
def test_folds_that_make_no_sense_are_refused(made_up, fold, folds):
    with pytest.raises(DataError, match='fold'):
        split_random(made_up(70), fold, folds)


def test_a_label_that_is_in_fewer_pictures_than_folds_is_named(made_up):
    with pytest.raises(DataError, match='5 folds need at least 5 pictures of neutral'):
        split_random(made_up(34), folds=5)


def test_no_subject_of_ckplus_is_on_two_sides(ckplus):
    who = subjects(ckplus)
    assert len(np.unique(who)) == 118

    data = split_by_subject(ckplus, fold=2, folds=10, seed=0)

    sides = [set(who[data.split == split]) for split in ('train', 'public', 'private')]
    assert sum(map(len, sides)) == len(set.union(*sides)) == 118
    assert all((data.split == split).sum() > 80 for split in ('train', 'public', 'private'))


def test_over_all_folds_each_subject_is_tested_on_once(ckplus):
    tested = [split_by_subject(ckplus, fold, 5).split == 'private' for fold in range(5)]

    assert np.sum(tested, axis=0).tolist() == [1] * 981


def test_pictures_that_name_no_subject_are_not_split_by_it(made_up):
    with pytest.raises(
        DataError, match='the names of 70 pictures, such as .* do not contain a subject'
    ):
        split_by_subject(made_up(70))


def test_fewer_subjects_than_folds_are_refused(made_up):
    data = made_up(8)
    data = replace(data, source=np.array([f'ckplus/S00{i % 2}_001_0000000{i}' for i in range(8)]))

    with pytest.raises(DataError, match='subjects, but the data has 2'):
        split_by_subject(data, folds=3)


@pytest.mark.parametrize(('training', 'validation'), [(785, 196), (28709, 7178)])
def test_fractions_give_the_numbers_of_pictures_of_a_source(training, validation):
    count = training + validation
    data = FaceData(
        np.zeros((count, 1, 1), np.uint8),
        np.arange(count) % 7,
        np.full(count, 'train'),
        np.arange(count).astype(str),
        tuple('abcdefg'),
    )
    fractions = (training / count, validation / count, 0.0)

    even, uneven = (split_random(data, fractions=fractions, stratify=s) for s in (True, False))

    for split in (even, uneven):
        assert (split.split == 'train').sum() == training
        assert (split.split == 'public').sum() == validation
    shares = [np.bincount(split.labels[split.split == 'public']) for split in (even, uneven)]
    assert np.ptp(shares[0]) <= 1
    assert np.ptp(shares[1]) > 1
