import cv2
import numpy as np
import pytest

from training.datasets import DataError
from training.readers import Faults
from training.readers import read_csv
from training.readers import read_data
from training.readers import read_folders
from training.readers import read_votes

PIXELS = ' '.join(['7'] * 2304)
GOOD = f'3,{PIXELS},Training'
HEADER = 'emotion,pixels,Usage'
VOTES_HEADER = (
    'Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF'
)


def quiet(done):
    """Say nothing of the progress."""


def written(path, *lines):
    path.write_text('\n'.join(lines) + '\n')
    return path


def test_the_official_form_gives_pictures_labels_and_splits(tmp_path):
    ramp = ' '.join(str(i % 256) for i in range(2304))
    path = written(
        tmp_path / 'fer2013.csv',
        HEADER,
        GOOD,
        f'0,{ramp},PublicTest',
        f'6,{PIXELS},PrivateTest',
    )

    data = read_csv(path, Faults(), quiet)

    assert data.images.shape == (3, 48, 48)
    assert data.images[1].ravel().tolist() == [i % 256 for i in range(2304)]
    assert [data.label_names[label] for label in data.labels] == ['happy', 'angry', 'neutral']
    assert data.split.tolist() == ['train', 'public', 'private']
    assert data.votes is None


def test_the_two_column_form_has_a_file_for_each_split(tmp_path):
    for name in ('train', 'validation', 'test'):
        written(tmp_path / f'{name}.csv', 'emotion,pixels', f'1,{PIXELS}')

    data = read_data(tmp_path)

    assert sorted(data.split.tolist()) == ['private', 'public', 'train']


@pytest.mark.parametrize(
    ('row', 'reason'),
    [
        (f'3,{PIXELS[:-2]},Training', 'the number of pixels is not 2304'),
        (f'3,{PIXELS} 7,Training', 'the number of pixels is not 2304'),
        ('3,,Training', 'the number of pixels is not 2304'),
        ('3', 'the usage is not one of'),
        (f'3,256 {PIXELS[2:]},Training', 'a pixel is no number from 0 to 255'),
        (f'3,-1 {PIXELS[2:]},Training', 'a pixel is no number from 0 to 255'),
        (f'3,x {PIXELS[2:]},Training', 'a pixel is no number from 0 to 255'),
        (f'3,1.5 {PIXELS[2:]},Training', 'a pixel is no number from 0 to 255'),
        (f'7,{PIXELS},Training', 'the label is not from 0 to 6'),
        (f'-1,{PIXELS},Training', 'the label is not from 0 to 6'),
        (f'happy,{PIXELS},Training', 'the label is not from 0 to 6'),
        (f'3,{PIXELS},Test', 'the usage is not one of'),
    ],
)
def test_a_broken_row_is_skipped_counted_and_named(tmp_path, row, reason):
    path = written(tmp_path / 'fer2013.csv', HEADER, GOOD, row, GOOD)
    faults = Faults()

    data = read_csv(path, faults, quiet)

    assert data.source.tolist() == ['fer2013/00000', 'fer2013/00002']
    assert faults.count == 1
    assert reason in faults.text()
    assert 'fer2013.csv row 1' in faults.text()
    with pytest.raises(DataError, match=r'fer2013.csv row 1: '):
        read_csv(path, Faults(strict=True), quiet)


def test_votes_beside_go_by_the_row_also_past_one_that_is_skipped(tmp_path):
    path = written(tmp_path / 'fer2013.csv', HEADER, GOOD, '9,,Training', GOOD)
    written(
        tmp_path / 'fer2013new.csv',
        VOTES_HEADER,
        'Training,fer0000000.png,4,0,0,1,3,2,0,0,0,0',
        'Training,fer0000001.png,0,0,0,0,10,0,0,0,0,0',
        'Training,,0,10,0,0,0,0,0,0,0,0',
    )

    data = read_csv(path, Faults(), quiet)

    assert data.votes.tolist() == [[4, 0, 0, 1, 3, 2, 0, 0, 0, 0], [0, 10] + [0] * 8]


