import numpy as np
import pytest

from fer_ros.perception.emotions import FERPLUS_LABELS
from training.data.datasets import DataError
from training.data.reading.csv_files import read_csv
from training.data.reading.faults import Faults
from training.data.reading.forms import read_data

PIXELS = ' '.join(['7'] * 2304)
GOOD = f'3,{PIXELS},Training'
HEADER = 'emotion,pixels,Usage'
VOTES_HEADER = (
    'Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF'
)
RAMP = ' '.join(str(i % 256) for i in range(2304))


def written(path, *lines):
    path.write_text('\n'.join(lines) + '\n')
    return path


def votes(path, *usages):
    rows = [f'{usage},fer{i:07d}.png,{i},0,0,0,0,0,0,0,0,0' for i, usage in enumerate(usages)]
    return written(path / 'fer2013new.csv', VOTES_HEADER, *rows)


def test_the_official_form_gives_pictures_labels_and_splits(tmp_path):
    path = written(
        tmp_path / 'fer2013.csv',
        HEADER,
        GOOD,
        f'0,{RAMP},PublicTest',
        f'6,{PIXELS},PrivateTest',
    )

    data = read_csv(path, Faults())

    assert data.images.shape == (3, 48, 48)
    assert data.images[1].ravel().tolist() == [i % 256 for i in range(2304)]
    assert [data.label_names[label] for label in data.labels] == ['happy', 'angry', 'neutral']
    assert data.split.tolist() == ['train', 'public', 'private']
    assert data.votes is None


@pytest.mark.parametrize(
    'content',
    [
        f'emotion, Usage, pixels\n3,Training,{RAMP}\n',
        f'"emotion","pixels","Usage"\n"3","{RAMP}","Training"\n',
        f'emotion,pixels,Usage\n3,"{RAMP}",Training\n',
        f'\ufeffemotion,pixels,Usage\r\n3,{RAMP},Training\r\n',
        f'emotion,pixels,Usage\n3,{RAMP},Training',
        f'emotion,pixels,Usage\n3,{RAMP},Training\n\n\n',
        f'emotion,pixels,Usage\n 3 , {RAMP} , Training ,\n',
        f'id,emotion,pixels,Usage\n17,3,{RAMP},Training\n',
    ],
    ids=[
        *('other_order', 'all_quoted', 'pixels_quoted', 'bom_and_crlf', 'no_last_line_end'),
        *('blank_lines_at_the_end', 'blanks_and_last_comma', 'further_column'),
    ],
)
def test_what_csv_files_look_like_in_the_wild_is_read_all_the_same(tmp_path, content):
    path = tmp_path / 'fer2013.csv'
    path.write_bytes(content.encode())

    data = read_csv(path, Faults(strict=True))

    assert data.images.ravel().tolist() == [i % 256 for i in range(2304)]
    assert (data.labels.tolist(), data.split.tolist()) == ([3], ['train'])


def test_the_two_column_form_has_a_file_for_each_split(tmp_path):
    for name in ('train', 'validation', 'test'):
        written(tmp_path / f'{name}.csv', 'emotion,pixels', f'1,{PIXELS}')

    data = read_data(tmp_path)

    assert sorted(data.split.tolist()) == ['private', 'public', 'train']
    assert read_data(tmp_path / 'validation.csv').split.tolist() == ['public']


def test_ckplus_as_csv_has_contempt_behind_neutral(tmp_path):
    path = written(
        tmp_path / 'ckextended.csv',
        HEADER,
        f'6,{PIXELS},Training',
        f'7,{PIXELS},PublicTest',
        f'8,{PIXELS},PrivateTest',
    )
    faults = Faults()

    data = read_csv(path, faults)

    assert data.label_names == FERPLUS_LABELS
    assert [data.label_names[label] for label in data.labels] == ['neutral', 'contempt']
    assert 'the label is not from 0 to 7' in faults.text()
    assert len(read_data(tmp_path)) == 2


