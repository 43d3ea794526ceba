import json

import numpy as np
import pytest

from benchmark.__main__ import main
from benchmark.training_speed.reading import read_as_notebooks
from benchmark.training_speed.reading import write_csv
from photographs import data_path
from training.data.datasets import read_fer2013
from training.data.reading.csv_files import read_csv
from training.data.reading.faults import Faults

pytest.importorskip('pandas', reason='what reading is compared with')


def test_both_ways_read_what_was_written(tmp_path):
    data = read_fer2013(data_path('fer2013/fer2013.npz'))
    some = data.take(np.arange(0, len(data), 500))
    path = tmp_path / 'fer2013.csv'

    write_csv(some, path)

    assert np.array_equal(read_as_notebooks(path), some.images)
    assert np.array_equal(read_csv(path, Faults(strict=True)).images, some.images)


def test_the_command_prints_the_figures_of_both_ways(capsys):
    path = str(data_path('fer2013/fer2013.npz'))

    assert main(['reading', '--data', path, '--rows', '50', '--runs', '1', '--json']) == 0

    figures = json.loads(capsys.readouterr().out)
    assert figures['rows'] == 50
    assert figures['notebooks']['seconds'] > 0
    assert figures['training']['seconds'] > 0


def test_data_that_is_nowhere_is_told_in_a_sentence(tmp_path, capsys):
    assert main(['reading', '--data', str(tmp_path / 'nothing')]) == 1
    assert 'there is no data in' in capsys.readouterr().err
