import cv2
import numpy as np
import pytest

from benchmark.rig.watching import Watched
from fer_ros.perception.faces import Face

pytest.importorskip('jinja2')
pytest.importorskip('matplotlib')
track_page = pytest.importorskip('benchmark.behaviour.track_page')


def test_a_page_shows_the_figures_the_chart_and_a_few_frames_and_escapes_text(tmp_path):
    video = tmp_path / 'me & <you>.avi'
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter.fourcc(*'MJPG'), 10.0, (64, 48))
    for _ in range(7):
        writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.release()
    face = Face(3, (8.0, 8.0, 40.0, 40.0), 0.9, np.array([1.0]), 'happy')
    watched = Watched(times=[number / 10 for number in range(7)], faces=[[face]] * 7)

    page = track_page.write_page(tmp_path / 'out', video, watched, None, None, ['a < b', 'c'])

    text = page.read_text(encoding='utf-8')
    assert '<h1>Face tracking in me &amp; &lt;you&gt;.avi</h1>' in text
    assert '<pre>a &lt; b\nc</pre>' in text
    assert 'Each row is an id' in text
    assert '<div class="chart"><svg' in text
    assert text.count('<figure>') == 4
    assert 'frame 6: sample frame' in text
    assert len(list((tmp_path / 'out').glob('*.png'))) == 4
    # The box must have the colour of its id in the chart.
    drawn = cv2.imread(str(tmp_path / 'out' / 'me & <you>_0000.png'))[20, 8, ::-1]
    assert drawn / 255 == pytest.approx(np.array(track_page.colour_of(3)), abs=0.01)
