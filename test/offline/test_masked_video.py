"""The annotated video of a recording hides faces if `draw` says so."""

import cv2
import numpy as np
import pytest

from bags import messages_of
from bags import write_mcap
from fer_ros.perception.masking import masker
from fer_ros.perception.masking.regions import COLOUR
from stand_ins import BrightDetector

BLUE = (250, 20, 20)


@pytest.mark.parametrize(('draw', 'hidden'), [('boxes', False), ('blur', True), ('mask', True)])
def test_the_video_hides_faces_with_blur(analysed, tmp_path, monkeypatch, draw, hidden):
    monkeypatch.setattr(masker, 'create_detector', lambda name, weights: BrightDetector())
    path = write_mcap(
        tmp_path / 'bag.mcap', messages_of([np.full((240, 320, 3), BLUE, np.uint8)] * 4)
    )

    outcome, folder = analysed(path, video=True, draw=draw)

    assert outcome.reason == ''
    more, picture = cv2.VideoCapture(str(folder / 'annotated.mp4')).read()
    assert more
    # The annotations cover a part of the image.
    shown = (np.abs(picture.astype(int) - BLUE) < 40).all(axis=-1).mean()
    covered = (np.abs(picture.astype(int) - COLOUR) < 40).all(axis=-1).mean()
    assert bool(shown < 0.01) is hidden
    assert bool(covered > 0.3) is hidden
