import pytest

from training.data.datasets import DataError
from training.data.reading.ferplus_file import read_votes

HEADER = (
    'Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF'
)


def written(path, *rows):
    path.write_text('\n'.join([HEADER, *rows]) + '\n')
    return path


def test_votes_are_read_in_the_order_of_the_rows(tmp_path):
    path = written(
        tmp_path / 'votes.csv',
        'Training,fer0000000.png,4,0,0,1,3,2,0,0,0,0',
        'PublicTest,,0,10,0,0,0,0,0,0,0,0',
    )

    found = read_votes(path)

    assert found.votes.tolist() == [[4, 0, 0, 1, 3, 2, 0, 0, 0, 0], [0, 10] + [0] * 8]
    assert found.split.tolist() == ['train', 'public']
    assert found.of_split('public').tolist() == [[0, 10] + [0] * 8]


def test_a_name_that_is_empty_or_there_twice_names_no_picture(tmp_path):
    zeros = ',0' * 10
    path = written(
        tmp_path / 'votes.csv',
        *(f'Training,{name}{zeros}' for name in ('a.png', '', 'b.png', 'b.png', '')),
    )

    assert list(read_votes(path).by_name()) == ['a']


@pytest.mark.parametrize('vote', ['11', '-1', 'x', ''])
def test_votes_that_are_none_are_refused(tmp_path, vote):
    path = written(tmp_path / 'votes.csv', f'Training,a.png,{vote},0,0,0,0,0,0,0,0,0')

    with pytest.raises(DataError, match=r'votes\.csv'):
        read_votes(path)


@pytest.mark.parametrize('row', ['Training,a.png,1,2', f'Test,a.png{",0" * 10}'])
def test_a_row_that_is_too_short_or_of_no_split_is_refused(tmp_path, row):
    with pytest.raises(DataError, match=r'votes\.csv'):
        read_votes(written(tmp_path / 'votes.csv', row))
