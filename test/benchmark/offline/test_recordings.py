import numpy as np
import pytest

recordings = pytest.importorskip('benchmark.offline.recordings')


def test_reading_is_compared_with_the_reader_of_mcap(tmp_path, monkeypatch):
    monkeypatch.setattr(recordings, 'BAG_IMAGES', 4)
    images = [np.full((48, 64, 3), number, np.uint8) for number in range(2)]

    (row,) = recordings.reading_rows(images, tmp_path)

    figures = row.figures()
    assert figures['ratio'] > 0
    assert figures['goal'] == 1.2
    assert figures['mcap_ms'] > 0


def test_a_video_has_as_many_frames_as_wanted(tmp_path):
    images = [np.full((480, 640, 3), 60 * number, np.uint8) for number in range(3)]

    path = recordings.write_video(tmp_path / 'a.mp4', images, 7)

    assert len(list(recordings.open_recording(path, recordings.Job()).frames())) == 7
