"""The commands on a real video, with whatever detector runs here."""

import re

import numpy as np
import pytest

from benchmark.__main__ import main
from benchmark.behaviour import baseline
from benchmark.behaviour import decision
from fer_ros.perception.settings import Settings
from photographs import data_path

pytest.importorskip('ai_edge_litert')


def every_twelfth(data):
    return data.take(np.arange(0, len(data), 12))


@pytest.fixture(autouse=True)
def weights(monkeypatch):
    monkeypatch.setenv('FER_ROS_MODELS', str(data_path('facedet')))


def test_tracking_tells_of_one_person_in_a_video_of_one(tmp_path, capsys):
    video = data_path('videos/single_face.mp4')

    assert main(['tracking', str(video), '--every', '4', '--output', str(tmp_path)]) == 0

    told = capsys.readouterr().out
    assert '72 frames, 72 faces, 1 ids' in told
    rows = re.findall(r'^ +(\d+) +([\d.]+) % +([\d.]+) % +(\d+) +([\d.]+) ', told, re.M)
    assert [row[:3] for row in rows] == [('1', '100.0', '100.0'), ('4', '25.0', '100.0')]
    assert float(rows[1][4]) > 0.9
    page = (tmp_path / 'tracking_single_face.html').read_text(encoding='utf-8')
    assert page.count('<rect') == 72
    for picture in re.findall(r'src="([^"]+)"', page):
        assert (tmp_path / picture).stat().st_size > 1000


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


@pytest.mark.parametrize('command', ['tracking', 'decision'])
def test_what_is_no_video_is_refused_in_a_sentence(command, tmp_path, capsys):
    path = tmp_path / 'no.mp4'
    path.write_text('nothing')

    assert main([command, str(path)]) == 1
    assert f'{path} is no video that OpenCV can read' in capsys.readouterr().err


def test_baseline_takes_most_of_a_bias_away(capsys, monkeypatch):
    data = data_path('fer2013')
    read = baseline.read_fer2013
    # The bounds of the biases, and every twelfth picture, take a fifth of the time.
    monkeypatch.setattr(baseline, 'BIASES', (baseline.BIASES[0], baseline.BIASES[-1]))
    monkeypatch.setattr(
        baseline, 'read_fer2013', lambda folder: every_twelfth(read(folder))
    )

    # Ten are so few that half of the bias may stay by chance, whichever network it is.
    assert main(['baseline', '--data', str(data), '--persons', '30']) == 0

    rows = re.findall(r'^ +(\d) +(on|off) +[\d.]+ % +([\d.]+) %', capsys.readouterr().out, re.M)
    sad = {(int(bias), learned): float(share) for bias, learned, share in rows}
    assert sad[3, 'on'] < sad[3, 'off'] / 2
    assert sad[0, 'on'] <= sad[0, 'off'] + 1
