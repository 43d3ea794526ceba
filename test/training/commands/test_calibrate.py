from dataclasses import replace
import json

import numpy as np
import pytest
import yaml

from brightness import brightness_classifier
from fer_ros.perception.classification.classifier import Classifier
from training.__main__ import main
from training.commands import calibrate


@pytest.fixture
def bundle(monkeypatch, made_up, tmp_path):
    """Return the folder of a bundle whose network classifies by brightness."""
    classifier = brightness_classifier()
    card = replace(classifier.card, folder=tmp_path, temperature=0.5)
    (tmp_path / 'card.yaml').write_text('name: made_up\ntemperature: 0.5\nlabels: [a, b]\n')
    both = made_up(140)
    both = replace(both, split=np.array(['public', 'private'])[np.arange(140) // 70])
    monkeypatch.setattr(
        calibrate, 'load_classifier', lambda *_: Classifier(card, classifier.backend)
    )
    monkeypatch.setattr(calibrate, 'read_selected', lambda *_: both)
    return tmp_path


def test_each_choice_is_measured_on_both_splits_and_the_card_stays(bundle, capsys):
    assert main(['calibrate', 'made_up', '--json']) == 0

    report = json.loads(capsys.readouterr().out)
    assert report['temperature'] == 0.5
    assert list(report['fitted_on']) == ['plain', 'mixed', 'degraded']
    temperatures = [row['temperature'] for row in report['fitted_on'].values()]
    # The network classifies all plain images correctly, and many dark images wrongly.
    assert temperatures == sorted(temperatures)
    assert report['fitted_on']['plain']['private']['plain']['right_of_these'] == 1
    assert yaml.safe_load((bundle / 'card.yaml').read_text())['temperature'] == 0.5


def test_the_temperature_that_was_asked_for_is_written(bundle, capsys):
    assert main(['calibrate', 'made_up', '--json', '--write', '--calibrate-on', 'degraded']) == 0

    report = json.loads(capsys.readouterr().out)
    written = yaml.safe_load((bundle / 'card.yaml').read_text())
    assert written['temperature'] == report['fitted_on']['degraded']['temperature']
    assert (written['name'], written['labels']) == ('made_up', ['a', 'b'])


def test_the_table_has_a_row_for_each_choice(bundle, capsys):
    assert main(['calibrate', 'made_up', '--limit', '35']) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line.split(' | ')[0] for line in lines[-3:]] == ['| plain', '| mixed', '| degraded']
