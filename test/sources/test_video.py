from itertools import islice
import math
import os
from pathlib import Path
import subprocess
import sys

import cv2
import pytest

from fer_ros.sources.base import SourceError
from fer_ros.sources.opening import open_source
from gray_images import levels_of
from uneven_video import write_uneven_video


def test_a_video_comes_whole_and_in_order_at_its_rate(video):
    images = list(open_source(str(video)))

    assert levels_of(image for image, _ in images) == pytest.approx([0, 40, 80, 120, 160], abs=3)
    assert [period for _, period in images] == pytest.approx([1 / 12.5] * 5)


def test_each_frame_of_an_uneven_video_has_its_own_time(tmp_path):
    periods = [100, 40, 900, 33, 2000, 100]
    write_uneven_video(tmp_path / 'phone.mp4', periods)

    images = list(open_source(str(tmp_path / 'phone.mp4')))
    in_step = list(open_source(str(tmp_path / 'phone.mp4'), rate=20))

    levels = levels_of(image for image, _ in images)
    assert levels == pytest.approx([0, 20, 40, 60, 80, 100], abs=6)
    # The last frame has no successor, and is shown for a period at the mean rate.
    shown = [1000 * period for _, period in images]
    assert shown[:-1] == pytest.approx(periods[:-1], abs=1)
    assert {period for _, period in in_step} == {1 / 20}


def test_a_video_loops(video):
    source = open_source(str(video), rate=50, loop=True)
    images = list(islice(source, 12))

    levels = levels_of(image for image, _ in images)
    assert levels == pytest.approx([0, 40, 80, 120, 160, 0, 40, 80, 120, 160, 0, 40], abs=3)
    assert {period for _, period in images} == {1 / 50}
    assert source.endless


@pytest.mark.parametrize('rate', [0.0, -1.0, math.nan, math.inf, 90000.0])
def test_a_video_without_rate_and_times_is_taken_for_30_images_a_second(video, monkeypatch, rate):
    class Capture:
        def __init__(self):
            self._real = real()

        def get(self, what):
            return rate if what == cv2.CAP_PROP_FPS else 0.0

        def __getattr__(self, name):
            return getattr(self._real, name)

    real = cv2.VideoCapture
    monkeypatch.setattr(cv2, 'VideoCapture', Capture)

    assert next(iter(open_source(str(video))))[1] == 1 / 30


def test_a_video_that_goes_away_ends_with_a_sentence(video):
    images = iter(open_source(str(video), loop=True))
    for _ in range(5):
        next(images)
    video.unlink()

    with pytest.raises(SourceError, match='cannot read .* again from its beginning'):
        next(images)


def test_a_broken_video_is_refused_without_noise(tmp_path):
    (tmp_path / 'broken.mp4').write_bytes(b'\0\0\0\x20ftypisom' + bytes(100))
    program = (
        'import sys; from fer_ros.sources.opening import open_source, SourceError\n'
        'try: open_source(sys.argv[1])\n'
        'except SourceError as error: print(error)'
    )

    # The test needs a separate process, because OpenCV reads its log level only once.
    done = subprocess.run(
        [sys.executable, '-c', program, str(tmp_path / 'broken.mp4')],
        cwd=Path(__file__).resolve().parents[2],
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert 'neither as a video nor as a picture' in done.stdout
    assert done.stderr == ''
