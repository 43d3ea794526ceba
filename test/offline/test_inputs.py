from pathlib import Path

import pytest

from fer_ros.offline.inputs import find_recordings
from fer_ros.offline.inputs import InputError
from fer_ros.offline.progress import describe
from fer_ros.offline.progress import Progress
from fer_ros.offline.progress import span


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in (
        'all/a.mp4',
        'all/day/b.mcap',
        'all/day/c.bag',
        'all/day/notes.txt',
        'all/split/x_0.mcap',
        'all/split/x_1.mcap',
        'all/bag/metadata.yaml',
        'all/bag/whatever.db3',
        'all/pictures/1.png',
        'all/pictures/2.png',
        'all/.hidden/d.mp4',
        'all/old/faces.parquet/recording=x/part-0.parquet',
        'all/old/recordings/x/metadata.yaml',
        'all/old/recordings/x/result.mcap',
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('')
    return tmp_path


def test_a_folder_stands_for_the_recordings_below_it(folder):
    assert [str(one) for one in find_recordings(['all'])] == [
        'all/a.mp4',
        'all/bag',
        'all/day/b.mcap',
        'all/day/c.bag',
        'all/pictures',
        'all/split',
    ]


def test_links_to_folders_are_followed_but_not_in_circles(folder):
    Path('linked').mkdir()
    Path('linked/today').symlink_to('../all/bag')
    Path('linked/again').symlink_to('.')
    Path('linked/up').symlink_to('../linked')
    Path('linked/gone').symlink_to('nowhere')

    assert [str(one) for one in find_recordings(['linked'])] == ['linked/today']


def test_each_recording_is_taken_once_and_in_order(folder):
    found = find_recordings(['all/day', 'all/a.mp4', 'all/day/b.mcap', 'gone.mp4'])

    assert [one.name for one in found] == ['b.mcap', 'c.bag', 'a.mp4', 'gone.mp4']


def test_a_list_names_recordings(folder):
    Path('list.txt').write_text('all/a.mp4\n\n all/bag \n')

    assert [one.name for one in find_recordings(['@list.txt'])] == ['a.mp4', 'bag']


def test_a_folder_that_cannot_be_read_is_an_input_that_fails(folder, monkeypatch):
    def refuse(_):
        raise PermissionError(13, 'Permission denied')

    monkeypatch.setattr('fer_ros.offline.inputs.os.scandir', refuse)

    assert find_recordings(['all']) == [Path('all')]


def test_a_folder_without_recordings_is_refused(folder):
    Path('empty').mkdir()

    with pytest.raises(InputError, match="'empty' contains no videos, bags or pictures"):
        find_recordings(['empty'])


@pytest.mark.parametrize(
    ('arguments', 'line'),
    [
        ((0, 3, 0, 0.0, 5.0), 'analyse: 0 of 3 recordings, 0 %'),
        ((1, 3, 1, 0.25, 30.0), 'analyse: 1 of 3 recordings, 25 %, 1 failed, 1 min 30 s left'),
        ((3, 3, 0, 1.2, 30.0), 'analyse: 3 of 3 recordings, 100 %, 0 s left'),
    ],
)
def test_progress_is_one_line_with_the_remaining_time(arguments, line):
    assert describe(*arguments) == line


def test_quiet_progress_tells_only_failures(capsys):
    progress = Progress({'a': 1, 'b': 1}, quiet=True)

    progress.finish('a', 'analyse: a is done', failed=False)
    progress.finish('b', 'analyse: b failed', failed=True)
    progress.update({})
    progress.end()

    assert capsys.readouterr().err == 'analyse: b failed\n'


@pytest.mark.parametrize(
    ('seconds', 'text'),
    [(0.4, '0 s'), (59.6, '1 min 0 s'), (61, '1 min 1 s'), (7325, '2 h 2 min')],
)
def test_time_spans_are_written_for_people(seconds, text):
    assert span(seconds) == text
