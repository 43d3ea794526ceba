import os
import socket
import stat
import tempfile

import pytest

from fer_ros.perception.files import anonymous_file
from fer_ros.perception.files import FileError
from fer_ros.perception.files import private_copy
from fer_ros.perception.files import read_file


def test_a_link_to_a_regular_file_is_read(tmp_path):
    (tmp_path / 'real').write_bytes(b'content')
    (tmp_path / 'link').symlink_to('real')

    assert read_file(tmp_path / 'link', 100) == b'content'


def test_a_file_may_have_the_limit_and_no_byte_more(tmp_path):
    (tmp_path / 'file').write_bytes(b'12345')

    assert read_file(tmp_path / 'file', 5) == b'12345'
    with pytest.raises(FileError, match='more than 4 bytes'):
        read_file(tmp_path / 'file', 4)


def test_a_file_that_hides_its_size_is_limited_as_well():
    with pytest.raises(FileError, match='more than 3 bytes'):
        read_file('/proc/self/status', 3)


def pipe(path):
    os.mkfifo(path)


def listening_socket(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


@pytest.mark.parametrize(
    ('make', 'reason'),
    [
        (pipe, 'a pipe'),
        (os.mkdir, 'a folder'),
        (listening_socket, 'cannot read '),
        (lambda path: path.symlink_to('/dev/zero'), 'a device'),
        (lambda path: path.symlink_to(path), 'cannot read '),
        (lambda path: None, 'cannot read .*: No such file'),
    ],
)
def test_whatever_is_no_regular_file_is_refused_at_once(tmp_path, monkeypatch, make, reason):
    # A relative path is used, because the length of a socket path is limited.
    monkeypatch.chdir(tmp_path)
    make(tmp_path.__class__('odd'))

    with pytest.raises(FileError, match=reason):
        read_file('odd', 100)


@pytest.mark.parametrize('name', ['a\0b', 'a' * 5000, 'x/' * 3000, '\x1b[31m\n[FATAL] forged'])
def test_a_hostile_name_is_refused_in_one_short_line(name):
    with pytest.raises(FileError) as caught:
        read_file(name, 100)

    assert len(str(caught.value)) < 400
    assert str(caught.value).isprintable()


def test_a_private_copy_is_for_this_user_alone_and_is_removed():
    with private_copy(b'content', 'model.keras') as path:
        assert path.read_bytes() == b'content'
        assert path.name == 'model.keras'
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700

    assert not path.parent.exists()


@pytest.mark.parametrize('folder', ['.', '/nowhere'])
def test_an_anonymous_file_is_read_from_its_begin(tmp_path, monkeypatch, folder):
    # Without a writable folder, the file is created in memory.
    monkeypatch.setattr(tempfile, 'tempdir', str(tmp_path / folder))
    descriptor = anonymous_file(b'content' * 100_000)
    with open(descriptor, 'rb') as file:
        assert file.read() == b'content' * 100_000
