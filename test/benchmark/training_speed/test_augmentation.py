import json

import numpy as np
import pytest

from benchmark.__main__ import main

pytest.importorskip('keras', reason='what trains')
pytest.importorskip('scipy', reason="what Keras's ImageDataGenerator turns pictures with")


@pytest.fixture
def pictures(tmp_path):
    generator = np.random.default_rng(0)
    rows = [
        f'{i % 7},{" ".join(map(str, row))},Training'
        for i, row in enumerate(generator.integers(0, 256, (256, 2304)).tolist())
    ]
    path = tmp_path / 'fer2013.csv'
    path.write_text('\n'.join(['emotion,pixels,Usage', *rows]))
    return path


def test_the_command_prints_speeds_and_how_long_a_network_waits(pictures, capsys):
    words = ['--pictures', '256', '--runs', '1', '--steps', '2', '--batch-sizes', '64']
    words += ['--networks', 'gr5243_vgg19', '--json']

    assert main(['augmentation', '--data', str(pictures), *words]) == 0

    figures = json.loads(capsys.readouterr().out)
    assert [(row['batch_size'], row['whitening']) for row in figures['pipelines']] == [
        (64, False),
        (64, True),
    ]
    assert all(row['keras_pictures_per_second'] > 0 for row in figures['pipelines'])
    (watched,) = figures['training']
    assert watched['parameters'] == 528295
    assert 0 <= watched['idle'] <= 1
