from itertools import islice
import math
import os
from pathlib import Path
import subprocess
import sys

import cv2
import numpy as np
import pytest

from fer_ros.sources import opening
from fer_ros.sources.opening import AstronautView
from fer_ros.sources.opening import fit_image
from fer_ros.sources.opening import HEAD
from fer_ros.sources.opening import list_pictures
from fer_ros.sources.opening import open_source
from fer_ros.sources.opening import SourceError
from fer_ros.sources.opening import view_box
from fer_ros.sources.opening import VIEW_SIZE

# The photograph of the astronaut is as large as this one.
PHOTO = np.random.default_rng(0).integers(0, 255, (512, 512, 3), np.uint8)


@pytest.fixture(name='told')
def fixture_told():
    return []


@pytest.fixture(name='video')
def fixture_video(tmp_path):
    """Make a video of five images, the n-th of them of gray level 40 n, at 12.5 Hz."""
    path = tmp_path / 'clip.avi'
    codec = cv2.VideoWriter.fourcc(*'MJPG')
    writer = cv2.VideoWriter(str(path), codec, 12.5, (64, 48))
    if not writer.isOpened():
        pytest.skip('this OpenCV writes no video')
    for index in range(5):
        writer.write(gray(40 * index))
    writer.release()
    return path


def gray(level, width=64, height=48):
    return np.full((height, width, 3), level, np.uint8)


def write(path, image):
    assert cv2.imwrite(str(path), image)
    return path


def images_of(source, count=100):
    return [image for image, _ in islice(source, count)]


def levels_of(images):
    return [round(float(image.mean())) for image in images]


# Folders and pictures


def test_a_folder_plays_in_the_order_people_count(tmp_path, told):
    for level, name in [(30, 'b2.png'), (40, 'b10.png'), (10, 'A1.png'), (20, 'b01.png')]:
        write(tmp_path / name, gray(level))

    source = open_source(str(tmp_path), tell=told.append)

    assert levels_of(images_of(source)) == [10, 20, 30, 40]
    assert (source.skipped, told, source.endless) == (0, [], False)


def test_names_of_digits_and_letters_only_have_an_order(tmp_path):
    names = ['10.png', '9.png', 'nine.png', '9a.png', 'ä.png', '²3.png']
    for name in names:
        write(tmp_path / name, gray(0))

    assert [path.name for path in list_pictures(tmp_path)][:3] == ['9.png', '9a.png', '10.png']


def test_pictures_of_a_folder_keep_their_sizes(tmp_path):
    write(tmp_path / '1.png', gray(1, 64, 48))
    write(tmp_path / '2.png', gray(2, 30, 90))

    shapes = [image.shape for image in images_of(open_source(str(tmp_path)))]

    assert shapes == [(48, 64, 3), (90, 30, 3)]


def test_every_kind_of_picture_comes_as_three_channels_of_bytes(tmp_path):
    write(tmp_path / '1.png', np.full((8, 8), 51, np.uint8))
    write(tmp_path / '2.png', np.full((8, 8, 4), 51, np.uint8))
    write(tmp_path / '3.png', np.full((8, 8, 3), 51 * 257, np.uint16))

    for image in images_of(open_source(str(tmp_path))):
        assert (image.shape, image.dtype) == ((8, 8, 3), np.uint8)
        assert (image == 51).all()


def test_a_picture_that_cannot_be_read_is_skipped_with_one_sentence(tmp_path, told):
    (tmp_path / '1.jpg').write_bytes(b'no picture')
    write(tmp_path / '2.png', gray(2))
    (tmp_path / '3.png').write_bytes((tmp_path / '2.png').read_bytes()[:40])
    write(tmp_path / '4.png', gray(4))

    source = open_source(str(tmp_path), loop=True, tell=told.append)

    assert levels_of(images_of(source, 6)) == [2, 4, 2, 4, 2, 4]
    assert source.skipped == 2
    assert len(told) == 2
    assert '1.jpg' in told[0]
    assert '3.png' in told[1]


