from pathlib import Path

import numpy as np
import pytest

from training.data.datasets import DataError
from training.data.selection import exclude
from training.data.selection import group_classes
from training.data.selection import read_names
from training.data.selection import select
from training.data.selection import select_classes
from training.data.selection import Selection
from training.data.votes import majority
from training.data.votes import soft_labels


def test_classes_are_kept_in_the_order_that_they_are_named(made_up):
    data = made_up(21)

    kept = select_classes(data, ('surprise', 'happy'))

    assert kept.label_names == ('surprise', 'happy')
    assert kept.source.tolist() == [f'made_up/{i}' for i in (3, 5, 10, 12, 17, 19)]
    assert kept.labels.tolist() == [1, 0, 1, 0, 1, 0]
    assert len(kept.votes) == len(kept.images) == 6


@pytest.mark.parametrize(
    ('names', 'message'),
    [
        (('happy', 'bored'), 'no class bored; the classes are: angry'),
        (('happy', 'happy'), 'two or more'),
        (('happy',), 'two or more'),
    ],
)
def test_classes_that_make_no_sense_are_refused(made_up, names, message):
    with pytest.raises(DataError, match=message):
        select_classes(made_up(7), names)


def test_a_group_stands_where_the_first_of_its_labels_stood(made_up):
    data = group_classes(made_up(7), {'negative': ('sad', 'angry', 'fear', 'disgust')})

    assert data.label_names == ('negative', 'happy', 'surprise', 'neutral')
    assert data.labels.tolist() == [0, 0, 0, 1, 0, 2, 3]
    assert data.members('negative') == ('angry', 'disgust', 'fear', 'sad')
    assert data.members('happy') == ('happy',)


def test_a_group_of_groups_stands_for_the_labels_of_the_data_set(made_up):
    once = group_classes(made_up(7), {'bad': ('angry', 'sad')})

    twice = group_classes(once, {'negative': ('bad', 'fear')})

    assert twice.label_names == ('negative', 'disgust', 'happy', 'surprise', 'neutral')
    assert twice.members('negative') == ('angry', 'sad', 'fear')


@pytest.mark.parametrize(
    ('groups', 'message'),
    [
        ({'negative': ('sad', 'cross')}, "merges 'cross', which is not a class"),
        ({'a': ('sad', 'fear'), 'b': ('fear', 'angry')}, "merge 'fear' twice"),
        ({'happy': ('sad', 'fear')}, 'a class that the group does not merge'),
    ],
)
def test_groups_that_make_no_sense_are_refused(made_up, groups, message):
    with pytest.raises(DataError, match=message):
        group_classes(made_up(7), groups)


def test_votes_are_added_up_for_groups_and_count_for_the_labels_that_are_left(made_up):
    data = group_classes(made_up(7), {'negative': ('sad', 'angry')})
    data = select_classes(data, ('happy', 'negative'))
    labels = [data.members(name) for name in data.label_names]
    # Columns: neutral happiness surprise sadness anger disgust fear contempt unknown NF.
    votes = np.uint8([[2, 2, 0, 3, 3, 0, 0, 0, 0, 0], [8, 2, 0, 0, 0, 0, 0, 0, 0, 0]])

    np.testing.assert_allclose(soft_labels(votes, labels), [[0.25, 0.75], [1, 0]])
    assert majority(votes, labels).tolist() == [1, -1]
    assert majority(data.votes, labels).tolist() == data.labels.tolist()


def test_names_are_left_out_and_unknown_ones_do_nothing(made_up):
    data = exclude(made_up(7), ['made_up/2', 'made_up/99'])

    assert data.source.tolist() == [f'made_up/{i}' for i in (0, 1, 3, 4, 5, 6)]


def test_a_list_of_names_has_a_reason_behind_each(tmp_path):
    path = tmp_path / 'list.txt'
    path.write_bytes(
        '\ufeff# seen by hand\r\nfer2013/00007 a text\r\nfer2013/00009,blurred, and dark\r\n\r\n'
        'train/happy/my cat, again.png# no face\r\nfer2013/99999 gone\r\n'.encode()
    )
    known = ['fer2013/00007', 'fer2013/00009', 'train/happy/my', 'train/happy/my cat, again.png']

    found, unknown = read_names(path, known)

    assert found == ['fer2013/00007', 'fer2013/00009', 'train/happy/my cat, again.png']
    assert unknown == ['fer2013/99999']


def test_names_that_the_data_does_not_have_are_told_or_stop_it(made_up, tmp_path, capsys):
    path = tmp_path / 'list.txt'
    path.write_text('made_up/1 dark\nmade_up/77 blurred\n')

    kept = select(made_up(7), Selection(exclude=path))

    assert len(kept) == 6
    told = capsys.readouterr().err
    assert 'contains 1 pictures that the data does not have: made_up/77' in told
    assert 'left out 1 pictures' in told
    with pytest.raises(DataError, match='made_up/77'):
        select(made_up(7), Selection(exclude=path), strict=True)


def test_a_list_that_is_not_there_is_named(made_up, tmp_path):
    with pytest.raises(DataError, match=r'cannot read .*nothing\.txt'):
        select(made_up(7), Selection(exclude=tmp_path / 'nothing.txt'))


def test_a_device_is_no_list():
    with pytest.raises(DataError, match='/dev/zero is no list of names'):
        read_names(Path('/dev/zero'), ['a'])