@pytest.mark.parametrize(
    ('row', 'reason'),
    [
        (f'3,{PIXELS[:-2]},Training', 'the number of pixels is not 2304'),
        (f'3,{PIXELS} 7,Training', 'the number of pixels is not 2304'),
        ('3,,Training', 'the number of pixels is not 2304'),
        ('3', 'the row has fewer columns than the header'),
        (f'3,{PIXELS},Training,Training', 'the row has more columns than the header'),
        (f'3,{PIXELS.replace(" ", ",")},Training', 'the row has more columns than the header'),
        ('', 'the row is blank'),
        ('  ', 'the row is blank'),
        (f'3,256 {PIXELS[2:]},Training', 'a pixel is not a number from 0 to 255'),
        (f'3,-1 {PIXELS[2:]},Training', 'a pixel is not a number from 0 to 255'),
        (f'3,x {PIXELS[2:]},Training', 'a pixel is not a number from 0 to 255'),
        (f'3,1.5 {PIXELS[2:]},Training', 'a pixel is not a number from 0 to 255'),
        (f'7,{PIXELS},Training', 'the label is not from 0 to 6'),
        (f'-1,{PIXELS},Training', 'the label is not from 0 to 6'),
        (f'happy,{PIXELS},Training', 'the label is not from 0 to 6'),
        (f',{PIXELS},Training', 'the label is not from 0 to 6'),
        (f'3,{PIXELS},Other', 'the usage is not one of'),
        (f'3,{PIXELS},', 'the usage is not one of'),
    ],
)
def test_a_broken_row_is_skipped_counted_and_named(tmp_path, row, reason):
    path = written(tmp_path / 'fer2013.csv', HEADER, GOOD, row, GOOD)
    faults = Faults()

    data = read_csv(path, faults)

    # Blank rows have no number, because the FER+ votes are numbered by the other rows.
    second = 1 if not row.strip() else 2
    assert data.source.tolist() == ['fer2013/00000', f'fer2013/{second:05d}']
    assert faults.count == 1
    assert reason in faults.text()
    assert 'fer2013.csv line 3' in faults.text()
    assert data.skipped == faults.names
    with pytest.raises(DataError, match=r'fer2013.csv line 3'):
        read_csv(path, Faults(strict=True))


def test_the_first_broken_row_stops_it_whatever_is_wrong_with_later_ones(tmp_path):
    path = written(
        tmp_path / 'fer2013.csv', HEADER, GOOD, f'3,{PIXELS} 7,Training', f'9,{PIXELS},Training'
    )

    with pytest.raises(DataError, match=r'line 3 \(row 1\): the number of pixels'):
        read_csv(path, Faults(strict=True))


def test_an_open_quote_costs_no_row_but_its_own(tmp_path):
    path = written(tmp_path / 'fer2013.csv', HEADER, f'3,"{PIXELS},Training', GOOD)
    faults = Faults()

    assert len(read_csv(path, faults)) == 1
    assert faults.names == {
        'the row has fewer columns than the header': ['fer2013.csv line 2 (row 0)']
    }


def test_rows_are_the_same_whatever_blocks_they_are_read_in(tmp_path, monkeypatch):
    generator = np.random.default_rng(0)
    numbers = generator.integers(0, 256, (20, 2304))
    rows = [f'3,{" ".join(map(str, row))},Training' for row in numbers.tolist()]
    path = written(tmp_path / 'fer2013.csv', HEADER, *rows)

    for size in (7, 5000, 1 << 20):
        monkeypatch.setattr('training.data.reading.csv_blocks.BLOCK_BYTES', size)
        data = read_csv(path, Faults(strict=True))

        assert np.array_equal(data.images.reshape(20, -1), numbers)


def test_votes_beside_go_by_the_row_also_past_one_that_is_skipped(tmp_path):
    path = written(tmp_path / 'fer2013.csv', HEADER, GOOD, '9,,Training', '', GOOD)
    votes(tmp_path, 'Training', 'Training', 'Training')

    data = read_csv(path, Faults())

    assert data.votes[:, 0].tolist() == [0, 2]


