import json

import numpy as np
import pytest

from brightness import brightness_classifier
from fer_ros.perception.faces import FaceDetection
from training.__main__ import main
from training.commands import evaluate


@pytest.fixture
def measuring(monkeypatch, made_up, tmp_path):
    """Let the command evaluate stand-in models on synthetic images, with a stand-in detector."""
    monkeypatch.setattr(evaluate, 'load_classifiers', lambda *_: [brightness_classifier()])
    monkeypatch.setattr(evaluate, 'read_selected', lambda *_: made_up(28, 'public'))
    monkeypatch.setattr(evaluate, 'create_detector', lambda *_: AllOfIt())
    monkeypatch.setattr(evaluate, 'data_root', lambda *_: tmp_path)


class AllOfIt:
    """A detector that returns the centre of each scene as a face."""

    name = 'all_of_it'
    least_eye_distance = 0.0

    def detect(self, image, min_score, min_size):
        eyes = np.float32([[180, 200], [300, 200]])
        return [FaceDetection((120.0, 120.0, 360.0, 360.0), 0.9, eyes)]


def test_several_models_come_into_one_table_and_its_json(measuring, tmp_path, capsys):
    output = tmp_path / 'out'

    status = main(
        ['evaluate', '--robustness', '--model', 'one', 'two', '--output', str(output), '--json']
    )

    assert status == 0
    measured = json.loads(capsys.readouterr().out)
    assert measured == json.loads((output / 'robustness.json').read_text())
    assert (measured['split'], measured['detector']) == ('public', 'all_of_it')
    assert [report['backend'] for report in measured['models']] == ['brightness'] * 2
    assert '| `made_up` | `made_up` |' in (output / 'robustness.md').read_text()


def test_a_part_of_the_pictures_is_enough_to_try(measuring, capsys):
    assert main(['evaluate', '--robustness', '--model', 'one', '--limit', '14', '--json']) == 0

    assert json.loads(capsys.readouterr().out)['models'][0]['pictures'] == 14


@pytest.mark.parametrize(
    ('words', 'said'),
    [
        (['one', 'two'], '2 models; several models need --robustness'),
        (['one', '--robustness', '--mirrored'], '--mirrored cannot be combined with --robustness'),
        (
            ['one', '--robustness', '--real-path'],
            '--real-path cannot be combined with --robustness',
        ),
        (
            ['one', '--robustness', '--record', 'x'],
            '--record cannot be combined with --robustness',
        ),
    ],
)
def test_words_that_do_not_go_together_are_refused(words, said, capsys):
    assert main(['evaluate', '--model', *words]) == 1

    assert said in capsys.readouterr().err