def test_what_is_no_picture_is_passed_over(tmp_path, told):
    write(tmp_path / '1.png', gray(1))
    (tmp_path / 'read_me.txt').write_text('pictures')
    (tmp_path / '.hidden.png').write_bytes(b'')
    (tmp_path / 'folder.png').mkdir()
    # By its content this is one, whatever its name.
    write(tmp_path / '2.png', gray(2)).rename(tmp_path / '2.picture')

    source = open_source(str(tmp_path), tell=told.append)

    assert levels_of(images_of(source)) == [1, 2]
    assert (source.skipped, told) == (0, [])


def test_a_picture_is_shown_once_or_for_ever(tmp_path):
    path = str(write(tmp_path / 'one.png', gray(7)))

    assert levels_of(images_of(open_source(path))) == [7]
    assert levels_of(images_of(open_source(path, loop=True), 4)) == [7] * 4


@pytest.mark.parametrize(('rate', 'period'), [(0.0, 1.0), (4.0, 0.25)])
def test_pictures_come_once_a_second_or_as_asked(tmp_path, rate, period):
    write(tmp_path / 'one.png', gray(7))

    assert next(iter(open_source(str(tmp_path), rate)))[1] == period


def test_pictures_that_go_away_end_with_a_sentence(tmp_path, told):
    path = write(tmp_path / 'one.png', gray(7))
    images = iter(open_source(str(tmp_path), loop=True, tell=told.append))
    next(images)
    path.unlink()

    with pytest.raises(SourceError, match='cannot be read'):
        next(images)


# Videos


def test_a_video_comes_whole_and_in_order_at_its_rate(video):
    images = list(open_source(str(video)))

    assert levels_of(image for image, _ in images) == pytest.approx([0, 40, 80, 120, 160], abs=3)
    assert {period for _, period in images} == {1 / 12.5}


def test_a_video_loops(video):
    source = open_source(str(video), rate=50, loop=True)
    images = list(islice(source, 12))

    levels = levels_of(image for image, _ in images)
    assert levels == pytest.approx([0, 40, 80, 120, 160, 0, 40, 80, 120, 160, 0, 40], abs=3)
    assert {period for _, period in images} == {1 / 50}
    assert source.endless


@pytest.mark.parametrize('rate', [0.0, -1.0, math.nan, math.inf, 90000.0])
def test_a_video_of_unknown_rate_is_taken_for_30_images_a_second(video, monkeypatch, rate):
    class Capture:
        def __init__(self):
            self._real = real()

        def get(self, what):
            return rate if what == cv2.CAP_PROP_FPS else self._real.get(what)

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

    with pytest.raises(SourceError, match='cannot be read any more'):
        next(images)


# Sizes


@pytest.mark.parametrize(
    ('wanted', 'given'),
    [
        ((0, 0), (64, 48)),
        ((32, 0), (32, 24)),
        ((0, 24), (32, 24)),
        ((128, 0), (128, 96)),
        ((32, 1000), (32, 24)),
        ((100, 24), (32, 24)),
        ((1, 0), (1, 1)),
    ],
)
def test_an_image_is_scaled_into_a_size_and_keeps_its_proportions(wanted, given):
    image = fit_image(gray(9), *wanted)

    assert image.shape == (given[1], given[0], 3)
    assert (image == 9).all()


def test_pictures_and_videos_are_scaled(tmp_path, video):
    picture = write(tmp_path / 'one.png', gray(7))

    for path in (picture, video):
        assert images_of(open_source(str(path), width=32), 1)[0].shape == (24, 32, 3)


# What cannot be opened


def test_a_source_that_is_not_there_is_named(tmp_path, monkeypatch):
    # A long path would be cut.
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SourceError, match=r'no file or folder .*missing\.mp4.*astronaut'):
        open_source('missing.mp4')