@pytest.mark.parametrize('vote', ['11', '-1', 'x', ''])
def test_votes_that_are_none_are_refused(tmp_path, vote):
    path = written(
        tmp_path / 'votes.csv', VOTES_HEADER, f'Training,a.png,{vote},0,0,0,0,0,0,0,0,0'
    )

    with pytest.raises(DataError, match=r'votes\.csv'):
        read_votes(path)


def test_a_file_with_other_columns_is_refused(tmp_path):
    path = written(tmp_path / 'fer2013.csv', 'emotion,pixel,Usage', GOOD)

    with pytest.raises(DataError, match='has no column pixels'):
        read_csv(path, Faults(), quiet)


def test_a_file_without_a_good_row_is_refused_and_says_why(tmp_path):
    path = written(tmp_path / 'fer2013.csv', HEADER, '9,,Training')

    with pytest.raises(DataError, match='skipped 1: the label is not from 0 to 6'):
        read_csv(path, Faults(), quiet)


def picture(path, value=100, shape=(48, 48)):
    path.parent.mkdir(parents=True, exist_ok=True)
    # Texture, so that a picture that is cut short is not whole by chance.
    noise = np.random.default_rng(0).integers(0, 50, shape)
    cv2.imwrite(str(path), (value + noise).astype(np.uint8))
    return path


def test_folders_of_splits_and_classes_are_read(tmp_path):
    for split in ('train', 'validation', 'test'):
        for name in ('anger', 'Happiness'):
            picture(tmp_path / split / name / 'a.png')

    data = read_data(tmp_path)

    assert [data.label_names[label] for label in data.labels[:2]] in (
        ['happy', 'angry'],
        ['angry', 'happy'],
    )
    assert len(data.label_names) == 7
    assert sorted(set(data.split.tolist())) == ['private', 'public', 'train']
    assert 'train/anger/a.png' in data.source.tolist()


def test_folders_of_classes_alone_are_to_be_measured_on(tmp_path):
    for name in ('smile', 'frown'):
        picture(tmp_path / name / 'a.png', shape=(100, 80))

    data = read_data(tmp_path)

    assert data.label_names == ('frown', 'smile')
    assert data.split.tolist() == ['private', 'private']
    assert data.images.shape == (2, 48, 48)


def test_contempt_makes_the_labels_those_of_ferplus(tmp_path):
    for name in ('contempt', 'fear'):
        picture(tmp_path / name / 'a.png')

    assert read_data(tmp_path).label_names[-1] == 'contempt'


def test_broken_files_are_skipped_counted_and_named(tmp_path):
    for name in ('fear', 'sad'):
        picture(tmp_path / name / 'good.png')
    jpeg = picture(tmp_path / 'fear' / 'short.jpg', shape=(200, 200))
    jpeg.write_bytes(jpeg.read_bytes()[:-4000])
    png = picture(tmp_path / 'fear' / 'short.png')
    png.write_bytes(png.read_bytes()[:-500])
    (tmp_path / 'sad' / 'text.png').write_text('no picture')
    (tmp_path / 'sad' / 'empty.png').write_bytes(b'')
    (tmp_path / 'sad' / 'notes.txt').write_text('a note')
    faults = Faults()

    data = read_folders(tmp_path, faults, quiet)

    assert data.source.tolist() == ['fear/good.png', 'sad/good.png']
    assert faults.names == {
        'the picture cannot be decoded': ['fear/short.jpg', 'fear/short.png', 'sad/text.png'],
        'the file is empty': ['sad/empty.png'],
        'the file is no picture by its name': ['sad/notes.txt'],
    }
    with pytest.raises(DataError, match=r'fear/short\.jpg'):
        read_folders(tmp_path, Faults(strict=True), quiet)


def test_a_folder_without_classes_is_refused(tmp_path):
    with pytest.raises(DataError, match='not two folders of classes'):
        read_data(tmp_path)