def test_votes_of_a_file_for_each_split_go_by_its_rows(tmp_path):
    for name in ('train', 'test'):
        written(tmp_path / f'{name}.csv', 'emotion,pixels', f'1,{PIXELS}', f'2,{RAMP}')
    votes(tmp_path, 'PrivateTest', 'Training', 'PrivateTest', 'Training')

    data = read_data(tmp_path)

    assert data.source.tolist() == [f'{n}/0000{i}' for n in ('test', 'train') for i in (0, 1)]
    assert data.votes[:, 0].tolist() == [0, 2, 1, 3]


def test_rows_that_the_votes_do_not_go_with_are_skipped_and_named(tmp_path, capsys):
    path = written(
        tmp_path / 'fer2013.csv', HEADER, GOOD, f'3,{PIXELS},PublicTest', GOOD, GOOD, GOOD
    )
    votes(tmp_path, 'Training', 'Training', 'Training')
    faults = Faults()

    data = read_csv(path, faults)

    assert data.votes[:, 0].tolist() == [0, 2]
    assert faults.names == {
        'fer2013new.csv has another split in this row': ['fer2013.csv line 3 (row 1)'],
        'fer2013new.csv has no votes for the row': [
            'fer2013.csv line 5 (row 3)',
            'fer2013.csv line 6 (row 4)',
        ],
    }


def test_votes_for_more_rows_than_there_are_is_told_or_stops_it(tmp_path, capsys):
    path = written(tmp_path / 'fer2013.csv', HEADER, GOOD)
    votes(tmp_path, 'Training', 'Training')

    assert len(read_csv(path, Faults()).votes) == 1
    assert 'has 1 rows, but fer2013new.csv has votes for 2' in capsys.readouterr().err
    with pytest.raises(DataError, match='has votes for 2'):
        read_csv(path, Faults(strict=True))


@pytest.mark.parametrize(
    ('first', 'message'),
    [
        ('emotion,pixel,Usage', 'has no column pixels; its first line'),
        (GOOD, "has no column emotion, pixels, Usage; its first line is '3,7 7 7"),
        ('', 'has no column emotion'),
    ],
)
def test_a_file_without_its_header_is_refused(tmp_path, first, message):
    path = written(tmp_path / 'fer2013.csv', first, GOOD)

    with pytest.raises(DataError, match=message):
        read_csv(path, Faults())


def test_a_file_with_nothing_in_it_is_refused(tmp_path):
    path = tmp_path / 'fer2013.csv'
    path.write_bytes(b'')

    with pytest.raises(DataError, match='has no column emotion'):
        read_csv(path, Faults())


def test_a_file_without_a_good_row_is_refused_and_says_why(tmp_path):
    path = written(tmp_path / 'fer2013.csv', HEADER, f'9,{PIXELS},Training')

    with pytest.raises(DataError, match='skipped 1: the label is not from 0 to 6'):
        read_csv(path, Faults())


def test_a_folder_with_several_tables_that_have_no_known_name_is_refused(tmp_path):
    for name in ('a', 'b'):
        written(tmp_path / f'{name}.csv', HEADER, GOOD)

    with pytest.raises(DataError, match='contains neither fer2013.csv nor'):
        read_csv(tmp_path, Faults())


def test_fer2013_is_the_same_from_a_csv(fer2013, tmp_path):
    usage = {'train': 'Training', 'public': 'PublicTest', 'private': 'PrivateTest'}
    some = fer2013.take(np.arange(0, len(fer2013), 100))
    rows = [
        f'{label},{" ".join(map(str, image.ravel().tolist()))},{usage[split]}'
        for image, label, split in zip(some.images, some.labels, some.split, strict=True)
    ]

    data = read_csv(written(tmp_path / 'fer2013.csv', HEADER, *rows), Faults(strict=True))

    assert np.array_equal(data.images, some.images)
    assert np.array_equal(data.labels, some.labels)
    assert np.array_equal(data.split, some.split)
