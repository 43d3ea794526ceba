import zipfile

import cv2
import numpy as np
from PIL import Image
import pytest

from photographs import data_path
from training.data.datasets import CKPLUS_LABELS
from training.data.datasets import DataError
from training.data.reading.faults import Faults
from training.data.reading.folders import read_folders
from training.data.reading.forms import read_data

VOTES_HEADER = (
    'Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF'
)


def picture(path, value=100, shape=(48, 48)):
    path.parent.mkdir(parents=True, exist_ok=True)
    # With texture, a truncated picture cannot equal the whole picture by chance.
    noise = np.random.default_rng(0).integers(0, 50, shape)
    cv2.imwrite(str(path), (value + noise).astype(np.uint8))
    return path


def archive(path, folder):
    with zipfile.ZipFile(path, 'w') as opened:
        for file in sorted(folder.rglob('*')):
            opened.write(file, file.relative_to(folder))
    return path


def test_folders_of_splits_and_classes_are_read(tmp_path):
    for split in ('train', 'validation', 'test'):
        for name in ('anger', 'Happiness'):
            picture(tmp_path / split / name / 'a.png')

    data = read_data(tmp_path)

    assert sorted(data.label_names[label] for label in data.labels[:2]) == ['angry', 'happy']
    assert len(data.label_names) == 7
    assert sorted(set(data.split.tolist())) == ['private', 'public', 'train']
    assert 'train/anger/a.png' in data.source.tolist()


def test_folders_of_classes_alone_are_to_be_measured_on(tmp_path):
    for name in ('smile', 'frown'):
        picture(tmp_path / name / 'deep' / 'a.png', shape=(100, 80))

    data = read_data(tmp_path)

    assert data.label_names == ('frown', 'smile')
    assert data.split.tolist() == ['private', 'private']
    assert data.images.shape == (2, 48, 48)
    assert data.sizes.tolist() == [[100, 80], [100, 80]]


def test_contempt_makes_the_labels_those_of_ferplus(tmp_path):
    for name in ('contempt', 'fear'):
        picture(tmp_path / name / 'a.png')

    assert read_data(tmp_path).label_names[-1] == 'contempt'


def test_ckplus_is_the_same_from_its_archive_and_unpacked(tmp_path):
    path = data_path('ckplus/CK+48.zip')
    with zipfile.ZipFile(path) as opened:
        opened.extractall(tmp_path)

    packed, unpacked = read_data(path.parent), read_data(tmp_path / 'CK+48')

    assert packed.label_names == unpacked.label_names == CKPLUS_LABELS
    assert packed.sha256 == unpacked.sha256 == read_data(tmp_path).sha256
    assert packed.source.tolist() == unpacked.source.tolist()
    assert packed.source[0] == 'ckplus/S010_004_00000017'


def test_ckplus_has_its_known_counts():
    data = read_data(data_path('ckplus/CK+48.zip'))

    counts = dict(zip(data.label_names, np.bincount(data.labels).tolist(), strict=True))
    assert counts == {
        'angry': 135,
        'contempt': 54,
        'disgust': 177,
        'fear': 75,
        'happy': 207,
        'sad': 84,
        'surprise': 249,
    }
    assert len({source.split('_')[0] for source in data.source}) == 118


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

    data = read_folders(tmp_path, faults)

    assert data.source.tolist() == ['fear/good.png', 'sad/good.png']
    assert data.skipped == {
        'the picture cannot be decoded': ['fear/short.jpg', 'fear/short.png', 'sad/text.png'],
        'the file is empty': ['sad/empty.png'],
        'the file is no picture that Pillow or OpenCV reads': ['sad/notes.txt'],
    }
    with pytest.raises(DataError, match=r'fear/short\.jpg'):
        read_folders(tmp_path, Faults(strict=True))


