import json

import pytest

from benchmark.__main__ import main
from photographs import data_path

pytest.importorskip('ai_edge_litert')


def test_the_pipeline_is_set_beside_its_networks(capsys):
    data_path('videos')

    assert main(['pipeline', '--frames', '8', '--json']) == 0

    figures = json.loads(capsys.readouterr().out)
    rows = {row['name']: row for row in figures['rows']}
    assert ' cores of ' in figures['machine']
    overhead = rows['pipeline_overhead']
    assert overhead['goal'] == 1.15
    assert overhead['median_ms'] == pytest.approx(
        overhead['ratio'] * overhead['bare_ms'], rel=0.01
    )
    assert rows['bare_detector']['median_ms'] > 0
    assert rows['bare_detector_unscaled']['median_ms'] > 0
    assert rows['pipeline_over_unscaled']['ratio'] > 0
    kernels = rows['pipeline_over_kernels']
    assert kernels['median_ms'] == overhead['median_ms']
    assert 0 < kernels['kernels_ms'] < kernels['median_ms']
    assert rows['step_networks_faces_1']['value'] > 0
    assert rows['each_further_face']['bare_face_ms'] > 0
    for size in ('640x480', '1280x720'):
        for faces in (0, 1, 4, 8, 16):
            assert rows[f'pipeline_{size}_faces_{faces}']['faces'] == faces
    if 'against_model_predict' in rows:
        assert rows['against_model_predict']['ratio'] > 0


def test_too_few_frames_are_refused(capsys):
    data_path('videos')

    assert main(['pipeline', '--frames', '1']) == 1
    assert 'set --frames to at least 8' in capsys.readouterr().err
