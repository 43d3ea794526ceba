"""Test the command on a real video with any available detector."""

import re

import numpy as np
import pytest

from benchmark.__main__ import main
from benchmark.behaviour import decision
from fer_ros.perception.settings import Settings
from photographs import data_path

pytest.importorskip('ai_edge_litert')

pytestmark = pytest.mark.usefixtures('weights')


def test_decision_tells_how_many_changes_are_left(capsys):
    assert main(['decision', str(data_path('videos/single_face.mp4'))]) == 0

    told = capsys.readouterr().out
    assert re.search(r'^ +\d+ +1 +[\d.]+ % +1  single_face.mp4$', told, re.M)
    assert re.search(r'30 Hz: median 0.\d+ s, longest 0.\d+ s of 1000 steps', told)


@pytest.mark.parametrize('rate', decision.RATES)
def test_a_certain_step_is_always_told_in_time(rate):
    delays = decision.step_delays(rate, Settings(), steps=200)

    assert len(delays) == 200
    assert max(delays) <= Settings().hold + Settings().smoothing + 0.2
    assert np.median(delays) >= Settings().hold
