import json

import numpy as np
import pytest

from benchmark.__main__ import main
from benchmark.costs import backend_worker
from fer_ros.perception.backends import BATCH_SIZES
from fer_ros.perception.classification.classifier import create_classifier
from fer_ros.perception.models.bundle import find_bundle
from fer_ros.perception.models.bundle import load_card
from fer_ros.perception.settings import DEFAULT_MODEL


def test_each_back_end_that_is_there_is_measured(capsys):
    pytest.importorskip('ai_edge_litert')

    words = ['--backends', 'litert,opencv,nonsense', '--turns', '1', '--count', '1', '--json']
    assert main(['backends', *words]) == 0

    figures = json.loads(capsys.readouterr().out)
    rows = {row['name']: row for row in figures['rows']}
    for name in ('litert', 'opencv'):
        assert rows[f'{name}_start']['median_ms'] > 0
        assert rows[f'{name}_memory']['value'] > 30
        assert all(rows[f'{name}_batch_{size}']['median_ms'] > 0 for size in BATCH_SIZES)
    assert rows['litert_batch_8']['ratio'] == 1.0
    assert 0 < rows['opencv_difference']['value'] < 1e-3
    assert rows['opencv_difference']['met']
    assert any('nonsense' in remark for remark in figures['remarks'])


def test_without_any_back_end_the_command_says_so(capsys):
    assert main(['backends', '--backends', 'nonsense']) == 1
    assert 'no back end can run on this machine' in capsys.readouterr().err


def test_tensorflow_traces_once_for_each_size_of_batch_whatever_the_number_of_faces(monkeypatch):
    tensorflow = pytest.importorskip('tensorflow')
    keras = pytest.importorskip('keras')
    if keras.backend.backend() != 'tensorflow':
        pytest.skip('Keras runs on another engine in this process')
    monkeypatch.setattr(tensorflow, 'function', tensorflow.function)
    traces = backend_worker.count_traces(tensorflow)
    card = load_card(find_bundle(DEFAULT_MODEL))
    backend = create_classifier(card, 'tensorflow', 'cpu').backend
    pictures = np.zeros((40, *card.input.shape), np.float32)

    for faces in BATCH_SIZES:
        backend.run(pictures[:faces])
    compiled = traces()
    for faces in (3, 1, 16, 5, 2, 40, 7, 12, 4):
        backend.run(pictures[:faces])

    assert compiled == len(BATCH_SIZES)
    assert traces() == compiled


def test_the_worker_answers_what_it_is_asked():
    pytest.importorskip('ai_edge_litert')

    classifier, traces, told = backend_worker.load('litert', DEFAULT_MODEL, 'cpu')
    noise = np.zeros((2, *classifier.card.input.shape), np.float32)

    assert told['device'] == 'CPU'
    assert told['start_mib'] > 0
    assert traces() == 0
    assert len(backend_worker.timed(classifier.backend.run, noise, 3)) == 3
