"""The layouts of folders that people have."""

import numpy as np
from own_data import face
from own_data import labels_by_brightness
from own_data import save_png
from own_data import write_folders
import pytest

from fer_ros.perception.emotions import FER2013_LABELS
from training.data.datasets import DataError
from training.data.reading.forms import read_data
from training.data.selection import select
from training.data.selection import Selection


def counts(data):
    return {name: int((data.split == name).sum()) for name in ('train', 'public', 'private')}


@pytest.mark.parametrize(
    ('layout', 'splits'),
    [
        ('{split}/{label}/{number}.png', ('train', 'test')),
        ('images/{split}/{label}/{number}.png', ('Train', 'Test')),
        ('archive (1)/FER 2013/{split}/{label}/{number}.png', ('training_set', 'test_set')),
        ('{split}/{label}/subject {number}/a.png', ('train', 'test')),
        ('{split}/images/{label}/{number}.png', ('train', 'test')),
        ('Gefühle/{label}/{split}/{number}.png', ('TRAIN', 'Testing')),
    ],
)
def test_train_and_test_are_found_in_any_layout(tmp_path, layout, splits):
    data = read_data(write_folders(tmp_path, layout, splits))

    assert counts(data) == {'train': 21, 'public': 0, 'private': 21}
    assert data.label_names == FER2013_LABELS
    assert data.labels.tolist() == labels_by_brightness(data.images)
    assert data.skipped == {}


def test_validation_is_drawn_from_train_by_label_and_test_stays_test(tmp_path, capsys):
    data = read_data(write_folders(tmp_path, count=20))

    drawn = select(data, Selection())
    again = select(data, Selection())
    other = select(data, Selection(seed=1))

    assert counts(drawn) == {'train': 126, 'public': 14, 'private': 140}
    assert np.array_equal(drawn.split, again.split)
    assert not np.array_equal(drawn.split, other.split)
    assert np.array_equal(drawn.split == 'private', data.split == 'private')
    assert np.bincount(drawn.of_split('public').labels).tolist() == [2] * 7
    told = capsys.readouterr().err
    assert 'no validation split' in told
    assert '126 training, 14 validation, 140 test' in told
    assert 'public' not in told


def test_classes_without_splits_are_divided_for_training_and_measured_as_a_whole(tmp_path):
    data = read_data(write_folders(tmp_path, '{label}/{number}.png', ('',), count=20))

    assert counts(select(data, Selection())) == {'train': 112, 'public': 14, 'private': 14}
    assert counts(select(data, Selection(), complete=False))['private'] == 140


def test_a_label_with_few_pictures_stays_in_training(tmp_path):
    write_folders(tmp_path, '{label}/{number}.png', ('',), count=4)
    for number in (1, 2, 3):
        (tmp_path / 'disgust' / f'{number}.png').unlink()

    data = select(read_data(tmp_path), Selection())

    disgust = data.labels == data.label_names.index('disgust')
    assert data.split[disgust].tolist() == ['train']


def test_existing_splits_are_kept(tmp_path):
    data = read_data(write_folders(tmp_path, splits=('train', 'val', 'test')))

    assert select(data, Selection()).split.tolist() == data.split.tolist()


def test_a_data_set_without_training_pictures_says_which_ones_it_has(tmp_path):
    data = select(read_data(write_folders(tmp_path, splits=('val', 'test'))), Selection())

    with pytest.raises(
        DataError, match='no training pictures, only pictures for validation and test'
    ):
        data.of_split('train')


def test_files_of_tools_are_no_faults(tmp_path):
    write_folders(tmp_path)
    for name in ('.DS_Store', 'train/Thumbs.db', 'train/happy/.DS_Store', 'test/sad/desktop.ini'):
        (tmp_path / name).write_bytes(b'tool')
    save_png(tmp_path / '__MACOSX' / 'train' / 'happy' / '._0.png', face(0))

    data = read_data(tmp_path)

    assert len(data) == 42
    assert data.skipped == {}


def test_a_picture_beside_the_class_folders_of_a_split_is_named(tmp_path):
    write_folders(tmp_path)
    save_png(tmp_path / 'train' / 'lost.png', face(0))

    assert read_data(tmp_path).skipped == {
        'the picture is not in a class folder': ['train/lost.png']
    }


def test_pictures_without_class_folders_are_refused_with_the_layout(tmp_path):
    for number in range(3):
        save_png(tmp_path / 'train' / f'{number}.png', face(0))

    with pytest.raises(DataError, match=r'two class folders, but contains none; .* train/<class>'):
        read_data(tmp_path)


def test_texts_beside_the_pictures_are_no_class(tmp_path):
    for split in ('train', 'test'):
        for number in range(3):
            save_png(tmp_path / split / 'images' / f'{number}.png', face(number))
            text = tmp_path / split / 'labels' / f'{number}.txt'
            text.parent.mkdir(parents=True, exist_ok=True)
            text.write_text('3 0.5 0.5 1 1')

    with pytest.raises(DataError, match="pictures of one class only: 'images'"):
        read_data(tmp_path)


def test_only_a_picture_beside_the_splits_is_skipped(tmp_path):
    write_folders(tmp_path, 'the data/{split}/{label}/{number}.png')
    (tmp_path / 'the data' / 'README.txt').write_text('faces')
    save_png(tmp_path / 'the data' / 'overview.png', face(0))

    data = read_data(tmp_path)

    assert len(data) == 42
    assert list(data.skipped.values()) == [['the data/overview.png']]
