"""Test the command on a real video with any available detector."""

import re

import pytest

from benchmark.__main__ import main
from photographs import data_path

pytest.importorskip('ai_edge_litert')
pytest.importorskip('jinja2')
pytest.importorskip('matplotlib')

pytestmark = pytest.mark.usefixtures('weights')


def test_tracking_tells_of_one_person_in_a_video_of_one(tmp_path, capsys):
    video = data_path('videos/single_face.mp4')

    words = ['--every', '4', '--search-time', '0', '--output', str(tmp_path)]
    assert main(['tracking', str(video), *words]) == 0

    told = capsys.readouterr().out
    assert '72 frames, 72 faces, 1 ids' in told
    rows = re.findall(r'^ +(\d+) +([\d.]+) % +([\d.]+) % +(\d+) +([\d.]+) ', told, re.M)
    assert [row[:3] for row in rows] == [('1', '100.0', '100.0'), ('4', '25.0', '100.0')]
    assert float(rows[1][4]) > 0.9
    page = (tmp_path / 'tracking_single_face.html').read_text(encoding='utf-8')
    assert len(re.findall(r'<g id="row0-frame\d+">', page)) == 72
    for picture in re.findall(r'src="([^"]+)"', page):
        assert (tmp_path / picture).stat().st_size > 1000


@pytest.mark.parametrize('command', ['tracking', 'decision'])
def test_what_is_no_video_is_refused_in_a_sentence(command, tmp_path, capsys):
    path = tmp_path / 'no.mp4'
    path.write_text('nothing')

    assert main([command, str(path)]) == 1
    assert f'OpenCV cannot read {path} as a video' in capsys.readouterr().err
