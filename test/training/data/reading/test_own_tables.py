"""The tables that people have."""

import numpy as np
from own_data import face
from own_data import labels_by_brightness
from own_data import row_of
from own_data import write_table
import pytest

from fer_ros.perception.emotions import FER2013_LABELS
from training.data.datasets import DataError
from training.data.reading.forms import read_data
from training.data.selection import select
from training.data.selection import Selection


def spread(image):
    return row_of(image).replace(' ', ',')


FORMS = {
    'utf_16': {'encoding': 'utf-16'},
    'semicolons': {'header': 'emotion;pixels;Usage', 'row': '{label};{pixels};{usage}'},
    'tabs': {'header': 'emotion\tpixels\tUsage', 'row': '{label}\t{pixels}\t{usage}'},
    'index': {'header': ',emotion,pixels,Usage', 'row': '{number},{label},{pixels},{usage}'},
    'words': {'labels': [name.title() for name in FER2013_LABELS]},
    'misspelt': {'labels': ['anger', 'digust', 'fearful', 'joy', 'SAD', 'suprise', 'neutral']},
    'label_column': {'header': 'label,pixels,Usage'},
    'floats': {'labels': [f'{number}.0' for number in range(7)]},
    'small_usage': {'usages': ('training', 'publictest', 'privatetest')},
    'other_usage': {'header': 'emotion,pixels,split', 'usages': ('train', 'val', 'test')},
    'float_pixels': {'pixels': lambda image: ' '.join(f'{v:.1f}' for v in image.ravel())},
    'brackets': {'pixels': lambda image: f'"[{spread(image)}]"'},
    'double_blanks': {'pixels': lambda image: row_of(image).replace(' ', '  ')},
    'columns': {
        'header': f'emotion,{",".join(f"pixel{i}" for i in range(2304))},Usage',
        'pixels': spread,
    },
    'larger': {'side': 64},
    'smaller': {'side': 32},
}


@pytest.mark.parametrize('name', FORMS)
def test_every_form_of_a_table_is_read(tmp_path, name):
    data = read_data(write_table(tmp_path / 'fer2013.csv', **FORMS[name]))

    assert data.skipped == {}
    assert data.label_names == FER2013_LABELS
    assert data.labels.tolist() == labels_by_brightness(data.images)
    assert [int((data.split == name).sum()) for name in ('train', 'public', 'private')] == [7] * 3
    if FORMS[name].get('side', 48) == 48:
        assert np.array_equal(data.images[7], face(0, 100))


def test_a_table_without_usage_is_divided_for_training(tmp_path):
    path = write_table(
        tmp_path / 'fer2013.csv', 'emotion,pixels', '{label},{pixels}', usages=range(20)
    )

    data = select(read_data(path), Selection())

    assert [int((data.split == name).sum()) for name in ('train', 'public', 'private')] == [
        *(112, 14, 14)
    ]


def test_a_table_without_labels_beside_others_is_named(tmp_path):
    write_table(tmp_path / 'train.csv', 'emotion,pixels', '{label},{pixels}')
    write_table(tmp_path / 'test.csv', 'pixels', '{pixels}')

    data = read_data(tmp_path)

    assert set(data.split.tolist()) == {'train'}
    assert data.skipped == {'the file has no column emotion, so it has no labels': ['test.csv']}


def test_labels_from_1_to_7_are_refused_with_the_ways_out(tmp_path):
    path = write_table(tmp_path / 'fer2013.csv', labels=tuple('1234567'))

    with pytest.raises(DataError, match=r'may be shifted by one: --labels angry.*--labels raf-db'):
        read_data(path)

    shifted = read_data(path, labels=FER2013_LABELS)
    assert shifted.labels.tolist() == labels_by_brightness(shifted.images)
    raf = read_data(path, labels=('raf-db',))
    assert raf.label_names[raf.labels[0]] == 'surprise'


@pytest.mark.parametrize('first', [-1, 1])
@pytest.mark.parametrize('count', [6, 7])
def test_numbers_that_do_not_begin_at_0_are_refused(tmp_path, first, count):
    labels = [str(first + number) for number in range(count)]
    path = write_table(tmp_path / 'faces.csv', labels=labels)

    with pytest.raises(DataError, match='whose meaning is not certain'):
        read_data(path)

    data = read_data(path, labels=FER2013_LABELS[:count])
    assert data.labels.tolist() == labels_by_brightness(data.images)


def test_minus_1_beside_all_numbers_marks_rows_without_a_label(tmp_path):
    path = write_table(tmp_path / 'faces.csv', labels=[*'0123456', '-1'])

    data = read_data(path)

    assert data.label_names == FER2013_LABELS
    assert data.labels.tolist() == labels_by_brightness(data.images)
    assert [len(names) for names in data.skipped.values()] == [3]


def test_labels_that_begin_at_1_in_one_split_only_are_refused(tmp_path):
    write_table(tmp_path / 'train.csv', 'emotion,pixels', '{label},{pixels}')
    write_table(tmp_path / 'test.csv', 'emotion,pixels', '{label},{pixels}', tuple('1234567'))

    with pytest.raises(DataError, match='test pictures are the numbers 1 to 7, but .* begin at 0'):
        read_data(tmp_path)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (b'version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 3', 'git lfs pull'),
        (b'<!DOCTYPE html><html>login</html>', 'a web page, and not the file itself'),
    ],
)
@pytest.mark.parametrize('name', ['fer2013.csv', 'fer2013.npz', 'data.zip'])
def test_a_file_that_stands_for_another_is_recognised(tmp_path, content, message, name):
    (tmp_path / name).write_bytes(content)

    for path in (tmp_path / name, tmp_path):
        with pytest.raises(DataError, match=f'{name} is .*{message}'):
            read_data(path)


@pytest.mark.parametrize('content', [b'', b'PK\3\4 and no more', b'\x93NUMPY\1\0'])
def test_a_damaged_packed_file_is_refused_in_one_sentence(tmp_path, content):
    (tmp_path / 'fer2013.npz').write_bytes(content)

    with pytest.raises(DataError, match=r'fer2013\.npz is .*copy or download it again'):
        read_data(tmp_path)


def test_another_packed_file_is_refused(tmp_path):
    np.savez(tmp_path / 'own.npz', X=np.zeros(3))

    with pytest.raises(DataError, match=r'own\.npz has no .* so it is not the packed FER2013'):
        read_data(tmp_path / 'own.npz')
