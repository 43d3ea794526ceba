import re

import numpy as np
import pytest

from benchmark.__main__ import main
from benchmark.behaviour import baseline
from photographs import data_path

pytest.importorskip('ai_edge_litert')

pytestmark = pytest.mark.usefixtures('weights')


def every_twelfth(data):
    return data.take(np.arange(0, len(data), 12))


def test_baseline_takes_most_of_a_bias_away(capsys, monkeypatch):
    data = data_path('fer2013')
    read = baseline.read_fer2013
    # Only the smallest and the largest bias, and every twelfth image, reduce the time to a fifth.
    monkeypatch.setattr(baseline, 'BIASES', (baseline.BIASES[0], baseline.BIASES[-1]))
    monkeypatch.setattr(baseline, 'read_fer2013', lambda folder: every_twelfth(read(folder)))

    # With only 10 persons, half of the bias may remain by chance with any network.
    assert main(['baseline', '--data', str(data), '--persons', '30']) == 0

    rows = re.findall(r'^ +(\d) +(on|off) +[\d.]+ % +([\d.]+) %', capsys.readouterr().out, re.M)
    sad = {(int(bias), learned): float(share) for bias, learned, share in rows}
    assert sad[3, 'on'] < sad[3, 'off'] / 2
    assert sad[0, 'on'] <= sad[0, 'off'] + 1
