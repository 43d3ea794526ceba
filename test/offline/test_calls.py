"""Calls for many recordings: the data set, the manifest, and what a second call does."""

import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow.dataset
import pytest

from bags import messages_of
from bags import write_mcap
from fer_ros.offline.folder import FolderError
from fer_ros.offline.folder import key_of
from fer_ros.offline.folder import OutputFolder
from fer_ros.offline.manifest import ManifestError
from fer_ros.offline.manifest import write_atomically

BLUE, GREEN = (250, 20, 20), (20, 250, 20)


@pytest.fixture
def bags(tmp_path):
    """Make three small bags."""
    found = []
    for number in range(3):
        colour = (BLUE, GREEN)[number % 2]
        frames = [np.full((20, 30, 3), colour, np.uint8)] * (6 + number)
        found.append(write_mcap(tmp_path / f'bag{number}.mcap', messages_of(frames)))
    return found


def manifest_of(folder, name='manifest.json'):
    return json.loads((folder / name).read_text())


def table_of(folder):
    return pd.read_parquet(folder / 'faces.parquet').sort_values(['input', 'frame', 'id'])


def test_all_recordings_are_one_data_set_for_every_tool(call, bags, tmp_path):
    call(*bags)

    out = tmp_path / 'out'
    table = table_of(out)
    assert sorted(table['input'].unique()) == [str(path) for path in bags]
    assert sorted(table['recording'].unique()) == sorted(key_of(path) for path in bags)
    place = f'{out}/faces.parquet'
    count = len(table)
    assert pyarrow.dataset.dataset(place, partitioning='hive').count_rows() == count


def test_polars_and_duckdb_read_the_data_set(call, bags, tmp_path):
    pl, duckdb = pytest.importorskip('polars'), pytest.importorskip('duckdb')

    call(*bags)

    place = str(tmp_path / 'out' / 'faces.parquet')
    found = pl.read_parquet(place)
    assert found['recording'].n_unique() == 3
    query = f"SELECT count(*), count(DISTINCT recording) FROM read_parquet('{place}/*/*.parquet')"
    assert duckdb.sql(query).fetchall() == [(len(found), 3)]


def test_a_second_call_does_only_what_is_missing(call, bags, tmp_path):
    first = call(*bags[:2])
    second = call(*bags)
    third = call(*bags)

    assert (first.done, second.done, third.done) == (2, 1, 0)
    assert second.asked == [str(bags[2])]
    assert third.skipped == 3
    entries = manifest_of(tmp_path / 'out')['recordings']
    assert {one['status'] for one in entries.values()} == {'done'}
    assert [one['frames'] for one in entries.values()] == [6, 7, 8]


def test_a_recording_that_changed_is_done_again(call, bags, tmp_path):
    call(*bags)
    before = len(table_of(tmp_path / 'out'))
    write_mcap(bags[1], messages_of([np.full((20, 30, 3), BLUE, np.uint8)] * 20))

    summary = call(*bags)

    assert summary.asked == [str(bags[1])]
    assert len(table_of(tmp_path / 'out')) == before + 13


def test_a_failed_recording_is_an_entry_and_is_tried_again(call, bags, tmp_path):
    bags[1].write_bytes(b'')

    first = call(*bags)
    second = call(*bags)

    assert first.done == 2
    assert list(first.failed) == [str(bags[1])]
    entry = manifest_of(tmp_path / 'out')['recordings'][key_of(bags[1])]
    assert entry['status'] == 'failed'
    assert 'is empty (0 bytes)' in entry['reason']
    assert second.asked == [str(bags[1])]


def test_a_recording_that_fails_now_loses_its_outdated_rows(call, bags, tmp_path):
    call(*bags)
    bags[1].write_bytes(b'')

    call(*bags)

    assert set(table_of(tmp_path / 'out')['input']) == {str(bags[0]), str(bags[2])}


def test_another_output_is_added_and_an_old_one_removed(call, bags, tmp_path):
    call(bags[0])
    again = call(bags[0], csv=True, mcap=False)

    assert again.done == 1
    files = {path.name for path in (tmp_path / 'out' / 'recordings').rglob('*.*')}
    assert {'faces.csv', 'changes.csv'} <= files
    assert 'result.mcap' not in files


def test_results_of_other_settings_are_kept_unless_forced(call, bags, tmp_path):
    call(bags[0])

    with pytest.raises(ManifestError, match=r'other settings \(hold 0.3, now 2.0\).*--force'):
        call(*bags, hold=2.0)

    assert len(table_of(tmp_path / 'out')) > 0
    summary = call(*bags, hold=2.0, force=True)
    assert summary.done == 3
    assert manifest_of(tmp_path / 'out')['settings']['hold'] == 2.0


def test_forced_results_are_not_mixed_with_those_of_other_settings(call, bags, tmp_path):
    call(*bags)

    call(bags[0], hold=2.0, force=True)

    assert set(table_of(tmp_path / 'out')['input']) == {str(bags[0])}
    assert len(list((tmp_path / 'out' / 'recordings').iterdir())) == 1


