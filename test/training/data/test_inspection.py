from dataclasses import replace

import cv2
import numpy as np

from training.data.cleaning import equal_groups
from training.data.inspection import inspect_data
from training.data.inspection import near_pairs
from training.data.reading.forms import read_data


def textured(count):
    """Create images that are not similar to each other."""
    generator = np.random.default_rng(5)
    coarse = generator.integers(0, 200, (count, 8, 9), np.uint8)
    return coarse.repeat(6, axis=1).repeat(6, axis=2)[:, :48, :48].copy()


def test_copies_are_grouped():
    images = textured(5)
    images[3] = images[1]

    assert equal_groups(images) == [[1, 3]]


def test_near_copies_are_found_and_exact_ones_are_not_among_them():
    images = textured(6)
    images[3] = images[1]
    images[4] = np.clip(images[0].astype(int) + 3, 0, 255)

    assert near_pairs(images) == [(0, 4)]


def test_the_report_names_what_was_planted(made_up):
    data = made_up(28)
    images, split, votes = data.images.copy(), data.split.copy(), data.votes.copy()
    images[9] = images[2]  # the same label, because 9 - 2 is 7
    images[12] = images[3]  # another label
    images[20] = 77
    split = split.astype('<U7')
    split[9] = 'private'
    votes[5] = 0
    votes[5, 9] = 10

    report = inspect_data(replace(data, images=images, split=split, votes=votes))

    assert report['extra_duplicates'] == 2
    assert report['conflicting_labels'] == [['made_up/3', 'made_up/12']]
    assert report['in_training_too'] == {'private': ['made_up/9']}
    assert report['constant'] == ['made_up/20']
    assert report['not_a_face'] == ['made_up/5']
    assert report['counts']['train'] == [4, 4, 3, 4, 4, 4, 4]
    assert sum(map(sum, report['brightness'].values())) == 28
    assert report['sides']['48'] == 28
    assert report['left_out_by_clean'] == {
        'constant': 1,
        'not a face': 1,
        'also in a test split': 1,
        'conflicting labels': 2,
        'extra copies': 0,
    }


def test_what_was_skipped_and_how_large_pictures_were_is_reported(tmp_path):
    for name, side in (('fear/small.png', 20), ('sad/large.png', 400), ('sad/more.png', 500)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / name), np.full((side, side + 9), 90, np.uint8))
    (tmp_path / 'sad' / '<b>.jpg').write_bytes(b'')
    data = read_data(tmp_path)

    report = inspect_data(data)

    assert report['skipped'] == {'the file is empty': ['sad/<b>.jpg']}
    sides = {name: count for name, count in report['sides'].items() if count}
    assert sides == {'1 to 23': 1, '384 to 767': 2}


def test_fer2013_has_what_is_known_of_it(fer2013):
    report = inspect_data(fer2013)

    assert report['extra_duplicates'] == 1851
    assert len(report['conflicting_labels']) == 57
    assert len(report['in_training_too']['private']) == 288
    assert len(report['constant']) == 12
