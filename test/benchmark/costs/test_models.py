import json
from pathlib import Path

import pytest

from benchmark.__main__ import main

ROOT = Path(__file__).resolve().parents[3]
BUNDLES = [str(ROOT / 'models' / 'fer2013_mobile')]


def test_models_are_timed_and_weighed(capsys):
    pytest.importorskip('ai_edge_litert')

    assert main(['models', *BUNDLES, '--runs', '2', '--json']) == 0

    (row,) = json.loads(capsys.readouterr().out)['models'].values()
    assert 5 < row['megabytes'] < 12
    assert 0 < row['face_ms'] < 1000
    assert 0 < row['batch_face_ms'] < 1000
    assert row['backend'] == 'litert'


def test_the_table_names_every_model(capsys):
    pytest.importorskip('ai_edge_litert')

    assert main(['models', *BUNDLES, '--runs', '1']) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[2:]] == BUNDLES
