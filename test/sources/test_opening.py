import os

import pytest

from fer_ros.sources.base import SourceError
from fer_ros.sources.opening import open_source


def test_a_source_that_is_not_there_is_named(tmp_path, monkeypatch):
    # A long path would be shortened in the message.
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SourceError, match=r'no file or folder .*missing\.mp4.*astronaut'):
        open_source('missing.mp4')


@pytest.mark.parametrize(
    'source',
    [
        'x' * 100_000,
        '/dev/' + 'x' * 100_000,
        '9' * 5000,
        '9' * 100_000,
        'with\0zero',
        '/dev/with\0zero',
        'forged\n[FATAL] [emotion]: line\x1b[2J',
        '~no_such_user/video.mp4',
        '\ud800.png',
        '/dev/\ud800',
    ],
    # pytest stores the name of a test in an environment variable, whose length is limited.
    ids=lambda source: ascii(source)[:30],
)
def test_an_odd_source_is_refused_in_one_short_line(source):
    with pytest.raises(SourceError) as refused:
        open_source(source)

    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize('name', [b'\xff.png', b'\xff', b'\xff.mp4', b'a\n\x1b[2Jb.png'])
@pytest.mark.parametrize('in_folder', [True, False])
def test_a_file_with_an_odd_name_is_shown_in_one_line(tmp_path, told, name, in_folder):
    path = tmp_path / os.fsdecode(name)
    path.write_bytes(b'no image')

    with pytest.raises(SourceError) as refused:
        open_source(str(tmp_path if in_folder else path), tell=told.append)

    for sentence in (str(refused.value), *told):
        assert sentence.isprintable()


def test_an_empty_source_is_not_the_folder_one_is_in():
    with pytest.raises(SourceError, match='no file or folder'):
        open_source('')


@pytest.mark.parametrize('name', ['notes.txt', 'empty.mp4', 'picture.png', 'without_suffix'])
@pytest.mark.parametrize('content', [b'', b'no images in here'])
def test_a_file_without_images_is_refused(tmp_path, told, name, content):
    (tmp_path / name).write_bytes(content)

    with pytest.raises(SourceError, match=name):
        open_source(str(tmp_path / name), tell=told.append)

    assert told == []
