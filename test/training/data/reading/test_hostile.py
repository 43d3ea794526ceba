"""Input that would fill the memory: it is bounded before it is read, and named."""

import gzip
import io
import json
import os
from pathlib import Path
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib

from own_data import write_folders
from own_data import write_table
import pytest

from training.data.datasets import DataError
from training.data.reading import archives
from training.data.reading import files
from training.data.reading.forms import read_data

ROOT = Path(__file__).parents[4]

MIB = 1 << 20

# Sides of square pictures that are too large [px].
SIDES = (7000, 30_000, 2**31 - 1)

# Address space of the child process above that of its imports, and size of the hostile input. The
# input is larger, so reading it as a whole fails.
ROOM = 350 * MIB
LARGE = 450 * MIB

READ = """
import contextlib, io, json, resource, sys
from pathlib import Path
from training.data.datasets import DataError
from training.data.reading.forms import read_data

used = int(Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + {room}, used + {room}))
told = dict()
for path in sys.argv[1:]:
    written = io.StringIO()
    with contextlib.redirect_stderr(written):
        try:
            result = f'{{len(read_data(Path(path)))}} pictures'
        except DataError as error:
            result = f'refused: {{error}}'
        except MemoryError:
            result = 'out of memory'
    told[Path(path).name] = result + chr(10) + written.getvalue()
print(json.dumps(told))
"""