@pytest.mark.parametrize(
    'source',
    [
        'x' * 100_000,
        '/dev/' + 'x' * 100_000,
        '9' * 5000,
        '9' * 100_000,
        'with\0zero',
        '/dev/with\0zero',
        'forged\n[FATAL] [emotion]: line\x1b[2J',
        '~no_such_user/video.mp4',
        '\ud800.png',
        '/dev/\ud800',
    ],
    # The name of a test is a variable of the environment, whose length is limited.
    ids=lambda source: ascii(source)[:30],
)
def test_an_odd_source_is_refused_in_one_short_line(source):
    with pytest.raises(SourceError) as refused:
        open_source(source)

    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize('name', [b'\xff.png', b'\xff', b'\xff.mp4', b'a\n\x1b[2Jb.png'])
@pytest.mark.parametrize('in_folder', [True, False])
def test_a_file_with_an_odd_name_is_shown_in_one_line(tmp_path, told, name, in_folder):
    path = tmp_path / os.fsdecode(name)
    path.write_bytes(b'no image')

    with pytest.raises(SourceError) as refused:
        open_source(str(tmp_path if in_folder else path), tell=told.append)

    for sentence in (str(refused.value), *told):
        assert sentence.isprintable()


def test_an_empty_source_is_not_the_folder_one_is_in():
    with pytest.raises(SourceError, match='no file or folder'):
        open_source('')


@pytest.mark.parametrize('name', ['notes.txt', 'empty.mp4', 'picture.png', 'without_suffix'])
@pytest.mark.parametrize('content', [b'', b'no images in here'])
def test_a_file_without_images_is_refused(tmp_path, told, name, content):
    (tmp_path / name).write_bytes(content)

    with pytest.raises(SourceError, match=name):
        open_source(str(tmp_path / name), tell=told.append)

    assert told == []


