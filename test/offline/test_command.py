"""The executable `analyse`."""

import json
import os
from pathlib import Path
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from bags import messages_of
from bags import text
from bags import views
from bags import write_mcap
from fer_ros.offline import command
from fer_ros.sources.astronaut import load_astronaut

ROOT = Path(__file__).resolve().parents[2]
TINY = '/**: {ros__parameters: {model: fer2013_tiny}}'


@pytest.fixture
def params(tmp_path):
    path = tmp_path / 'params.yaml'
    path.write_text(TINY)
    return path


@pytest.fixture
def folder(tmp_path):
    """Make a folder with recordings of several kinds, also below it."""
    frames = views(load_astronaut(), 10)
    below = tmp_path / 'recordings' / 'day 2'
    below.mkdir(parents=True)
    write_mcap(tmp_path / 'recordings' / 'good.mcap', messages_of(frames))
    write_mcap(below / 'cut.mcap', messages_of(frames))
    data = (below / 'cut.mcap').read_bytes()
    (below / 'cut.mcap').write_bytes(data[: int(0.8 * len(data))])
    (below / 'empty.mp4').write_bytes(b'')
    write_mcap(below / 'words.mcap', [text('a')])
    return tmp_path / 'recordings'


def run(*arguments, **options):
    return subprocess.run(
        [sys.executable, '-m', 'fer_ros', 'analyse', *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
        **options,
    )


def test_a_folder_of_recordings_is_analysed_and_failures_are_told(folder, params, tmp_path):
    out = tmp_path / 'out'

    ended = run(folder, '-o', out, '--params', params, '--json', '--jobs', '2')

    assert ended.returncode == 1, ended.stderr
    summary = json.loads(ended.stdout)
    assert summary['done'] == 2
    reasons = {Path(path).name: reason for path, reason in summary['failed'].items()}
    assert sorted(reasons) == ['empty.mp4', 'words.mcap']
    assert 'is empty (0 bytes)' in reasons['empty.mp4']
    assert 'its topics are /chatter' in reasons['words.mcap']
    assert 'cut off' in ended.stderr
    assert 'Traceback' not in ended.stderr
    table = pd.read_parquet(out / 'faces.parquet')
    assert table['input'].nunique() == 2
    manifest = json.loads((out / 'manifest.json').read_text())
    assert manifest['model']['name'] == 'fer2013_tiny'
    assert len(manifest['recordings']) == 4
    assert not (out / '.work').exists()


def test_a_killed_call_goes_on_where_it_stopped(params, tmp_path):
    frames = views(load_astronaut(), 40)
    paths = [
        write_mcap(tmp_path / f'bag{number}.mcap', messages_of(frames[number:]))
        for number in range(3)
    ]
    out = tmp_path / 'out'
    arguments = ['-m', 'fer_ros', 'analyse', *map(str, paths), '-o', str(out), '--params', params]
    call = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stderr=subprocess.PIPE)
    # The first recording is done, so the next one is in progress.
    assert b'frames' in call.stderr.readline()
    call.send_signal(signal.SIGKILL)
    call.wait()
    call.stderr.close()
    before = json.loads((out / 'manifest.json').read_text())['recordings']

    ended = run(*paths, '-o', out, '--params', params, '--json')

    assert ended.returncode == 0, ended.stderr
    summary = json.loads(ended.stdout)
    assert summary['skipped'] == len(before) >= 1
    assert summary['done'] == 3 - len(before)
    table = pd.read_parquet(out / 'faces.parquet')
    rows = table.groupby('input')['frame'].max()
    assert rows.tolist() == [39, 38, 37]
    assert np.array_equal(table.duplicated(['input', 'frame', 'id']).unique(), [False])


@pytest.mark.parametrize(
    ('arguments', 'content', 'reason'),
    [
        (['nowhere'], TINY, 'there is no file or folder'),
        ([''], TINY, 'the path of an input is empty'),
        (['@nowhere'], TINY, "cannot read the list 'nowhere': No such file"),
        (['{empty}'], TINY, 'contains no videos, bags or pictures'),
        (['clip.mp4'], '/**: {ros__parameters: {hold: -1}}', 'hold is -1'),
        (['clip.mp4'], '/**: {ros__parameters: {model: gone}}', "'gone'"),
        (['clip.mp4'], 'a: 1', 'cannot read the parameter file'),
        (['clip.mp4', '-o', '/proc/nothing'], TINY, 'cannot write into the folder'),
    ],
)
def test_bad_input_is_refused_in_one_sentence(
    arguments, content, reason, params, tmp_path, capfd, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'empty').mkdir()
    params.write_text(content)
    given = [one.format(empty=tmp_path / 'empty') for one in arguments]

    status = command.main([*given, '--params', str(params)])

    said = capfd.readouterr().err.strip().splitlines()
    assert status == 1
    assert len(said) == 1
    assert said[0].startswith('analyse: ')
    assert reason in said[0]


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        ([], 'INPUT'),
        (['a', '--jobs', '0'], "'0' is not a number from 1"),
        (['a', '--shard', '3/2'], "'3/2' is not of the form K/N"),
        (['a', '--shard', 'x'], 'K/N'),
    ],
)
def test_wrong_options_are_refused(arguments, reason, capsys):
    with pytest.raises(SystemExit) as ended:
        command.main(arguments)

    assert ended.value.code == 2
    assert reason in capsys.readouterr().err


def test_warnings_name_settings_without_effect(tmp_path, params):
    params.write_text('/**: {ros__parameters: {model: fer2013_tiny, hodl: 1}}')

    ended = run(os.devnull, '-o', tmp_path / 'out', '--params', params)

    assert "unknown parameter 'hodl' (closest: hold)" in ended.stderr


BLOCKED = """
import sys
sys.modules['pyarrow'] = None
from fer_ros.__main__ import main
sys.exit(main(['analyse', 'clip.mp4', '-o', 'out']))
"""


def test_a_missing_library_is_named_in_one_sentence(tmp_path):
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get('PYTHONPATH')]))

    ended = subprocess.run(
        [sys.executable, '-c', BLOCKED],
        cwd=tmp_path,
        env={**os.environ, 'PYTHONPATH': path},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1
    assert ended.stderr.startswith('analyse: ')
    assert 'pip install rosbags mcap pyarrow jinja2' in ended.stderr