@pytest.fixture(scope='module')
def told(tmp_path_factory):
    """Return what is told of each hostile data set, read by one process with little memory."""
    root = tmp_path_factory.mktemp('hostile')
    paths = [
        write_large_member(root / 'picture.zip', 'train/happy/large.png'),
        write_large_member(root / 'table.zip', 'fer2013.csv'),
        write_large_file(root / 'data.tar.gz'),
        write_large_file(root / 'data.csv.gz'),
        write_long_line(root / 'long_line' / 'fer2013.csv').parent,
        write_links(root / 'links'),
        *(write_large_picture(root / f'side_{side}', side) for side in SIDES),
    ]
    done = subprocess.run(
        [sys.executable, '-c', READ.format(room=ROOM), *map(str, paths)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
        env={**os.environ, 'OMP_NUM_THREADS': '1'},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def zeros(opened, size, begin=b''):
    """Write zeros into an open file."""
    opened.write(begin)
    for _ in range(size // MIB):
        opened.write(bytes(MIB))


def write_large_member(path, name):
    """Write a small ZIP archive with a large member beside pictures."""
    data = write_folders(path.with_suffix(''))
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file in data.rglob('*.png'):
            archive.write(file, file.relative_to(data))
        with archive.open(name, 'w') as member:
            zeros(member, LARGE)
    assert path.stat().st_size < 5 * MIB
    return path


@pytest.mark.parametrize(
    ('archive', 'name'), [('picture.zip', 'train/happy/large.png'), ('table.zip', 'fer2013.csv')]
)
def test_a_large_member_of_a_small_zip_is_skipped_and_named(told, archive, name):
    assert '42 pictures' in told[archive]
    assert 'unpacks to more than 450 MiB from 2.0 MiB' in told[archive]
    assert name in told[archive]


def write_large_file(path):
    """Write a small compressed file that unpacks to a large one."""
    with gzip.open(path, 'wb', 1) as packed:
        begin = b'emotion,pixels,Usage\n'
        if '.tar' in path.name:
            info = tarfile.TarInfo('train/happy/large.png')
            info.size = LARGE
            begin = info.tobuf()
        zeros(packed, LARGE, begin)
    return path


@pytest.mark.parametrize('name', ['data.tar.gz', 'data.csv.gz'])
def test_a_small_file_that_unpacks_to_a_large_one_is_refused(told, name):
    assert told[name].startswith('refused')
    assert f'{name} unpacks to more than' in told[name]


def test_a_large_header_in_a_tar_archive_is_refused(tmp_path):
    info = tarfile.TarInfo('././@PaxHeader')
    info.type, info.size = tarfile.XHDTYPE, 100 * MIB
    path = tmp_path / 'data.tar.gz'
    path.write_bytes(gzip.compress(info.tobuf() + bytes(2 * MIB)))

    with pytest.raises(DataError, match='has a header of 104857600 bytes'):
        read_data(path)


def write_long_line(path):
    """Write a table with a line of 300 MiB."""
    table = write_table(path)
    lines = table.read_bytes().splitlines(keepends=True)
    with open(table, 'wb') as opened:
        opened.writelines(lines[:3])
        for _ in range(LARGE // MIB):
            opened.write(b'7 ' * (MIB // 2))
        opened.write(b'\n')
        opened.writelines(lines[3:])
    return path


def test_a_line_without_an_end_costs_only_its_row(told):
    assert '21 pictures' in told['long_line']
    assert 'the row is longer than 8 MiB: fer2013.csv line 4 (row 2)' in told['long_line']


def write_links(folder):
    """Write a data set with devices, pipes and loops of links."""
    happy = write_folders(folder) / 'train' / 'happy'
    (happy / 'zero.png').symlink_to('/dev/zero')
    os.mkfifo(happy / 'pipe.png')
    (happy / 'loop').symlink_to(folder / 'train')
    (happy / 'self').symlink_to('self')
    (happy / 'lost.png').symlink_to('nowhere.png')
    (folder / 'fer2013.csv').symlink_to('/dev/zero')
    return folder


def test_devices_pipes_and_loops_of_links_are_named(told):
    assert '42 pictures' in told['links']
    for name in ('fer2013.csv', 'train/happy/zero.png', 'train/happy/pipe.png'):
        assert name in told['links']
    assert 'the link leads to a folder that contains it: train/happy/loop' in told['links']
    assert 'the link leads nowhere: train/happy/lost.png' in told['links']


@pytest.mark.parametrize('path', ['/dev/zero', '/dev/null'])
def test_a_device_is_no_data_set(path):
    with pytest.raises(DataError, match=f'{path} is neither a file nor a folder'):
        read_data(Path(path))


def test_links_that_multiply_the_files_are_limited(tmp_path, monkeypatch):
    monkeypatch.setattr(files, 'MOST_FILES', 300)
    write_folders(tmp_path, '{label}/{number}.png', ('',), count=1)
    for folder in list(tmp_path.iterdir()):
        for other in list(tmp_path.iterdir()):
            if other != folder:
                (folder / f'to_{other.name}').symlink_to(other)

    with pytest.raises(DataError, match='more than 300 files'):
        read_data(tmp_path)


def test_members_of_an_archive_are_limited(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, 'MOST_FILES', 5)
    with zipfile.ZipFile(tmp_path / 'data.zip', 'w') as archive:
        for number in range(6):
            archive.writestr(f'happy/{number}.png', b'')
    with tarfile.open(tmp_path / 'data.tar', 'w') as archive:
        for number in range(6):
            archive.addfile(tarfile.TarInfo(f'happy/{number}.png'), io.BytesIO())

    for name in ('data.zip', 'data.tar'):
        with pytest.raises(DataError, match=f'{name} has more than 5 files'):
            read_data(tmp_path / name)


def large_png(width, height):
    """Return a PNG file whose header states a size, with few bytes of pixels."""

    def chunk(kind, content):
        body = kind + content
        return struct.pack('>I', len(content)) + body + struct.pack('>I', zlib.crc32(body))

    header = struct.pack('>IIBBBBB', width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    parts = chunk(b'IHDR', header), chunk(b'IDAT', pixels), chunk(b'IEND', b'')
    return b'\x89PNG\r\n\x1a\n' + b''.join(parts)


def write_large_picture(folder, side):
    """Write a data set with a picture of many pixels."""
    write_folders(folder)
    (folder / 'train' / 'happy' / 'large.png').write_bytes(large_png(side, side))
    return folder


@pytest.mark.parametrize('side', SIDES)
def test_a_picture_of_many_pixels_is_named_and_not_decoded(told, side):
    assert '42 pictures' in told[f'side_{side}']
    assert 'more than 40 megapixels: train/happy/large.png' in told[f'side_{side}']


def test_a_table_of_many_labels_is_refused(tmp_path):
    pixels = ' '.join(['7'] * 2304)
    rows = [f'label {number},{pixels}' for number in range(1001)]
    (tmp_path / 'train.csv').write_text('\n'.join(['label,pixels', *rows]))

    with pytest.raises(DataError, match='more than 1000 different labels'):
        read_data(tmp_path / 'train.csv')