def test_a_broken_file_in_an_archive_is_skipped_and_named(tmp_path):
    for name in ('fear', 'sad'):
        picture(tmp_path / 'pictures' / name / 'good.png')
    (tmp_path / 'pictures' / 'sad' / 'empty.png').write_bytes(b'')
    marked = tmp_path / 'pictures' / 'sad' / 'marked.png'
    marked.write_bytes(b'the content that is to be changed')
    path = archive(tmp_path / 'pictures.zip', tmp_path / 'pictures')
    path.write_bytes(path.read_bytes().replace(b'to be changed', b'now otherwise'))

    data = read_data(path)

    assert data.source.tolist() == ['fear/good.png', 'sad/good.png']
    reasons = {name: reason for reason, names in data.skipped.items() for name in names}
    assert reasons['sad/empty.png'] == 'the file is empty'
    assert 'the file cannot be read (Bad CRC-32' in reasons['sad/marked.png']


def test_an_archive_that_is_none_is_refused(tmp_path):
    path = tmp_path / 'CK+48.zip'
    path.write_bytes(b'no archive')

    with pytest.raises(DataError, match='cannot read '):
        read_data(path)


def test_a_folder_without_classes_is_refused(tmp_path):
    with pytest.raises(DataError, match='at least two class folders'):
        read_data(tmp_path)


def test_a_folder_beside_those_of_the_splits_is_named(tmp_path):
    for name in ('train/fear', 'train/sad', 'extra/sad', '.cache/sad', '__MACOSX/sad'):
        picture(tmp_path / name / 'a.png')

    data = read_data(tmp_path)

    assert len(data) == 2
    assert data.skipped == {'the folder belongs to no split, but other folders do': ['extra']}


def test_a_picture_that_lies_outside_the_classes_is_named(tmp_path):
    for name in ('fear/a.png', 'sad/a.png', 'lost.png'):
        picture(tmp_path / name)
    (tmp_path / 'notes.txt').write_text('no picture, and no loss')

    data = read_data(tmp_path)

    assert len(data) == 2
    assert data.skipped == {'the picture is not in a class folder': ['lost.png']}


def test_sixteen_bits_a_pixel_become_eight(tmp_path):
    ramp = np.linspace(0, 65535, 2304).astype(np.uint16).reshape(48, 48)
    for name in ('fear', 'sad'):
        picture(tmp_path / name / 'a.png')
    cv2.imwrite(str(tmp_path / 'fear' / 'a.png'), ramp)

    assert np.array_equal(read_data(tmp_path).images[0], np.rint(ramp / 257))


def test_a_photograph_is_turned_as_its_exif_says(tmp_path):
    upright = np.zeros((60, 40), np.uint8)
    upright[:30] = 200
    picture(tmp_path / 'sad' / 'a.png')
    (tmp_path / 'fear').mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was on its side: rotate clockwise
    Image.fromarray(np.rot90(upright)).save(tmp_path / 'fear' / 'a.png', exif=exif)

    image = read_data(tmp_path).images[0]

    assert image[:20].min() > 190
    assert image[28:].max() < 10


def test_votes_beside_go_by_the_names_that_ferplus_gives(tmp_path):
    names = ('FER2013Train/fear/fer0000002.png', 'FER2013Test/sad/fer0000009.png')
    for name in (*names, 'FER2013Train/sad/fer0000003.png'):
        picture(tmp_path / name)
    rows = ['Training,fer0000002.png,1', 'PrivateTest,fer0000009.png,5', 'Training,,7']
    zeros = ',0' * 9
    (tmp_path / 'fer2013new.csv').write_text(
        '\n'.join([VOTES_HEADER, *(row + zeros for row in rows)])
    )

    data = read_data(tmp_path)

    assert dict(zip(data.source.tolist(), data.votes[:, 0].tolist(), strict=True)) == {
        'FER2013Train/fear/fer0000002.png': 1,
        'FER2013Test/sad/fer0000009.png': 5,
    }
    assert data.skipped == {
        'fer2013new.csv has no votes for it': ['FER2013Train/sad/fer0000003.png']
    }


def test_votes_that_name_none_of_the_pictures_are_not_used_and_that_is_told(tmp_path, capsys):
    for name in ('fear', 'sad'):
        picture(tmp_path / name / 'a.png')
    (tmp_path / 'fer2013new.csv').write_text(f'{VOTES_HEADER}\nTraining,b.png{",0" * 10}\n')

    assert read_data(tmp_path).votes is None
    assert 'contains none of the pictures' in capsys.readouterr().err
