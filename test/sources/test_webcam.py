from itertools import islice
from pathlib import Path
import re

import cv2
import numpy as np
import pytest

from fer_ros.sources import live
from fer_ros.sources import webcam
from fer_ros.sources.base import SourceError
from fer_ros.sources.opening import open_source
from gray_images import gray
from gray_images import images_of
from gray_images import levels_of


class Device:
    """A stand-in for a camera that delivers images of rising gray level, and can be unplugged."""

    def __init__(self):
        self.plugged = True
        self.asked = {}
        self.released = 0
        self.level = 0

    def set(self, what, value):
        self.asked[what] = value

    def grab(self):
        self.level += 1
        return self.plugged

    def retrieve(self):
        return self.plugged, gray(self.level) if self.plugged else None

    def read(self):
        return self.retrieve() if self.grab() else (False, None)

    def release(self):
        self.released += 1


@pytest.fixture(name='device')
def fixture_device(monkeypatch):
    device = Device()
    monkeypatch.setattr(webcam, 'open_device', lambda name: device if device.plugged else None)
    monkeypatch.setattr(Path, 'exists', lambda path: True)
    return device


def test_a_webcam_gives_images_as_they_come(device):
    source = open_source('0')

    assert source.name == 'the camera /dev/video0'
    assert source.endless
    assert [period for _, period in islice(source, 3)] == [0.0] * 3
    assert device.released == 1


def test_a_webcam_is_asked_for_size_and_rate(device):
    source = open_source('/dev/video3', rate=20, width=32, height=24)

    assert device.asked == {
        cv2.CAP_PROP_FRAME_WIDTH: 32,
        cv2.CAP_PROP_FRAME_HEIGHT: 24,
        cv2.CAP_PROP_FPS: 20,
        cv2.CAP_PROP_BUFFERSIZE: 1,
    }
    # The stand-in ignores the request and delivers 64x48.
    assert images_of(source, 1)[0].shape == (24, 32, 3)


def test_a_pixel_format_is_requested_before_the_size(device):
    open_source('0', width=1920, height=1080, fourcc='MJPG', tell=lambda _: None)

    assert list(device.asked)[:2] == [cv2.CAP_PROP_FOURCC, cv2.CAP_PROP_FRAME_WIDTH]
    # The characters of a code are its bytes, the first one lowest.
    assert device.asked[cv2.CAP_PROP_FOURCC] == int.from_bytes(b'MJPG', 'little')


@pytest.mark.parametrize('fourcc', ['MJP', 'MJPEG', 'MJ\nG', 'MJPÖ'])
def test_a_pixel_format_of_other_than_four_characters_is_refused(device, fourcc):
    with pytest.raises(SourceError, match='not four characters') as refused:
        open_source('0', fourcc=fourcc)

    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    ('size', 'fourcc', 'sentence'),
    [
        ((64, 48), '', None),
        ((32, 0), '', None),
        ((1920, 1080), '', 'gives 64x48 instead of 1920x1080.*need fourcc: MJPG'),
        ((0, 480), 'YUYV', 'gives 64x48 instead of 64x480, so its images are enlarged$'),
    ],
)
def test_a_webcam_of_a_smaller_size_than_requested_is_reported(
    device, told, size, fourcc, sentence
):
    open_source('0', width=size[0], height=size[1], fourcc=fourcc, tell=told.append)

    assert len(told) == (0 if sentence is None else 1)
    if sentence is not None:
        assert re.search(sentence, told[0])


def test_a_webcam_gives_no_more_images_than_asked(device, monkeypatch):
    clock = iter(index / 30 for index in range(1000))
    monkeypatch.setattr(live.time, 'monotonic', lambda: next(clock))
    source = open_source('0', rate=10)

    levels = levels_of(images_of(source, 5))

    assert np.diff(levels).tolist() == [3, 3, 3, 3]


def test_a_webcam_a_little_faster_than_asked_loses_no_image(device, monkeypatch):
    clock = iter(index / 30.3 for index in range(1000))
    monkeypatch.setattr(live.time, 'monotonic', lambda: next(clock))
    source = open_source('0', rate=30)

    levels = levels_of(images_of(source, 20))

    assert np.diff(levels).tolist() == [1] * 19


def test_a_webcam_that_goes_is_told_of_once_and_comes_back(device, told):
    images = iter(open_source('0', tell=told.append))
    assert next(images)[0] is not None

    device.plugged = False
    for _ in range(3):
        assert next(images) == (None, live.RETRY_PERIOD)
    assert len(told) == 1
    assert 'no more images' in told[0]

    device.plugged = True
    assert next(images)[0] is not None
    assert told[1:] == ['the camera /dev/video0 delivers images again']


def test_a_camera_that_gives_no_image_is_refused(monkeypatch, device):
    device.plugged = False

    with pytest.raises(SourceError, match='delivers no images'):
        open_source('0')


@pytest.mark.parametrize('device', ['987', '/dev/video987'])
def test_a_camera_that_is_not_there_is_named(device, capfd):
    with pytest.raises(SourceError, match='there is no camera /dev/video987'):
        open_source(device)

    assert capfd.readouterr() == ('', '')
