"""Archives as people have them."""

import bz2
import gzip
import tarfile

from own_data import labels_by_brightness
from own_data import write_folders
from own_data import write_table
from own_data import zipped
import pytest

from fer_ros.perception.emotions import FER2013_LABELS
from training.data.datasets import DataError
from training.data.reading.forms import read_data


def tarred(folder, path, mode='w:gz'):
    with tarfile.open(path, mode) as archive:
        archive.add(folder, 'the data')
    return path


def check(data):
    assert data.label_names == FER2013_LABELS
    assert data.labels.tolist() == labels_by_brightness(data.images)
    assert data.skipped == {}
    return len(data)


@pytest.mark.parametrize(
    ('separator', 'prefix'),
    [('/', ''), ('\\', ''), ('\\', 'C:\\data\\'), ('/', 'archive (1)/'), ('/', '../../')],
)
def test_a_zip_of_folders_is_read_like_the_folders(tmp_path, separator, prefix):
    folder = write_folders(tmp_path / 'folder')
    data = read_data(zipped(folder, tmp_path / 'data.zip', separator, prefix))

    assert check(data) == 42
    assert data.sha256 == read_data(folder).sha256


@pytest.mark.parametrize('mode', ['w', 'w:gz', 'w:bz2'])
def test_a_tar_archive_of_folders_is_read_like_the_folders(tmp_path, mode):
    folder = write_folders(tmp_path / 'folder')
    data = read_data(tarred(folder, tmp_path / 'data.tar.gz', mode))

    assert check(data) == 42
    assert data.sha256 == read_data(folder).sha256


@pytest.mark.parametrize('name', ['fer2013.csv.gz', 'fer2013.csv.bz2'])
def test_a_compressed_table_is_read(tmp_path, name):
    table = write_table(tmp_path / 'fer2013.csv')
    pack = gzip.compress if name.endswith('gz') else bz2.compress
    (tmp_path / 'only').mkdir()
    (tmp_path / 'only' / name).write_bytes(pack(table.read_bytes()))

    assert check(read_data(tmp_path / 'only' / name)) == 21
    assert check(read_data(tmp_path / 'only')) == 21


@pytest.mark.parametrize('kind', ['zip', 'tar'])
def test_the_archive_of_the_challenge_with_its_several_tables_is_read(tmp_path, kind):
    folder = tmp_path / 'challenge'
    write_table(
        folder / 'icml_face_data.csv', 'emotion, Usage, pixels', '{label},{usage},{pixels}'
    )
    write_table(folder / 'train.csv', 'emotion,pixels', '{label},{pixels}', usages=('',))
    write_table(folder / 'test.csv', 'pixels', '{pixels}', usages=('',))
    (folder / 'example_submission.csv').write_text('emotion\n0\n')
    (folder / 'fer2013.tar.gz').write_bytes(b'an archive in the archive')
    pack = zipped if kind == 'zip' else tarred

    data = read_data(pack(folder, tmp_path / 'challenge.archive'))

    assert check(data) == 21
    assert sorted(set(data.split.tolist())) == ['private', 'public', 'train']


def test_an_archive_with_nothing_but_an_archive_says_what_to_do(tmp_path):
    (tmp_path / 'a').mkdir()
    (tmp_path / 'a' / 'fer2013.tar.gz').write_bytes(b'content')
    path = zipped(tmp_path / 'a', tmp_path / 'outer.zip')

    with pytest.raises(
        DataError, match=r"contains the archive 'fer2013\.tar\.gz'; unpack outer\.zip"
    ):
        read_data(path)


def test_files_of_tools_in_an_archive_are_no_faults(tmp_path):
    folder = write_folders(tmp_path / 'folder')
    for name in ('__MACOSX/train/happy/._0.png', 'train/happy/.DS_Store', 'train/Thumbs.db'):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b'tool')

    assert check(read_data(zipped(folder, tmp_path / 'mac.zip'))) == 42


@pytest.mark.parametrize('size', [0, 100, 20_000])
@pytest.mark.parametrize('kind', ['zip', 'tar'])
def test_a_truncated_archive_is_refused_in_one_sentence(tmp_path, size, kind):
    folder = write_folders(tmp_path / 'folder')
    pack, name = (zipped, 'data.zip') if kind == 'zip' else (tarred, 'data.tar.gz')
    path = pack(folder, tmp_path / name)
    path.write_bytes(path.read_bytes()[:size])

    with pytest.raises(DataError, match=r'data\.(zip|tar\.gz).*copy or download it again'):
        read_data(path)


@pytest.mark.parametrize('name', ['data.rar', 'data.7z', 'data.tar.xz'])
def test_an_archive_of_another_kind_is_refused_with_the_remedy(tmp_path, name):
    (tmp_path / name).write_bytes(b'Rar!\x1a\x07 and more')

    with pytest.raises(DataError, match='unpack the archive, and give its folder'):
        read_data(tmp_path / name)


def test_an_archive_with_a_password_is_refused_in_one_sentence(tmp_path):
    path = zipped(write_folders(tmp_path / 'folder'), tmp_path / 'data.zip')
    content = path.read_bytes()
    # The flags of a file are 6 bytes after the begin of its header, and 8 in the list of files.
    for begin, place in ((b'PK\x03\x04', 6), (b'PK\x01\x02', 8)):
        first, *others = content.split(begin)
        at = place - len(begin)
        after = at + 1
        content = begin.join([first, *(o[:at] + bytes([o[at] | 1]) + o[after:] for o in others)])
    path.write_bytes(content)

    with pytest.raises(DataError) as raised:
        read_data(path)

    assert str(raised.value) == (
        f'{path} is encrypted; unpack it with its password, and give the path of the folder'
    )