def test_results_of_a_damaged_manifest_are_not_mixed_with_new_ones(call, bags, tmp_path):
    call(*bags)
    (tmp_path / 'out' / 'manifest.json').write_text('{')

    call(bags[0], force=True)

    assert set(table_of(tmp_path / 'out')['input']) == {str(bags[0])}


def test_forced_shards_keep_the_results_of_each_other(call, bags, tmp_path):
    call(*bags, shard=(1, 2))
    call(*bags, shard=(2, 2))

    call(*bags, shard=(1, 2), hold=2.0, force=True)
    call(*bags, shard=(2, 2), hold=2.0, force=True)

    assert set(table_of(tmp_path / 'out')['input']) == {str(one) for one in bags}


def test_a_call_without_results_does_not_hinder_other_settings(call, bags, tmp_path):
    assert call(tmp_path / 'gone.mcap').done == 0

    assert call(bags[0], hold=2.0).done == 1


def test_settings_without_effect_on_the_rows_may_differ(call, bags):
    call(bags[0])

    assert call(bags[0], max_rate=5.0, draw='blur').skipped == 1


def test_a_video_of_another_style_is_written_anew(call, bags):
    call(bags[0], video=True, draw='labels')

    assert call(bags[0], video=True, draw='labels').skipped == 1
    assert call(bags[0], video=True, draw='boxes').done == 1


@pytest.mark.parametrize('content', ['', '{', '[]', '{"form": 9}', '{"form": 1}', 'null'])
def test_a_damaged_manifest_is_refused_in_a_sentence(call, bags, tmp_path, content):
    call(bags[0])
    (tmp_path / 'out' / 'manifest.json').write_text(content)

    with pytest.raises(ManifestError, match='cannot read .*--force') as refused:
        call(bags[0])

    assert '\n' not in str(refused.value)
    assert call(bags[0], force=True).done == 1


def test_shards_do_each_recording_once_and_share_the_folder(call, bags, tmp_path):
    done = [call(*bags, shard=(number, 2)).asked for number in (1, 2)]

    assert sorted(done[0] + done[1]) == [str(path) for path in bags]
    assert all(done)
    assert len(table_of(tmp_path / 'out')['input'].unique()) == 3
    # A call for all recordings reads the manifests of the shards.
    assert call(*bags).done == 0


def test_shards_have_the_rows_of_one_call(call, bags, tmp_path):
    call(*bags)
    for number in (1, 2, 3):
        call(*bags, shard=(number, 3), out='sharded')

    one, other = (table_of(tmp_path / name) for name in ('out', 'sharded'))
    pd.testing.assert_frame_equal(
        one.reset_index(drop=True), other.reset_index(drop=True), check_exact=True
    )


def test_only_one_call_at_a_time_uses_a_folder(tmp_path):
    folder = OutputFolder(tmp_path / 'out')

    with pytest.raises(FolderError, match='another call'):
        OutputFolder(tmp_path / 'out')

    OutputFolder(tmp_path / 'out', (1, 2)).close()
    folder.close()
    OutputFolder(tmp_path / 'out').close()


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / 'file').write_text('')

    with pytest.raises(FolderError, match='cannot write into the folder'):
        OutputFolder(tmp_path / 'file' / 'out')


def test_remains_of_a_killed_call_are_removed(call, bags, tmp_path):
    staging = tmp_path / 'out' / '.work'
    (staging / 'old').mkdir(parents=True)
    (staging / 'old' / 'faces.parquet').write_bytes(b'half')

    call(bags[0])

    assert not staging.exists()


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / 'manifest.json'
    write_atomically(path, 'old')

    def fail(_):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr('fer_ros.offline.manifest.os.fsync', fail)
    with pytest.raises(OSError, match='No space'):
        write_atomically(path, 'new')

    assert path.read_text() == 'old'
    assert os.listdir(tmp_path) == ['manifest.json']


FULL = """
import resource, sys
import numpy as np
sys.path[:0] = {paths!r}
# Writing more than this into a file fails, like on a full disk.
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from pathlib import Path
from fer_ros.offline.job import Job
from fer_ros.offline.models import Models
from fer_ros.offline.work import process, Task
from stand_ins import BrightDetector, ColourClassifier
task = Task('key', sys.argv[1], sys.argv[2])
outcome = process(task, Job(), Models(BrightDetector(), ColourClassifier()), {{}})
print(outcome.reason, Path(sys.argv[2]).exists())
"""


def test_a_full_disk_fails_the_recording_in_a_sentence(bags, tmp_path):
    paths = [path for path in sys.path if path]

    ended = subprocess.run(
        [
            sys.executable,
            '-c',
            FULL.format(paths=paths, limit=3000),
            str(bags[0]),
            str(tmp_path / 'staged'),
        ],
        capture_output=True,
        text=True,
        check=True,
    )

    reason, _, exists = ended.stdout.strip().rpartition(' ')
    assert reason == 'cannot write the results: File too large'
    assert exists == 'False'