def test_a_broken_video_is_refused_without_noise(tmp_path):
    (tmp_path / 'broken.mp4').write_bytes(b'\0\0\0\x20ftypisom' + bytes(100))
    program = (
        'import sys; from fer_ros.sources.opening import open_source, SourceError\n'
        'try: open_source(sys.argv[1])\n'
        'except SourceError as error: print(error)'
    )

    # In a process of its own: OpenCV asks only once how much it may say.
    done = subprocess.run(
        [sys.executable, '-c', program, str(tmp_path / 'broken.mp4')],
        cwd=Path(__file__).resolve().parents[2],
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert 'neither a video nor a picture' in done.stdout
    assert done.stderr == ''


def test_a_folder_without_pictures_is_refused(tmp_path):
    (tmp_path / 'notes.txt').write_text('nothing')

    with pytest.raises(SourceError, match='holds no pictures'):
        open_source(str(tmp_path))


def test_a_folder_of_broken_pictures_is_refused(tmp_path, told):
    for name in ('1.png', '2.jpg'):
        (tmp_path / name).write_bytes(b'broken')

    with pytest.raises(SourceError, match='none of the 2 pictures'):
        open_source(str(tmp_path), tell=told.append)

    assert len(told) == 2


@pytest.mark.parametrize('device', ['987', '/dev/video987'])
def test_a_camera_that_is_not_there_is_named(device, capfd):
    with pytest.raises(SourceError, match='there is no camera /dev/video987'):
        open_source(device)

    assert capfd.readouterr() == ('', '')


# Webcams, of which the tests have none


class Device:
    """Stands in for a camera: gives images of rising gray level, and can be unplugged."""

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
    monkeypatch.setattr(
        opening, 'open_device', lambda name: device if device.plugged else None
    )
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
    # It gives 64x48 all the same.
    assert images_of(source, 1)[0].shape == (24, 32, 3)


def test_a_webcam_gives_no_more_images_than_asked(device, monkeypatch):
    clock = iter(index / 30 for index in range(1000))
    monkeypatch.setattr(opening.time, 'monotonic', lambda: next(clock))
    source = open_source('0', rate=10)

    levels = levels_of(images_of(source, 5))

    assert np.diff(levels).tolist() == [3, 3, 3, 3]


def test_a_webcam_a_little_faster_than_asked_loses_no_image(device, monkeypatch):
    clock = iter(index / 30.3 for index in range(1000))
    monkeypatch.setattr(opening.time, 'monotonic', lambda: next(clock))
    source = open_source('0', rate=30)

    levels = levels_of(images_of(source, 20))

    assert np.diff(levels).tolist() == [1] * 19


def test_a_webcam_that_goes_is_told_of_once_and_comes_back(device, told):
    images = iter(open_source('0', tell=told.append))
    assert next(images)[0] is not None

    device.plugged = False
    for _ in range(3):
        assert next(images) == (None, opening.RETRY_PERIOD)
    assert len(told) == 1
    assert 'no more images' in told[0]

    device.plugged = True
    assert next(images)[0] is not None
    assert told[1:] == ['the camera /dev/video0 is back']


def test_a_camera_that_gives_no_image_is_refused(monkeypatch, device):
    device.plugged = False

    with pytest.raises(SourceError, match='gives no images'):
        open_source('0')


# The built-in view


def test_the_view_is_the_same_in_every_run():
    once = images_of(AstronautView(PHOTO, 0, (160, 120)), 5)
    again = images_of(AstronautView(PHOTO, 15, (160, 120)), 5)

    assert all((one == other).all() for one, other in zip(once, again, strict=True))
    assert not (once[0] == once[4]).all()


@pytest.mark.parametrize('size', [(640, 480), (1280, 720), (480, 640), (100, 100), (2000, 100)])
def test_the_head_never_leaves_the_view(size):
    left, top, right, bottom = np.array(
        [view_box(index, size, (512, 512)) for index in range(30030)]
    ).T

    assert (left <= HEAD[0]).all()
    assert (top <= HEAD[1]).all()
    assert (right >= HEAD[2]).all()
    assert (bottom >= HEAD[3]).all()
    np.testing.assert_allclose((right - left) / (bottom - top), size[0] / size[1])


@pytest.mark.parametrize('size', [(640, 480), (1280, 720), (480, 640), (100, 100)])
def test_the_view_stays_on_the_photograph(size):
    boxes = np.array([view_box(index, size, (512, 512)) for index in range(30030)])

    assert boxes.min() >= -1e-9
    assert boxes.max() <= 512 + 1e-9


def test_the_view_moves_smoothly():
    boxes = np.array([view_box(index, VIEW_SIZE, (512, 512)) for index in range(30030)])

    steps = np.abs(np.diff(boxes, axis=0))
    assert steps.max() < 4.0  # pixels
    assert np.ptp(boxes, axis=0).min() > 2.0


def test_the_view_shows_what_its_box_says():
    photo = np.zeros((512, 512, 3), np.uint8)
    index, size = 40, (640, 480)
    left, top, right, bottom = (round(edge) for edge in view_box(index, size, (512, 512)))
    middle = (top + bottom) // 2, (left + right) // 2
    photo[top:middle[0], left:middle[1]] = 255

    image = AstronautView(photo, 0, size).image(index)

    assert image[3:235, 3:315].min() == 255
    assert image[245:].max() == 0
    assert image[:, 325:].max() == 0


@pytest.mark.parametrize(
    ('asked', 'given'),
    [((0, 0), (640, 480)), ((320, 0), (320, 240)), ((0, 240), (320, 240)), ((90, 70), (90, 70))],
)
def test_the_view_has_the_size_that_is_asked_for(asked, given):
    pytest.importorskip('skimage')

    source = open_source('astronaut', width=asked[0], height=asked[1])
    image, period = next(iter(source))

    assert image.shape == (given[1], given[0], 3)
    assert period == 1 / 30
    assert source.endless


def test_without_scikit_image_the_view_says_what_to_install(monkeypatch):
    monkeypatch.setattr(opening.importlib.util, 'find_spec', lambda name: None)

    with pytest.raises(SourceError, match='pip install scikit-image'):
        open_source('astronaut')
