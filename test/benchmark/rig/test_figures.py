import argparse
import json

from benchmark.rig.figures import commit
from benchmark.rig.figures import Row
from benchmark.rig.figures import tell

ROWS = [
    Row('fast_enough', (0.001, 0.002, 0.003), ratio=1.1, goal=1.15, further={'faces': 1}),
    Row('too_slow', (0.01,), goal=5.0, measure='median_ms'),
    Row('many_times', (0.01,), ratio=7.0, goal=8.0, at_least=True),
    Row('memory', value=150.25, unit='MiB', goal=160.0, measure='value'),
    Row('of_no_goal', (0.5,)),
]


def told(capsys, tmp_path, command='pipeline', record=False):
    arguments = argparse.Namespace(json=True, record=record)
    assert tell(command, ROWS, arguments, ['A remark.'], tmp_path / 'RESULTS.md') == 0
    return json.loads(capsys.readouterr().out)


def test_every_row_has_the_same_keys_and_says_if_its_goal_is_met(capsys, tmp_path):
    figures = told(capsys, tmp_path)

    assert {'machine', 'commit', 'rows'} <= figures.keys()
    for row in figures['rows']:
        assert list(row)[:5] == ['name', 'median_ms', 'p95_ms', 'ratio', 'goal']
    rows = {row['name']: row for row in figures['rows']}
    assert rows['fast_enough']['median_ms'] == 2.0
    assert rows['fast_enough']['faces'] == 1
    assert [row.get('met') for row in rows.values()] == [True, False, False, True, None]
    assert (rows['memory']['value'], rows['memory']['median_ms']) == (150.2, None)


def test_what_is_recorded_takes_the_place_of_what_was(capsys, tmp_path):
    told(capsys, tmp_path, 'pipeline', record=True)
    told(capsys, tmp_path, 'node', record=True)
    told(capsys, tmp_path, 'pipeline', record=True)

    text = (tmp_path / 'RESULTS.md').read_text(encoding='utf-8')
    assert text.count('## pipeline\n') == text.count('## node\n') == 1
    assert text.count('`fast_enough`') == 2
    assert text.count(commit()) == 2
    assert 'A remark.' in text


def test_what_is_not_to_be_recorded_is_not(capsys, tmp_path):
    told(capsys, tmp_path)

    assert not (tmp_path / 'RESULTS.md').exists()
