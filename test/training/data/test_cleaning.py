from dataclasses import replace

import numpy as np

from training.data.cleaning import clean
from training.data.cleaning import unclean


def test_each_picture_is_left_out_of_training_by_its_first_reason(made_up):
    data = made_up(14)
    images, split, votes = data.images.copy(), data.split.astype('<U7'), data.votes.copy()
    split[12:] = 'private'
    images[2] = 9  # one gray level
    votes[3] = [0] * 9 + [10]  # not a face
    images[4] = images[12]  # also in the test split
    images[7] = images[0]  # a copy with the same label
    images[8] = images[6]  # a copy with another label
    images[13] = 9  # one gray level, but in the test split
    data = replace(data, images=images, split=split, votes=votes)

    found = {reason: np.flatnonzero(where).tolist() for reason, where in unclean(data).items()}

    assert found == {
        'constant': [2],
        'not a face': [3],
        'also in a test split': [4],
        'conflicting labels': [6, 8],
        'extra copies': [7],
    }
    assert clean(data).source.tolist() == [f'made_up/{i}' for i in (0, 1, 5, 9, 10, 11, 12, 13)]


def test_the_known_faults_of_fer2013_are_left_out_of_training_alone(fer2013):
    cleaned = clean(fer2013)

    assert [int((cleaned.split == split).sum()) for split in ('public', 'private')] == [3589, 3589]
    training = cleaned.of_split('train')
    pixels = {image.tobytes() for image in training.images}
    assert len(pixels) == len(training)
    assert not any(image.tobytes() in pixels for image in cleaned.of_split('private').images)


def test_data_without_votes_is_cleaned_as_well(made_up):
    data = replace(made_up(7), votes=None)

    assert len(clean(data)) == 7
