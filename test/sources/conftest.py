"""Fixtures shared by the tests of the image sources."""

import cv2
import pytest

from gray_images import gray


@pytest.fixture(name='told')
def fixture_told():
    return []


@pytest.fixture(name='video')
def fixture_video(tmp_path):
    """Create a video of five images at 12.5 Hz. Image n has the gray level 40 n."""
    path = tmp_path / 'clip.avi'
    codec = cv2.VideoWriter.fourcc(*'MJPG')
    writer = cv2.VideoWriter(str(path), codec, 12.5, (64, 48))
    if not writer.isOpened():
        pytest.skip('this OpenCV writes no video')
    for index in range(5):
        writer.write(gray(40 * index))
    writer.release()
    return path
