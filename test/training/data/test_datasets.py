import cv2
import numpy as np
import pytest

from photographs import data_path
from training.data.datasets import also_in
from training.data.datasets import data_root
from training.data.datasets import DataError
from training.data.datasets import read_fer2013
from training.data.datasets import SPLITS
from training.data.votes import is_not_a_face
from training.data.votes import majority


@pytest.mark.parametrize(
    ('split', 'counts'),
    [
        ('train', [3995, 436, 4097, 7215, 4830, 3171, 4965]),
        ('public', [467, 56, 496, 895, 653, 415, 607]),
        ('private', [491, 55, 528, 879, 594, 416, 626]),
    ],
)
def test_fer2013_has_the_official_counts(fer2013, split, counts):
    assert np.bincount(fer2013.of_split(split).labels).tolist() == counts


def test_fer2013_has_the_known_duplicates_and_pictures_without_a_face(fer2013):
    private, training = fer2013.of_split('private'), fer2013.of_split('train')

    assert also_in(private.images, training.images).sum() == 288
    assert is_not_a_face(fer2013.votes).sum() == 176


def test_the_majority_rule_leaves_the_known_number_of_pictures(fer2013):
    kept = {split: (majority(fer2013.of_split(split).votes) >= 0).sum() for split in SPLITS}

    assert kept == {'train': 25060, 'public': 3199, 'private': 3153}


def test_a_packed_file_with_other_pixels_is_refused(tmp_path):
    with np.load(data_path('fer2013/fer2013.npz')) as packed:
        arrays = {name: packed[name] for name in packed.files}
    picture = cv2.imencode('.webp', np.zeros((48 * 336, 48), np.uint8))[1].ravel()
    first = arrays['offsets'][1]
    arrays['webp'] = np.concatenate([picture, arrays['webp'][first:]])
    arrays['offsets'] = arrays['offsets'] + (len(picture) - first)
    arrays['offsets'][0] = 0
    np.savez(tmp_path / 'fer2013.npz', **arrays)

    with pytest.raises(DataError, match='those of FER2013 have 3c18eb2594e4'):
        read_fer2013(tmp_path)


def test_a_folder_without_the_file_is_named(tmp_path):
    with pytest.raises(DataError, match=str(tmp_path)):
        read_fer2013(tmp_path)


def test_a_packed_file_that_lacks_something_is_refused(tmp_path):
    np.savez(tmp_path / 'fer2013.npz', webp=np.zeros(1))

    with pytest.raises(DataError, match='ferplus_votes, label, offsets, usage'):
        read_fer2013(tmp_path)


def test_data_that_is_nowhere_says_how_to_name_it(tmp_path, monkeypatch):
    monkeypatch.setenv('FER_ROS_DATA', str(tmp_path / 'nothing'))

    with pytest.raises(DataError, match='--data or FER_ROS_DATA'):
        data_root()


def test_a_given_path_goes_before_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv('FER_ROS_DATA', str(tmp_path / 'nothing'))

    assert data_root(str(tmp_path)) == tmp_path


def test_a_split_that_is_not_there_is_refused(made_up):
    data = made_up(7)

    with pytest.raises(DataError, match='no validation pictures, only pictures for training'):
        data.of_split('public')
    with pytest.raises(DataError, match='the splits are: train, public, private'):
        data.of_split('test')


def test_what_is_taken_stays_together(made_up):
    data = made_up(20)

    taken = data.take([3, 17])

    assert taken.source.tolist() == ['made_up/3', 'made_up/17']
    assert taken.labels.tolist() == data.labels[[3, 17]].tolist()
    assert np.array_equal(taken.votes, data.votes[[3, 17]])


def test_duplicates_are_found_pixel_for_pixel():
    images = np.zeros((3, 4, 4), np.uint8)
    images[1, 0, 0] = 1

    assert also_in(images, images[1:2]).tolist() == [False, True, False]
